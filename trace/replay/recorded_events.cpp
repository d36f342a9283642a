#include "trace/replay/recorded_events.h"

#include <algorithm>
#include <utility>

#include "trace/file/event_block_encode.h"
#include "trace/file/keyframe.h"
#include "trace/replay/reducer.h"

namespace palloscope::trace {
namespace {

constexpr EventNumber kEventsPerKeyframe = 64 * 1024;  // replayed within a millisecond or two

}  // namespace

void RecordedEvents::emit(const core::EventBody& event) {
  open_.push_back(event);
  std::visit(
      [&](const auto& e) {
        summary_.before(end_, e);
        encoder_.add(e);
        end_.apply_typed(e);
        summary_.after(end_, e);
      },
      event);
  open_points_.push_back(heap_point(end_.totals()));
  if (encoder_.full()) close_block();
}

RecordedEvents::Packed RecordedEvents::pack(ByteSpan raw) {
  const Compressed compressed = compress(raw, Compression::Lz4, room_);
  return {compressed.how, raw.size(), Bytes(compressed.bytes.begin(), compressed.bytes.end())};
}

void RecordedEvents::close_block() {
  const EventNumber first = first_event(blocks_.size());
  blocks_.push_back({first, encoder_.count(), summary_.summary(), pack(encoder_.finish())});
  packed_bytes_ += sizeof(Block) + blocks_.back().packed.bytes.capacity();
  open_.clear();
  if (on_closed) on_closed(blocks_.size() - 1, std::move(open_points_));
  open_points_ = {};
  summary_.clear();
  // Restoring a keyframe costs as the heap is large, so large heaps have fewer.
  const EventNumber last = keyframes_.empty() ? 0 : keyframes_.back().at;
  const std::uint64_t chunks = end_.totals().live_chunk_count + end_.totals().free_chunk_count;
  if (size() - last < std::max(kEventsPerKeyframe, 4 * chunks)) return;
  keyframes_.push_back({size(), pack(encode_keyframe(end_))});
  packed_bytes_ += sizeof(Keyframe) + keyframes_.back().packed.bytes.capacity();
}

std::size_t RecordedEvents::block_of(EventNumber event) const {
  auto after = std::upper_bound(blocks_.begin(), blocks_.end(), event,
                                [](EventNumber n, const Block& block) { return n < block.first; });
  if (event >= first_event(blocks_.size())) return blocks_.size();
  return static_cast<std::size_t>(after - blocks_.begin()) - 1;
}

core::Status RecordedEvents::begin(std::size_t block, BlockEvents& events) const {
  if (block >= blocks_.size()) {
    events.read_open(open_);
    return core::Done{};
  }
  const Block& wanted = blocks_[block];
  EventBlockDecoder& decoder = events.decoder();
  auto room = decoder.room(wanted.packed.raw_bytes);
  core::check(decompress(wanted.packed.how, wanted.packed.bytes, room), "a block packed in memory unpacks again");
  return decoder.begin_in_place(room, wanted.first);
}

EventNumber RecordedEvents::keyframe_before(EventNumber event) const {
  auto after = std::upper_bound(keyframes_.begin(), keyframes_.end(), event,
                                [](EventNumber n, const Keyframe& keyframe) { return n < keyframe.at; });
  return after == keyframes_.begin() ? 0 : std::prev(after)->at;
}

core::Result<MemoryState> RecordedEvents::restore(EventNumber keyframe, MemoryState room) const {
  auto found = std::lower_bound(keyframes_.begin(), keyframes_.end(), keyframe,
                                [](const Keyframe& a, EventNumber n) { return a.at < n; });
  core::check(found != keyframes_.end() && found->at == keyframe, "only a keyframe that exists is restored");
  Bytes raw(found->packed.raw_bytes + kReadSlack);
  auto payload = std::span(raw).first(found->packed.raw_bytes);
  core::check(decompress(found->packed.how, found->packed.bytes, payload), "a keyframe packed in memory unpacks again");
  return decode_keyframe(payload, keyframe, ~std::uint64_t{0}, std::move(room));
}

std::size_t RecordedEvents::memory_bytes() const {
  return packed_bytes_ + open_.capacity() * sizeof(open_[0]) + open_points_.capacity() * sizeof(CurvePoint);
}

}  // namespace palloscope::trace
