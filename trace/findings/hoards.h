// Free chunks that are kept for long and not used again, and blocks that one small chunk keeps. Both are watched event
// by event, and told if they last: kLongShare of the trace's events.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trace/findings/context_paths.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// An AllocSet or Slab whose free chunks took a quarter of it or more, and twice what was in use, for long.
struct Hoard {
  PathNumber path = kNoPath;
  ContextKey context;
  EventNumber from = 0, until = 0;
  std::uint64_t bytes = 0;        // the least that was free in all that time
  std::uint64_t total_bytes = 0;  // of the context, at the end of that time
  std::uint64_t used_bytes = 0;   // requested by live chunks then
  int size_class = 0;             // AllocSet: the freelist that holds most then; Slab: -1
  std::uint64_t class_chunk_bytes = 0, class_bytes = 0, class_chunks = 0;  // of that list: of one chunk, of all
  friend bool operator==(const Hoard&, const Hoard&) = default;
};

// Blocks of a Generation or Slab that would have gone back to malloc but for one chunk, by path.
struct PinnedBlocks {
  PathNumber path = kNoPath;
  ContextKey context;
  std::uint64_t blocks = 0, bytes = 0;  // of blocks
  std::uint64_t kept_by_bytes = 0;      // requested by the chunks that keep them
  EventNumber from = 0;                 // when the first of them was down to one chunk
  EventNumber until = 0;                // when the last of them was given back; 0: never
  EventNumber chunk_born = 0;           // of the chunk that keeps the first
  friend bool operator==(const PinnedBlocks&, const PinnedBlocks&) = default;
};

class HoardWatch {
 public:
  static constexpr std::uint64_t kLeastFreeBytes = 32 * 1024;
  static constexpr std::uint64_t kLeastBlockBytes = 4 * 1024;
  static constexpr std::uint64_t kKeeperShare = 16;  // a chunk keeps a block if it takes less than 1/16 of it
  static constexpr std::uint64_t kLeastChunks = 4;   // and there were as many
  static constexpr double kLongShare = 0.1;
  static constexpr EventNumber kLeastLong = 200;

  explicit HoardWatch(EventNumber events)
      : long_(std::max(kLeastLong, static_cast<EventNumber>(static_cast<double>(events) * kLongShare))) {}

  template <class E>
  void before(EventNumber n, const E& e, const MemoryState& state, ContextPaths& paths);
  void finish(EventNumber n, const MemoryState& state, ContextPaths& paths);

  const std::vector<Hoard>& hoards() const { return hoards_; }  // the worst of each path
  const std::vector<PinnedBlocks>& pinned() const { return pinned_; }

 private:
  struct Episode {
    EventNumber born = 0;  // of the context; 0: none
    EventNumber from = 0;
    std::uint64_t least = 0;
  };
  struct Pin {
    EventNumber since = 0, chunk_born = 0;
    std::uint64_t chunk_bytes = 0;
  };
  static bool hoards(const ContextRecord& context) {
    const std::uint64_t free = context.free_chunk_bytes;
    return free >= kLeastFreeBytes && free >= 2 * context.requested_bytes && free >= context.mem_allocated_bytes / 4;
  }
  void watch(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths);
  void end_episode(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths);
  void freed(EventNumber n, ChunkSlot slot, const MemoryState& state);
  void unpin(EventNumber n, BlockSlot slot, const MemoryState& state, ContextPaths& paths, bool gone);
  void context_ends(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths);

  EventNumber long_;
  std::vector<Episode> episodes_;                // by context slot
  std::unordered_map<std::uint32_t, Pin> pins_;  // by block slot
  std::vector<Hoard> hoards_;
  std::vector<PinnedBlocks> pinned_;
};

// A hoard is looked at by the state before the next event about the same context: what the last one left.
template <class E>
void HoardWatch::before(EventNumber n, const E& e, const MemoryState& state, ContextPaths& paths) {
  if constexpr (std::is_same_v<E, core::ChunkFreed>) {
    if (const ChunkRecord* chunk = state.chunk(e.chunk)) {
      if (e.fate == core::ChunkFate::WithBlock) return;
      watch(n, state.context_of(*chunk), state, paths);
      freed(n, e.chunk, state);
    }
  } else if constexpr (std::is_same_v<E, core::ChunkAllocated>) {
    const BlockRecord* block = state.block(e.block);
    if (block == nullptr || !block->context) return;
    if (e.origin == core::ChunkOrigin::Freelist) watch(n, block->context, state, paths);
    if (!pins_.empty()) unpin(n, e.block, state, paths, false);
  } else if constexpr (std::is_same_v<E, core::ContextReset> || std::is_same_v<E, core::ContextDeleted>) {
    context_ends(n, e.context, state, paths);
  } else if constexpr (std::is_same_v<E, core::BlockRemoved> || std::is_same_v<E, core::BlockEmptied>) {
    if (!pins_.empty()) unpin(n, e.block, state, paths, true);
  }
}

}  // namespace palloscope::trace
