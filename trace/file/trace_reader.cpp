#include "trace/file/trace_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "trace/file/keyframe.h"
#include "trace/file/mapped_file.h"

namespace palloscope::trace {

using namespace core;

namespace {
// A keyframe may say that tables were once much larger than what they hold now. This much is believed.
constexpr std::uint64_t kKeyframeBytes = 1 << 30, kKeyframeBytesPerByte = 4096;
}  // namespace

struct TraceReader::Impl {
  std::string name;
  MappedFile mapped;
  Bytes owned;
  ByteSpan file;
  std::uint16_t minor = 0;
  StreamDescription description;
  TraceIndex index;
  std::string problem;
  bool had_index = false;

  Status read();
  std::string why_not_whole(const Hop& hop, bool has_foot) const;
  // The frame that the index promises there.
  Result<Frame> frame(std::uint64_t offset, FrameType type, EventNumber event, std::uint32_t count) const;
};

Status TraceReader::Impl::read() {
  auto head = read_file_head(file, name);
  if (!head) return head.error();
  minor = *head;
  auto described = read_description(file, name);
  if (!described) return described.error();
  description = std::move(*described);

  had_index = read_index(file, index);
  if (had_index) return Done{};
  auto hop = hop_frames(file);
  index = std::move(hop.index);
  if (!hop.closed) problem = why_not_whole(hop, read_file_foot(file).has_value());
  return Done{};
}

std::string TraceReader::Impl::why_not_whole(const Hop& hop, bool has_foot) const {
  auto whole = index.size() == 0 ? std::string("it holds no whole event")
                                 : fmt::format("events up to {} are whole", index.size());
  auto rest = file.size() - hop.end;
  if (has_foot)
    return fmt::format("{}: damaged at byte {}: {}, the {} bytes from there on cannot be read", name, hop.end, whole,
                       rest);
  if (rest == 0) return fmt::format("{}: the recording was not closed: {}, later ones were not written", name, whole);
  return fmt::format("{}: the recording was cut off: {}, the last {} bytes (from byte {}) are of an unfinished block",
                     name, whole, rest, hop.end);
}

Result<Frame> TraceReader::Impl::frame(std::uint64_t offset, FrameType type, EventNumber event,
                                       std::uint32_t count) const {
  auto frame = frame_at(file, offset);
  if (!frame || !frame->head.is(type) || frame->head.first_event != event || frame->head.event_count != count ||
      frame->head.raw_bytes > most_raw_bytes(frame->head.stored_bytes) || frame->head.raw_bytes < count)
    return Error{ErrorCode::BadFormat, fmt::format("{}: the block at byte {} ({} {}) is damaged", name, offset,
                                                   type == FrameType::Events ? "from event" : "keyframe at", event)};
  return *frame;
}

Result<TraceReader> TraceReader::open(const std::filesystem::path& file) {
  auto mapped = MappedFile::open(file);
  if (!mapped) return mapped.error();
  auto impl = std::make_unique<Impl>();
  impl->name = file.string();
  impl->mapped = std::move(*mapped);
  impl->file = impl->mapped.bytes();
  if (auto status = impl->read(); !status) return status.error();
  return TraceReader(std::move(impl));
}

Result<TraceReader> TraceReader::from_bytes(Bytes bytes, std::string name) {
  auto impl = std::make_unique<Impl>();
  impl->name = std::move(name);
  impl->owned = std::move(bytes);
  impl->file = impl->owned;
  if (auto status = impl->read(); !status) return status.error();
  return TraceReader(std::move(impl));
}

TraceReader::TraceReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TraceReader::TraceReader(TraceReader&&) noexcept = default;
TraceReader& TraceReader::operator=(TraceReader&&) noexcept = default;
TraceReader::~TraceReader() = default;

const StreamDescription& TraceReader::description() const { return impl_->description; }
EventNumber TraceReader::size() const { return impl_->index.size(); }
const std::string& TraceReader::problem() const { return impl_->problem; }
bool TraceReader::had_index() const { return impl_->had_index; }
std::uint64_t TraceReader::file_bytes() const { return impl_->file.size(); }
std::span<const EventBlock> TraceReader::blocks() const { return impl_->index.blocks; }
std::span<const Keyframe> TraceReader::keyframes() const { return impl_->index.keyframes; }

std::size_t TraceReader::block_of(EventNumber event) const {
  const auto& blocks = impl_->index.blocks;
  check(event >= 1 && event <= size(), "only an event of the trace has a block");
  auto after = std::upper_bound(blocks.begin(), blocks.end(), event,
                                [](EventNumber n, const EventBlock& block) { return n < block.first; });
  return static_cast<std::size_t>(after - blocks.begin()) - 1;
}

std::size_t TraceReader::keyframe_before(EventNumber event) const {
  const auto& keyframes = impl_->index.keyframes;
  auto after = std::upper_bound(keyframes.begin(), keyframes.end(), event,
                                [](EventNumber n, const Keyframe& keyframe) { return n < keyframe.at; });
  return after == keyframes.begin() ? keyframes.size() : static_cast<std::size_t>(after - keyframes.begin()) - 1;
}

Status TraceReader::begin(std::size_t block, EventBlockDecoder& decoder) const {
  const EventBlock& wanted = impl_->index.blocks.at(block);
  auto frame = impl_->frame(wanted.offset, FrameType::Events, wanted.first, wanted.count);
  if (!frame) return frame.error();
  auto damaged = [&] {
    return Error{ErrorCode::BadFormat, fmt::format("{}: events {} to {} (from byte {}) are damaged", impl_->name,
                                                   wanted.first, wanted.last(), wanted.offset)};
  };
  auto room = decoder.room(frame->head.raw_bytes);
  if (!unpack(*frame, room)) return damaged();
  if (auto status = decoder.begin_in_place(room, wanted.first, impl_->minor); !status) return status;
  if (decoder.left() != wanted.count) return damaged();
  return Done{};
}

Result<MemoryState> TraceReader::restore(std::size_t keyframe, MemoryState room) const {
  const Keyframe& wanted = impl_->index.keyframes.at(keyframe);
  auto frame = impl_->frame(wanted.offset, FrameType::Keyframe, wanted.at, 0);
  if (!frame) return frame.error();
  // Not cleared first: all of it is written, and what lies behind is never used.
  const auto raw = std::make_unique_for_overwrite<std::uint8_t[]>(frame->head.raw_bytes + kReadSlack);
  const std::span payload(raw.get(), frame->head.raw_bytes);
  if (!unpack(*frame, payload))
    return Error{ErrorCode::BadFormat, fmt::format("{}: the keyframe at event {} (from byte {}) is damaged",
                                                   impl_->name, wanted.at, wanted.offset)};
  return decode_keyframe(payload, wanted.at, kKeyframeBytes + kKeyframeBytesPerByte * impl_->file.size(),
                         std::move(room));
}

}  // namespace palloscope::trace
