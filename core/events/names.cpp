#include "core/events/names.h"

#include "core/base/check.h"

namespace palloscope::core {
namespace {

template <class S>
S find(const std::unordered_map<Address, S>& map, Address at) {
  auto found = map.find(at);
  return found == map.end() ? S{} : found->second;
}

template <class S>
S take(std::vector<S>& free, std::uint32_t& next) {
  if (free.empty()) return S{next++};
  S slot = free.back();
  free.pop_back();
  return slot;
}

}  // namespace

ContextSlot Names::add_context(Address at) {
  auto slot = take(free_contexts_, next_context_);
  check(contexts_.emplace(at, slot).second, "no two contexts live at one address");
  return slot;
}

BlockSlot Names::add_block(Address at) {
  auto next = static_cast<std::uint32_t>(block_table_.size());
  auto slot = take(free_blocks_, next);
  if (slot.value == block_table_.size()) block_table_.emplace_back();
  block_table_[slot.value] = {at, {}};
  check(blocks_.emplace(at, slot).second, "no two regions live at one address");
  return slot;
}

ChunkSlot Names::add_chunk(Address at, BlockSlot block) { return add_chunk_that_may_share(at, block); }

ChunkSlot Names::add_chunk_that_may_share(Address at, BlockSlot block) {
  auto slot = take(free_chunks_, next_chunk_);
  chunks_.set(at, slot);
  block_table_[block.value].chunks.push_back({at, slot});
  return slot;
}

ContextSlot Names::context(Address at) const { return find(contexts_, at); }
BlockSlot Names::block(Address at) const { return find(blocks_, at); }
ChunkSlot Names::chunk(Address at) const { return chunks_.find(at); }

void Names::drop_context(Address at) {
  auto found = contexts_.find(at);
  check(found != contexts_.end(), "only a named context is dropped");
  free_contexts_.push_back(found->second);
  contexts_.erase(found);
}

void Names::drop_block(BlockSlot block) {
  check(block_table_[block.value].chunks.empty(), "a region's chunks are dropped before it");
  blocks_.erase(block_table_[block.value].at);
  free_blocks_.push_back(block);
}

void Names::drop_chunks_of(BlockSlot block) {
  for (const Chunk& chunk : block_table_[block.value].chunks) {
    free_chunks_.push_back(chunk.slot);
    if (chunks_.find(chunk.at) == chunk.slot) chunks_.erase(chunk.at);
  }
  block_table_[block.value].chunks.clear();
}

void Names::move_block(BlockSlot block, Address to, Address chunk_to) {
  Block& moved = block_table_[block.value];
  blocks_.erase(moved.at);
  blocks_.emplace(to, block);
  moved.at = to;
  for (Chunk& chunk : moved.chunks) {
    chunks_.erase(chunk.at);
    chunks_.set(chunk_to, chunk.slot);
    chunk.at = chunk_to;
  }
}

}  // namespace palloscope::core
