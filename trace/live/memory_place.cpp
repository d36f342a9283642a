#include "trace/live/memory_place.h"

#include <algorithm>

namespace palloscope::trace {
namespace {

constexpr std::uint64_t kLongestHeader = 24;  // before a chunk; with what lies between it and the chunk before

// The chunk that begins last at or before `at`, or the one whose header `at` is in.
const core::WalkedChunk* chunk_at(const core::WalkedBlock& block, core::Address at) {
  const auto behind = std::upper_bound(block.chunks.begin(), block.chunks.end(), at,
                                       [](core::Address a, const core::WalkedChunk& chunk) { return a < chunk.at; });
  if (behind != block.chunks.begin() && at - behind[-1].at < std::max<std::uint64_t>(behind[-1].granted_bytes, 1))
    return &behind[-1];
  if (behind != block.chunks.end() && at >= block.start && behind->at - at <= kLongestHeader) return &*behind;
  return nullptr;
}

bool look_into(const core::WalkedContext& context, core::Address at, MemoryPlace& place) {
  for (const core::WalkedBlock& block : context.blocks) {
    // A context lies right before the block that it was made with.
    const core::Address begin =
        context.at < block.header && block.role == core::BlockRole::Keeper ? context.at : block.header;
    if (at < begin || at >= block.end) continue;
    place.context = &context;
    place.block = &block;
    place.chunk = chunk_at(block, at);
    return true;
  }
  return false;
}

}  // namespace

MemoryPlace place_of(const core::WalkedHeap& heap, core::Address at) {
  MemoryPlace place;
  for (const core::WalkedContext& context : heap.contexts)
    if (look_into(context, at, place)) return place;
  place.is_recycled = true;
  for (const auto& list : heap.recycled)
    for (const core::WalkedContext& context : list)
      if (look_into(context, at, place)) return place;
  return {};
}

}  // namespace palloscope::trace
