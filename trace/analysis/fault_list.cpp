#include "trace/analysis/fault_list.h"

#include <algorithm>

#include "trace/replay/event_store.h"

namespace palloscope::trace {

bool FaultList::follow(const Timeline& timeline, std::size_t most_blocks) {
  const EventStore& store = timeline.events();
  const EventNumber size = timeline.size();
  while (seen_ < size) {
    const std::size_t block = store.block_of(seen_ + 1);
    const EventNumber first = store.first_event(block);
    const EventNumber last = std::min(size, first + store.event_count(block) - 1);
    if (store.summary(block).has_kind(core::FaultFound::kTag)) {
      if (most_blocks-- == 0) return false;
      BlockEvents events;
      EventNumber n = first - 1;
      // A block that cannot be read has nothing to show here; who replays it says so.
      if (store.begin(block, events)) {
        const core::Status ignored =
            events.visit(static_cast<std::uint32_t>(last - first + 1), [&]<class E>(const E& event) {
              ++n;
              if constexpr (std::is_same_v<E, core::FaultFound>) {
                if (n <= seen_) return;
                ++count_;
                if (faults_.size() < kKeptFoundFaults) faults_.push_back({n, event});
              }
            });
        static_cast<void>(ignored);
      }
    }
    seen_ = last;
  }
  return true;
}

std::span<const FoundFault> FaultList::until(EventNumber event) const {
  const auto end = std::partition_point(faults_.begin(), faults_.end(),
                                        [&](const FoundFault& fault) { return fault.event <= event; });
  return {faults_.data(), static_cast<std::size_t>(end - faults_.begin())};
}

bool concerns(const core::FaultFound& fault, Address at, std::uint64_t bytes) {
  if (fault.at.value == 0) return false;
  const std::uint64_t length = std::max<std::uint64_t>(fault.bytes, 1);
  return fault.at >= at ? fault.at - at < bytes : at - fault.at < length;
}

BlockSlot region_at(const MemoryState& state, Address at) {
  for (std::uint32_t i = 0; i < state.blocks().size(); ++i) {
    const BlockRecord& block = state.blocks()[i];
    if (block.born != 0 && at >= block.at && at < block.end()) return {i};
  }
  return {};
}

BlockSlot matters_in(const FoundFault& fault, const MemoryState& state) {
  if (fault.event > state.event_number() || fault.what.at.value == 0) return {};
  const BlockSlot slot = region_at(state, fault.what.at);
  const BlockRecord* region = state.block(slot);
  if (region == nullptr || region->born > fault.event) return {};
  std::uint32_t left = region->chunk_count;
  for (ChunkSlot at = region->first_chunk; left != 0; --left) {
    const ChunkRecord& chunk = state.chunks()[at.value];
    if (concerns(fault.what, chunk.at, std::max<std::uint64_t>(chunk.granted_bytes, 1)) && chunk.born > fault.event &&
        chunk.state == ChunkState::Live)
      return {};
    at = chunk.next_in_block;
  }
  return slot;
}

}  // namespace palloscope::trace
