#include "trace/findings/lifetimes.h"

namespace palloscope::trace {

std::size_t Histogram::first_column() const {
  std::size_t first = 0;
  while (first < columns() && counts[first] == 0) ++first;
  return first;
}

std::size_t Histogram::columns() const {
  std::size_t columns = kColumns;
  while (columns > 0 && counts[columns - 1] == 0) --columns;
  return columns;
}

void LifetimeWatch::end(EventNumber n, EventNumber born) {
  const EventNumber lived = n - born;
  lifetimes_.add(lived);
  ++ended_;
  if (lived <= kNearEvents) ++soon_;
}

void LifetimeWatch::allocated(EventNumber n, const core::ChunkAllocated& e, const MemoryState& state,
                              ContextPaths& paths) {
  const BlockRecord* block = state.block(e.block);
  if (block == nullptr || !block->context) return;
  last_allocation_ = n;
  just_freed_.clear();
  just_ended_.clear();
  sizes_.add(e.requested_bytes);
  PathUse& use = room(paths.of(state, block->context));
  ++use.allocated;
  use.allocated_bytes += e.requested_bytes;
}

void LifetimeWatch::freed(EventNumber n, const core::ChunkFreed& e, const MemoryState& state, ContextPaths& paths) {
  const ChunkRecord* chunk = state.chunk(e.chunk);
  if (chunk == nullptr || chunk->state != ChunkState::Live) return;
  const ContextSlot slot = state.context_of(*chunk);
  if (!slot) return;
  end(n, chunk->born);
  const PathNumber path = paths.of(state, slot);
  const ContextKey context{slot, state.contexts()[slot.value].born};
  PathUse& use = room(path);
  ++use.freed;
  if (e.cause == core::ChunkCause::Repalloc) return;
  if (chunk->born == last_allocation_) {
    if (use.temporary++ == 0) {
      use.first_temporary = chunk->born;
      use.first_temporary_in = context;
    }
    use.temporary_bytes += chunk->requested_bytes;
  }
  const Freed freed{path, context, chunk->born, chunk->requested_bytes};
  for (auto ended = just_ended_.begin(); ended != just_ended_.end(); ++ended)
    if (chunk->born > ended->began && chunk->born < ended->ended) return vote(freed, *ended, paths);
  if (just_freed_.size() < kMostWaiting) just_freed_.push_back(freed);
}

void LifetimeWatch::dropped(EventNumber n, BlockSlot slot, const MemoryState& state, ContextPaths& paths) {
  const BlockRecord* block = state.block(slot);
  if (block == nullptr || !block->context || block->live_chunk_count == 0) return;
  room(paths.of(state, block->context)).dropped += block->live_chunk_count;
  ChunkSlot at = block->first_chunk;
  for (std::uint32_t left = block->chunk_count; left != 0; --left) {
    const ChunkRecord& chunk = state.chunks()[at.value];
    if (chunk.state == ChunkState::Live) end(n, chunk.born);
    at = chunk.next_in_block;
  }
}

void LifetimeWatch::context_ends(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths) {
  const ContextRecord* context = state.context(slot);
  if (context == nullptr) return;
  for (BlockSlot at = context->first_block; at; at = state.blocks()[at.value].next) dropped(n, at, state, paths);
  if (slot.value >= life_began_.size()) life_began_.resize(std::size_t{slot.value} + 1);
  const Ended ended{paths.of(state, slot), std::exchange(life_began_[slot.value], n), n};
  std::erase_if(just_freed_, [&](const Freed& freed) {
    if (freed.born < ended.began || paths.is_within(freed.path, ended.path)) return false;
    vote(freed, ended, paths);
    return true;
  });
  if (just_ended_.size() < kMostWaiting) just_ended_.push_back(ended);
}

void LifetimeWatch::vote(const Freed& chunk, const Ended& ended, const ContextPaths& paths) {
  if (paths.is_within(chunk.path, ended.path)) return;
  const auto key = std::pair(chunk.path, ended.path);
  auto found = pairs_.find(key);
  if (found == pairs_.end()) {
    if (pairs_.size() >= kMostPairs) return;
    found = pairs_
                .emplace(key,
                         WrongLifetime{
                             .path = chunk.path, .cure = ended.path, .first = chunk.born, .context = chunk.context})
                .first;
  }
  WrongLifetime& wrong = found->second;
  ++wrong.chunks;
  wrong.bytes += chunk.bytes;
  if (wrong.last != ended.ended) ++wrong.ends;
  wrong.last = ended.ended;
  if (chunk.born >= wrong.first) return;
  wrong.first = chunk.born;
  wrong.context = chunk.context;
}

std::vector<WrongLifetime> LifetimeWatch::wrong_lifetimes() const {
  std::vector<WrongLifetime> found;
  for (const auto& [key, wrong] : pairs_) {
    const std::uint64_t freed = uses_[wrong.path].freed;
    if (wrong.ends < kLeastEnds || wrong.chunks < kLeastBatch * wrong.ends || wrong.chunks * 10 < freed * 9) continue;
    found.push_back(wrong);
    found.back().freed = freed;
  }
  return found;
}

std::vector<PathNumber> LifetimeWatch::paths_by_allocations() const {
  std::vector<PathNumber> paths;
  for (PathNumber path = 0; path < uses_.size(); ++path)
    if (uses_[path].allocated != 0) paths.push_back(path);
  std::stable_sort(paths.begin(), paths.end(),
                   [&](PathNumber a, PathNumber b) { return uses_[a].allocated > uses_[b].allocated; });
  return paths;
}

}  // namespace palloscope::trace
