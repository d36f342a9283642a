#include "trace/live/snapshot_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/walk/kept_bytes.h"
#include "trace/file/crc32c.h"
#include "trace/file/frame.h"
#include "trace/file/mapped_file.h"
#include "trace/file/private_file.h"
#include "trace/live/anonymize.h"
#include "trace/live/kept_memory.h"
#include "trace/live/snapshot_codec.h"

namespace palloscope::trace {
namespace {

using core::Address;
using core::Error;
using core::ErrorCode;
using core::KeptBytes;

constexpr std::size_t kHeadBytes = 16;
constexpr std::uint64_t kMemoryFrameBytes = std::uint64_t{4} << 20;

// --- writing ----------------------------------------------------------------------------------------------------

Capture without_memory(const Capture& capture) {
  return {capture.build, capture.roots, capture.facts, capture.maps, capture.measure, nullptr, capture.image_bytes};
}

// Walks once more and watches what is looked at.
core::Result<std::vector<KeptBytes::Range>> consumed_ranges(const Capture& capture, const ServerMoment& moment) {
  auto kept = std::make_unique<KeptBytes>(*capture.memory);
  const KeptBytes& watched = *kept;
  Capture again = without_memory(capture);
  again.memory = std::move(kept);
  again.measure = moment.measure;  // malloc's chunks are counted, and need not be in the file
  const auto walked =
      read_moment(again, {moment.pool.has_value(), moment.shmem.has_value(), !moment.statement.empty()});
  if (!walked) return walked.error();
  for (const Address root :
       {capture.roots.interrupt_holdoff_count, capture.roots.crit_section_count, capture.roots.my_proc_pid}) {
    std::array<std::uint8_t, 4> unused{};
    if (root) (void)watched.read(root, unused);
  }
  return watched.ranges();
}

// The blocks with all that is in them, beside the ranges.
void add_blocks(const core::WalkedHeap& heap, std::vector<KeptBytes::Range>& ranges) {
  const auto add = [&](const core::WalkedContext& context) {
    for (const core::WalkedBlock& block : context.blocks)
      if (block.header < block.end) ranges.push_back({block.header, block.end - block.header});
  };
  for (const core::WalkedContext& context : heap.contexts) add(context);
  for (const auto& list : heap.recycled)
    for (const core::WalkedContext& context : list) add(context);
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  std::vector<KeptBytes::Range> joined;
  for (const KeptBytes::Range& range : ranges) {
    if (!joined.empty() && range.at - joined.back().at <= joined.back().bytes) {
      joined.back().bytes = std::max(joined.back().bytes, range.at - joined.back().at + range.bytes);
      continue;
    }
    joined.push_back(range);
  }
  ranges = std::move(joined);
}

class SnapshotWriter {
 public:
  explicit SnapshotWriter(PrivateFile& file) : file_(file) {}

  core::Status head() {
    Bytes bytes(std::begin(kSnapshotMagic), std::end(kSnapshotMagic));
    append_little(bytes, kSnapshotMajor);
    append_little(bytes, kSnapshotMinor);
    append_little(bytes, crc32c(bytes));
    return file_.write(bytes);
  }

  core::Status frame(SnapshotFrame type, ByteSpan raw) {
    if (raw.size() > kMaxRawBytes) return Error{ErrorCode::Unsupported, "more than a snapshot file takes"};
    Bytes bytes;
    FrameHead head;
    head.type = static_cast<std::uint8_t>(type);
    append_frame(bytes, head, {}, raw, Compression::Zstd, room_);
    return file_.write(bytes);
  }

  // Ranges that cannot be read any more are left out.
  core::Status memory(const core::MemorySource& memory, std::span<const KeptBytes::Range> ranges) {
    for (const KeptBytes::Range& range : ranges) {
      for (std::uint64_t done = 0; done < range.bytes;) {
        const std::uint64_t piece = std::min(range.bytes - done, kMemoryFrameBytes - bytes_.size());
        if (!add_piece(memory, range.at + done, piece)) break;
        done += piece;
        if (bytes_.size() < kMemoryFrameBytes) continue;
        if (const core::Status status = flush(); !status) return status;
      }
    }
    return flush();
  }

  // How many bytes there are in how many pieces.
  core::Status end() {
    NumberWriter out;
    out.put(pieces_);
    out.put(all_bytes_);
    return frame(SnapshotFrame::End, out.written());
  }

 private:
  bool add_piece(const core::MemorySource& memory, Address at, std::uint64_t count) {
    const std::size_t before = bytes_.size();
    bytes_.resize(before + count);
    if (!memory.read(at, std::span(bytes_).subspan(before))) {
      bytes_.resize(before);
      return false;
    }
    places_.put(at - behind_);
    places_.put(count);
    behind_ = at + count;
    ++in_frame_;
    return true;
  }

  // How many pieces; each: where it begins behind the one before, its length; then the bytes of all.
  core::Status flush() {
    if (in_frame_ == 0) return core::Done{};
    NumberWriter raw;
    raw.put(in_frame_);
    raw.put_bytes(places_.written().data(), places_.size());
    raw.put_bytes(bytes_.data(), bytes_.size());
    pieces_ += in_frame_;
    all_bytes_ += bytes_.size();
    in_frame_ = 0;
    places_.clear();
    bytes_.clear();
    return frame(SnapshotFrame::Memory, raw.written());
  }

  PrivateFile& file_;
  Bytes room_, bytes_;
  NumberWriter places_;
  Address behind_;
  std::uint64_t in_frame_ = 0, pieces_ = 0, all_bytes_ = 0;
};

core::Status write_all(PrivateFile& file, const Capture& said, const core::MemorySource& memory,
                       std::span<const KeptBytes::Range> ranges) {
  SnapshotWriter out(file);
  if (core::Status status = out.head(); !status) return status;
  if (core::Status status = out.frame(SnapshotFrame::Description, encode_snapshot_description(said)); !status)
    return status;
  if (core::Status status = out.frame(SnapshotFrame::Mappings, encode_mappings(said.maps)); !status) return status;
  if (core::Status status = out.memory(memory, ranges); !status) return status;
  if (core::Status status = out.end(); !status) return status;
  return file.finish();
}

// --- reading ----------------------------------------------------------------------------------------------------

class SnapshotReader {
 public:
  SnapshotReader(ByteSpan file, std::string name) : file_(file), name_(std::move(name)) {}

  core::Result<Capture> read() {
    if (core::Status status = read_head(); !status) return status.error();
    auto memory = std::make_unique<KeptMemory>();
    Capture capture;
    bool described = false;
    for (std::uint64_t at = kHeadBytes;;) {
      const auto frame = frame_at(file_, at);
      if (!frame) return damaged(at);
      Bytes raw;
      if (frame->head.raw_bytes > most_raw_bytes(frame->head.stored_bytes)) return damaged(at);
      raw.resize(frame->head.raw_bytes + kReadSlack);
      const std::span<std::uint8_t> room = std::span(raw).first(frame->head.raw_bytes);
      if (!unpack(*frame, room)) return damaged(at);
      bool good = true;
      switch (static_cast<SnapshotFrame>(frame->head.type)) {
        case SnapshotFrame::Description:
          good = described = decode_snapshot_description(room, capture);
          break;
        case SnapshotFrame::Mappings:
          good = decode_mappings(room, capture.maps);
          break;
        case SnapshotFrame::Memory:
          good = read_memory(room, *memory);
          break;
        case SnapshotFrame::End:
          if (!described || !is_end(room, *memory)) return damaged(at);
          capture.image_bytes = memory->bytes();
          capture.memory = std::move(memory);
          return capture;
        default:  // of a later version
          break;
      }
      if (!good) return damaged(at);
      at += frame->head.frame_bytes();
    }
  }

 private:
  core::Status read_head() const {
    if (file_.size() < kHeadBytes) return damaged(0);
    if (!std::equal(std::begin(kSnapshotMagic), std::end(kSnapshotMagic), file_.begin()))
      return Error{ErrorCode::BadFormat, fmt::format("{}: not a snapshot (its first bytes are others)", name_)};
    if (load_little<std::uint32_t>(&file_[12]) != crc32c(file_.first(12))) return damaged(0);
    const auto major = load_little<std::uint16_t>(&file_[8]);
    if (major == kSnapshotMajor) return core::Done{};
    return Error{ErrorCode::Unsupported,
                 fmt::format("{}: a snapshot in format {}, this version of Palloscope reads format {}: use a {} one",
                             name_, major, kSnapshotMajor, major > kSnapshotMajor ? "newer" : "older")};
  }

  Error damaged(std::uint64_t at) const {
    return {ErrorCode::Truncated,
            fmt::format("{}: the snapshot is cut or damaged from byte {} on (of {}); copy it again", name_, at,
                        file_.size())};
  }

  static bool read_memory(ByteSpan raw, KeptMemory& memory) {
    NumberReader in(raw);
    const std::uint64_t count = in.get();
    if (count > raw.size() / 2) return false;
    std::vector<std::pair<Address, std::uint64_t>> pieces;
    pieces.reserve(count);
    Address behind = memory.pieces().empty() ? Address{} : memory.pieces().back().at + memory.pieces().back().bytes;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t gap = in.get(), bytes = in.get();
      if (in.failed() || gap > ~std::uint64_t{0} - behind.value || bytes == 0 || bytes > raw.size()) return false;
      pieces.emplace_back(behind + gap, bytes);
      if (bytes > ~std::uint64_t{0} - (behind.value + gap)) return false;
      behind = behind + gap + bytes;
    }
    for (const auto& [at, bytes] : pieces) {
      const ByteSpan held = in.get_bytes(bytes);
      if (in.failed() || !memory.add(at, held)) return false;
    }
    return true;
  }

  static bool is_end(ByteSpan raw, const KeptMemory& memory) {
    NumberReader in(raw);
    (void)in.get();
    return in.get() == memory.bytes() && !in.failed();
  }

  ByteSpan file_;
  std::string name_;
};

}  // namespace

bool is_snapshot_file(std::string_view head) {
  return head.size() >= sizeof kSnapshotMagic &&
         std::equal(std::begin(kSnapshotMagic), std::end(kSnapshotMagic), head.begin(),
                    [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
}

core::Result<AnonymizeReport> write_snapshot_file(const Capture& capture, const ServerMoment& moment,
                                                  const std::filesystem::path& path,
                                                  const SnapshotWriteOptions& options) {
  const bool payload = capture.facts.payload;
  if (options.anonymize && payload)
    return Error{ErrorCode::BadArgument,
                 "chunks' contents cannot be made anonymous: leave out either --payload or "
                 "--anonymize"};
  if (!capture.memory) return Error{ErrorCode::BadArgument, "the copy holds no memory"};
  auto ranges = consumed_ranges(capture, moment);
  if (!ranges) return ranges.error();
  if (payload) add_blocks(moment.heap, *ranges);

  Capture said = without_memory(capture);
  said.facts = moment.facts;
  said.measure = moment.measure;
  Anonymized covered(*capture.memory);
  AnonymizeReport report;
  if (options.anonymize) report = covered.replace(moment, said);
  auto file = PrivateFile::create(path);
  if (!file) return file.error();
  if (core::Status status = write_all(*file, said, covered.memory(), *ranges); !status) return status.error();
  return report;
}

core::Result<Capture> open_snapshot_file(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  return SnapshotReader(file->bytes(), path.string()).read();
}

}  // namespace palloscope::trace
