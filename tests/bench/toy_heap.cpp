#include "tests/bench/toy_heap.h"

#include <algorithm>
#include <bit>

namespace palloscope::bench {

using namespace core;

namespace {
constexpr std::size_t kMostRecycled = 100;  // as MAX_FREE_CONTEXTS
}

std::uint32_t ToyHeap::take(std::vector<std::uint32_t>& free, std::uint32_t& next) {
  if (free.empty()) return next++;
  const std::uint32_t slot = free.back();
  free.pop_back();
  return slot;
}

std::uint32_t ToyHeap::malloc(std::uint64_t bytes) {
  const std::uint32_t slot = take(free_blocks_, next_block_);
  if (slot >= blocks_.size()) blocks_.resize(slot + 1);
  Block& block = blocks_[slot];
  auto& again = freed_[bytes];
  if (again.empty()) {
    block.at = next_address_;
    next_address_ += (bytes + 31) / 16 * 16;
  } else {
    block.at = again.back();
    again.pop_back();
  }
  block.bytes = bytes;
  block.made.clear();
  emit(Malloc{{slot}, {block.at}, bytes});
  return slot;
}

void ToyHeap::release(std::uint32_t slot) {
  emit(core::Free{{slot}});
  freed_[blocks_[slot].bytes].push_back(blocks_[slot].at);
  free_blocks_.push_back(slot);
}

void ToyHeap::add_block(std::uint32_t context, std::uint32_t slot, BlockRole role, std::uint64_t header) {
  Block& block = blocks_[slot];
  block.free_at = block.at + header;
  block.end = block.at + block.bytes;
  const bool external = role == BlockRole::External;
  emit(BlockAdded{{slot},
                  {context},
                  role,
                  external ? BlockPosition::SecondFromHead : BlockPosition::Head,
                  {role == BlockRole::Keeper ? block.at + 200 : block.at},
                  {block.free_at},
                  block.bytes,
                  0});
  auto& blocks = contexts_[context].blocks;
  blocks.insert(blocks.end() - (external && !blocks.empty() ? 1 : 0), slot);
}

std::uint32_t ToyHeap::create(std::uint32_t parent, std::string_view name, Sizes sizes) {
  const std::uint32_t slot = take(free_contexts_, next_context_);
  if (slot >= contexts_.size()) contexts_.resize(slot + 1);
  Context& context = contexts_[slot];
  auto& recycled = recycled_[static_cast<std::size_t>(sizes.recycle_list)];
  ContextCreated created;
  created.recycled = !recycled.empty();
  if (created.recycled) {
    context.keeper = recycled.back();
    recycled.pop_back();
  } else {
    context.keeper = malloc(sizes.init_bytes);
  }
  context.sizes = sizes;
  context.next_block_bytes = sizes.init_bytes;
  created.context = {slot};
  created.parent = {parent};
  created.region = {context.keeper};
  created.at = {blocks_[context.keeper].at};
  created.init_block_bytes = sizes.init_bytes;
  created.max_block_bytes = sizes.max_bytes;
  created.chunk_limit_bytes = std::min<std::uint64_t>(kChunkLimit, sizes.max_bytes / 8);
  created.recycle_list = sizes.recycle_list;
  created.name = name;
  emit(created);
  add_block(slot, context.keeper, BlockRole::Keeper, kKeeperHeader);
  return slot;
}

// The block that has this much room behind its last chunk; a new one if the head has not.
std::uint32_t ToyHeap::room_for(std::uint32_t context_slot, std::uint64_t granted) {
  Context& context = contexts_[context_slot];
  const Block& head = blocks_[context.blocks.back()];
  if (head.end - head.free_at >= granted + kChunkHeader) return context.blocks.back();
  std::uint64_t bytes = context.next_block_bytes;
  context.next_block_bytes = std::min(bytes * 2, context.sizes.max_bytes);
  emit(NextBlockSizeSet{{context_slot}, context.next_block_bytes});
  bytes = std::max(bytes, std::bit_ceil(granted + kChunkHeader + kBlockHeader));
  const std::uint32_t block = malloc(bytes);
  add_block(context_slot, block, BlockRole::Ordinary, kBlockHeader);
  return block;
}

ToyHeap::Chunk ToyHeap::alloc_external(std::uint32_t context, std::uint64_t bytes) {
  const std::uint64_t granted = (bytes + 7) / 8 * 8;
  const std::uint32_t slot = malloc(granted + kBlockHeader + kChunkHeader);
  add_block(context, slot, BlockRole::External, kBlockHeader);
  Block& block = blocks_[slot];
  const Chunk chunk{block.at + kBlockHeader + kChunkHeader, take(free_chunks_, next_chunk_), slot, context, kExternal};
  block.made.push_back(chunk.slot);
  emit(ChunkAllocated{{chunk.slot}, {slot}, {chunk.at}, bytes, granted, 0, ChunkOrigin::External, ChunkCause::Palloc});
  return chunk;
}

ToyHeap::Chunk ToyHeap::alloc(std::uint32_t context_slot, std::uint64_t bytes) {
  Context& context = contexts_[context_slot];
  if (bytes > std::min<std::uint64_t>(kChunkLimit, context.sizes.max_bytes / 8))
    return alloc_external(context_slot, bytes);
  const auto size_class = static_cast<std::uint8_t>(bytes <= 8 ? 0 : std::bit_width(bytes - 1) - 3);
  const std::uint64_t granted = std::uint64_t{8} << size_class;
  ChunkAllocated e{{}, {}, {}, bytes, granted, size_class, ChunkOrigin::Tail, ChunkCause::Palloc};
  if (auto& freelist = context.freelist[size_class]; !freelist.empty()) {
    const Freed again = freelist.back();
    freelist.pop_back();
    e.chunk = {again.slot};
    e.block = {again.block};
    e.at = {again.at};
    e.origin = ChunkOrigin::Freelist;
  } else {
    const std::uint32_t slot = room_for(context_slot, granted);
    Block& block = blocks_[slot];
    e.chunk = {take(free_chunks_, next_chunk_)};
    e.block = {slot};
    e.at = {block.free_at + kChunkHeader};
    block.free_at += granted + kChunkHeader;
    block.made.push_back(e.chunk.value);
  }
  emit(e);
  return {e.at.value, e.chunk.value, e.block.value, context_slot, size_class};
}

void ToyHeap::free(const Chunk& chunk) {
  if (chunk.size_class == kExternal) {
    emit(ChunkFreed{{chunk.slot}, ChunkFate::WithBlock, ChunkCause::Pfree});
    auto& blocks = contexts_[chunk.context].blocks;
    blocks.erase(std::find(blocks.begin(), blocks.end(), chunk.block));
    free_chunks_.push_back(chunk.slot);
    return release(chunk.block);
  }
  emit(ChunkFreed{{chunk.slot}, ChunkFate::ToFreelist, ChunkCause::Pfree});
  contexts_[chunk.context].freelist[chunk.size_class].push_back({chunk.at, chunk.slot, chunk.block});
}

void ToyHeap::drop_chunks(Context& context) {
  for (auto& list : context.freelist) list.clear();
  for (auto block = context.blocks.rbegin(); block != context.blocks.rend(); ++block) {
    auto& made = blocks_[*block].made;
    free_chunks_.insert(free_chunks_.end(), made.begin(), made.end());
    made.clear();
  }
  context.next_block_bytes = context.sizes.init_bytes;
}

void ToyHeap::release_others(Context& context) {
  for (auto block = context.blocks.rbegin(); block != context.blocks.rend(); ++block)
    if (*block != context.keeper) release(*block);
  context.blocks.clear();
}

void ToyHeap::reset(std::uint32_t slot) {
  Context& context = contexts_[slot];
  emit(ContextReset{{slot}});
  drop_chunks(context);
  release_others(context);
  blocks_[context.keeper].free_at = blocks_[context.keeper].at + kKeeperHeader;
  context.blocks.push_back(context.keeper);
}

void ToyHeap::destroy(std::uint32_t slot) {
  Context& context = contexts_[slot];
  emit(ContextDeleted{{slot}});
  drop_chunks(context);
  release_others(context);
  auto& recycled = recycled_[static_cast<std::size_t>(context.sizes.recycle_list)];
  if (recycled.size() == kMostRecycled) {
    while (!recycled.empty()) {
      release(recycled.back());
      recycled.pop_back();
    }
  }
  emit(ContextRecycled{{context.keeper}, static_cast<std::uint8_t>(context.sizes.recycle_list)});
  recycled.push_back(context.keeper);
  free_contexts_.push_back(slot);
}

}  // namespace palloscope::bench
