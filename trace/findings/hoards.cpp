#include "trace/findings/hoards.h"

#include <algorithm>

namespace palloscope::trace {

void HoardWatch::watch(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths) {
  const ContextRecord* context = state.context(slot);
  if (context == nullptr) return;
  const bool known = slot.value < episodes_.size() && episodes_[slot.value].born == context->born;
  if (!hoards(*context)) {
    if (known) end_episode(n, slot, state, paths);
    return;
  }
  if (known) {
    Episode& episode = episodes_[slot.value];
    episode.least = std::min(episode.least, context->free_chunk_bytes);
    return;
  }
  if (context->kind != core::ContextKind::AllocSet && context->kind != core::ContextKind::Slab) return;
  if (slot.value >= episodes_.size()) episodes_.resize(std::size_t{slot.value} + 1);
  episodes_[slot.value] = {context->born, n, context->free_chunk_bytes};
}

void HoardWatch::end_episode(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths) {
  if (slot.value >= episodes_.size()) return;
  const Episode episode = std::exchange(episodes_[slot.value], {});
  const ContextRecord* context = state.context(slot);
  if (episode.born == 0 || context == nullptr || context->born != episode.born || n < episode.from + long_) return;
  Hoard hoard{.path = paths.of(state, slot),
              .context = {slot, context->born},
              .from = episode.from,
              .until = n - 1,
              .bytes = std::min(episode.least, context->free_chunk_bytes),
              .total_bytes = context->mem_allocated_bytes,
              .used_bytes = context->requested_bytes,
              .size_class = -1};
  for (int list = 0; list < kFreelistCount && context->kind == core::ContextKind::AllocSet; ++list) {
    std::uint64_t bytes = 0, chunks = 0, one = 0;
    for (ChunkSlot at = context->freelist[list]; at; at = state.chunks()[at.value].next_free) {
      one = state.chunks()[at.value].granted_bytes;
      bytes += one;
      ++chunks;
    }
    if (bytes <= hoard.class_bytes) continue;
    hoard.size_class = list;
    hoard.class_chunk_bytes = one;
    hoard.class_bytes = bytes;
    hoard.class_chunks = chunks;
  }
  const auto known = std::find_if(hoards_.begin(), hoards_.end(), [&](const Hoard& h) { return h.path == hoard.path; });
  if (known == hoards_.end())
    hoards_.push_back(hoard);
  else if (known->bytes < hoard.bytes)
    *known = hoard;
}

// The chunk is about to be freed: will its block be left with a single one, a small one?
void HoardWatch::freed(EventNumber n, ChunkSlot slot, const MemoryState& state) {
  const BlockRecord* block = state.block(state.chunks()[slot.value].block);
  if (block == nullptr || block->live_chunk_count > 2 || block->chunk_count < kLeastChunks) return;
  if (block->role != core::BlockRole::Ordinary || block->bytes < kLeastBlockBytes) return;
  const core::ContextKind kind = state.contexts()[block->context.value].kind;
  if (kind != core::ContextKind::Generation && kind != core::ContextKind::Slab) return;
  const std::uint32_t key = state.chunks()[slot.value].block.value;
  pins_.erase(key);  // it was the last, or another one is left
  if (block->live_chunk_count != 2) return;
  ChunkSlot at = block->first_chunk;
  for (std::uint32_t left = block->chunk_count; left != 0; --left) {
    const ChunkRecord& chunk = state.chunks()[at.value];
    if (chunk.state == ChunkState::Live && at != slot) {
      if (chunk.requested_bytes * kKeeperShare < block->bytes) pins_[key] = {n, chunk.born, chunk.requested_bytes};
      return;
    }
    at = chunk.next_in_block;
  }
}

void HoardWatch::unpin(EventNumber n, BlockSlot slot, const MemoryState& state, ContextPaths& paths, bool gone) {
  const auto found = pins_.find(slot.value);
  if (found == pins_.end()) return;
  const Pin pin = found->second;
  pins_.erase(found);
  const BlockRecord* block = state.block(slot);
  if (block == nullptr || !block->context || n < pin.since + long_) return;
  const PathNumber path = paths.of(state, block->context);
  auto known = std::find_if(pinned_.begin(), pinned_.end(), [&](const PinnedBlocks& p) { return p.path == path; });
  if (known == pinned_.end()) {
    const ContextKey owner{block->context, state.contexts()[block->context.value].born};
    known = pinned_.insert(pinned_.end(), {.path = path, .context = owner, .from = ~EventNumber{0}});
  }
  ++known->blocks;
  known->bytes += block->bytes;
  known->kept_by_bytes += pin.chunk_bytes;
  known->until = std::max(known->until, gone ? n : n - 1);
  if (pin.since >= known->from) return;
  known->from = pin.since;
  known->chunk_born = pin.chunk_born;
  known->context = {block->context, state.contexts()[block->context.value].born};
}

void HoardWatch::context_ends(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths) {
  end_episode(n, slot, state, paths);
  const ContextRecord* context = state.context(slot);
  if (context == nullptr || pins_.empty()) return;
  for (BlockSlot at = context->first_block; at; at = state.blocks()[at.value].next) unpin(n, at, state, paths, true);
}

void HoardWatch::finish(EventNumber n, const MemoryState& state, ContextPaths& paths) {
  for (std::uint32_t i = 0; i < state.contexts().size(); ++i) {
    if (state.contexts()[i].born == 0) continue;
    watch(n + 1, {i}, state, paths);
    context_ends(n + 1, {i}, state, paths);
  }
}

}  // namespace palloscope::trace
