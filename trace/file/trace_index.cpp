#include "trace/file/trace_index.h"

#include <fmt/format.h>

#include <algorithm>

#include "trace/file/event_block.h"

namespace palloscope::trace {

using namespace core;

namespace {

constexpr std::size_t kSummaryBytes = 12 * 8;

bool decode_summary(ByteSpan plain, BlockSummary& summary) {
  if (plain.size() < kSummaryBytes) return false;  // a later version may append to it
  const auto* at = plain.data();
  auto take = [&](std::uint64_t& word) {
    word = load_little<std::uint64_t>(at);
    at += 8;
  };
  take(summary.context_bytes_min), take(summary.context_bytes_max), take(summary.malloc_bytes_max);
  take(summary.granted_bytes_max);
  for (auto& word : summary.touched) take(word);
  for (auto& word : summary.kinds) take(word);
  return true;
}

// A copy with the slack that NumberReader wants.
class SlackBytes {
 public:
  explicit SlackBytes(std::size_t size) : bytes_(size + kReadSlack), size_(size) {}
  std::span<std::uint8_t> room() { return {bytes_.data(), size_}; }
  NumberReader reader() const { return NumberReader({bytes_.data(), size_}); }

 private:
  Bytes bytes_;
  std::size_t size_;
};

// Adds a frame of events if it goes on where the index ends.
bool add_block(TraceIndex& index, const EventBlock& block) {
  if (block.count == 0 || block.count > kMaxEvents || block.first != index.size() + 1) return false;
  index.blocks.push_back(block);
  return true;
}
bool add_keyframe(TraceIndex& index, const Keyframe& keyframe) {
  if (keyframe.at != index.size() || keyframe.at == 0) return false;
  index.keyframes.push_back(keyframe);
  return true;
}

constexpr std::uint64_t kIndexedBlock = 1, kIndexedKeyframe = 2;

}  // namespace

Bytes encode_description(const StreamDescription& description) {
  NumberWriter out;
  out.put(static_cast<std::uint64_t>(description.source));
  out.put(static_cast<std::uint64_t>(description.pg_major));
  out.put(description.checking);
  for (const auto* text : {&description.title, &description.origin}) {
    out.put(text->size());
    out.put_bytes(text->data(), text->size());
  }
  return {out.written().begin(), out.written().end()};
}

Result<StreamDescription> read_description(ByteSpan file, const std::string& name) {
  auto frame = frame_at(file, kFileHeadBytes);
  if (!frame || !frame->head.is(FrameType::Description) ||
      frame->head.raw_bytes > most_raw_bytes(frame->head.stored_bytes))
    return Error{
        ErrorCode::BadFormat,
        fmt::format("{}: what it is a trace of (from byte {}) is missing or damaged, nothing of it can be read", name,
                    kFileHeadBytes)};
  SlackBytes raw(frame->head.raw_bytes);
  StreamDescription description;
  bool good = unpack(*frame, raw.room());
  auto in = raw.reader();
  auto source = in.get(), major = in.get(), checking = in.get();
  for (auto* text : {&description.title, &description.origin}) {
    auto bytes = in.get_bytes(in.get());
    text->assign(bytes.begin(), bytes.end());
  }
  good = good && !in.failed() && source <= static_cast<std::uint64_t>(SourceKind::Snapshot) && major < 1000 &&
         checking < 2;
  if (!good)
    return Error{
        ErrorCode::BadFormat,
        fmt::format("{}: its description (from byte {}) is damaged, nothing of it can be read", name, kFileHeadBytes)};
  description.source = static_cast<SourceKind>(source);
  description.pg_major = static_cast<int>(major);
  description.checking = checking != 0;
  return description;
}

Bytes encode_summary(const BlockSummary& summary) {
  Bytes plain;
  for (auto word :
       {summary.context_bytes_min, summary.context_bytes_max, summary.malloc_bytes_max, summary.granted_bytes_max})
    append_little(plain, word);
  for (auto word : summary.touched) append_little(plain, word);
  for (auto word : summary.kinds) append_little(plain, word);
  return plain;
}

// previous, number of entries; for each: what, offset behind the one before; a block: count, summary.
// Blocks and keyframes alternate as in the file.
Bytes encode_index(const TraceIndex& part, std::uint64_t previous) {
  NumberWriter out;
  out.put(previous);
  out.put(part.blocks.size() + part.keyframes.size());
  std::uint64_t last = 0;
  auto keyframe = part.keyframes.begin();
  auto put_keyframes_before = [&](std::uint64_t offset) {
    for (; keyframe != part.keyframes.end() && keyframe->offset < offset; ++keyframe) {
      out.put(kIndexedKeyframe);
      out.put(keyframe->offset - last);
      last = keyframe->offset;
    }
  };
  for (const auto& block : part.blocks) {
    put_keyframes_before(block.offset);
    out.put(kIndexedBlock);
    out.put(block.offset - last);
    last = block.offset;
    out.put(block.count);
    auto summary = encode_summary(block.summary);
    out.put_bytes(summary.data(), summary.size());
  }
  put_keyframes_before(~std::uint64_t{0});
  return {out.written().begin(), out.written().end()};
}

bool read_index(ByteSpan file, TraceIndex& index) {
  auto offset = read_file_foot(file);
  if (!offset) return false;

  // Back from the last index frame to the first, then forward through their entries.
  std::vector<SlackBytes> parts;
  std::vector<std::uint64_t> bounds{*offset};
  while (bounds.back() != 0) {
    auto frame = frame_at(file, bounds.back());
    if (!frame || !frame->head.is(FrameType::Index) || frame->head.raw_bytes > most_raw_bytes(frame->head.stored_bytes))
      return false;
    parts.emplace_back(frame->head.raw_bytes);
    if (!unpack(*frame, parts.back().room())) return false;
    auto in = parts.back().reader();
    auto previous = in.get();
    if (in.failed() || previous >= bounds.back()) return false;
    bounds.push_back(previous);
  }
  for (auto i = parts.size(); i-- > 0;) {
    auto in = parts[i].reader();
    in.get();
    std::uint64_t at = 0;
    for (auto entries = in.get(); entries > 0; --entries) {
      auto what = in.get();
      at += in.get();
      if (in.failed() || at <= bounds[i + 1] || at >= bounds[i]) return false;
      if (what == kIndexedKeyframe) {
        if (!add_keyframe(index, {index.size(), at})) return false;
      } else if (what == kIndexedBlock) {
        EventBlock block{index.size() + 1, static_cast<std::uint32_t>(std::min<std::uint64_t>(in.get(), ~0u)), at, {}};
        if (!decode_summary(in.get_bytes(kSummaryBytes), block.summary) || !add_block(index, block)) return false;
      } else {
        return false;
      }
    }
  }
  return true;
}

Hop hop_frames(ByteSpan file) {
  Hop hop;
  auto& index = hop.index;
  hop.end = kFileHeadBytes;
  for (;;) {
    const auto frame = frame_at(file, hop.end);
    if (!frame || !stored_is_whole(*frame)) break;
    const FrameHead head = frame->head;
    if (head.is(FrameType::Events)) {
      EventBlock block{head.first_event, head.event_count, hop.end, {}};
      if (!decode_summary(frame->plain, block.summary) || !add_block(index, block)) break;
    } else if (head.is(FrameType::Keyframe)) {
      if (!add_keyframe(index, {head.first_event, hop.end})) break;
    } else if (!head.is(FrameType::Description) && !head.is(FrameType::Index)) {
      ++hop.unknown_frames;
    }
    hop.end += head.frame_bytes();
  }
  hop.closed = file.size() - hop.end == kFootBytes && read_file_foot(file).has_value();
  return hop;
}

}  // namespace palloscope::trace
