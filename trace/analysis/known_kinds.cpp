// Known fields of Generation, Slab and Bump: contexts, blocks, and the lists between them (spec 4.1, 5.2, 5.3, 6).
#include <algorithm>
#include <map>

#include "trace/analysis/known_collector.h"

namespace palloscope::trace {

using core::VersionProfile;

namespace {}  // namespace

// --- lists of blocks: a ring of dlist nodes, with the head in the context -----------------------------------------

void KnownCollector::add_ring(const ContextRecord& c, std::uint64_t head_offset) {
  const Address head = c.at + head_offset;
  const bool empty = !c.first_block;
  add_links(head, empty ? head.value : header_of(c.last_block), empty ? head.value : header_of(c.first_block));
}

void KnownCollector::add_ring_links(const ContextRecord& owner, const BlockRecord& b, std::uint64_t head_offset) {
  const std::uint64_t head = (owner.at + head_offset).value;
  add_links(b.header, b.prev ? header_of(b.prev) : head, b.next ? header_of(b.next) : head);
}

// --- Generation -----------------------------------------------------------------------------------------------------

void KnownCollector::add_generation(const ContextRecord& c) {
  const core::GenerationLayout& layout = profile_.generation;
  const std::uint64_t keeper = (c.at + layout.context_bytes).value;
  add(layout.init_block_size, "initBlockSize", c.init_block_bytes);
  add(layout.max_block_size, "maxBlockSize", c.max_block_bytes);
  add(layout.next_block_size, "nextBlockSize", c.next_block_bytes);
  add(layout.chunk_limit, "allocChunkLimit", c.chunk_limit_bytes);
  // Which block is the current one depends on what was freed when; with the keeper alone there is no choice, but up to
  // 16 a current block that was freed leaves none.
  const bool alone = c.first_block == c.region && c.last_block == c.region && c.first_block;
  if (alone && (!layout.reuses_empty_keeper || c.is_reset)) add(layout.current_block, "block", keeper);
  if (alone) add(layout.free_block, "freeblock", 0);
  add(layout.keeper, "keeper", keeper);
  add_ring(c, layout.blocks);
}

void KnownCollector::add_generation_block(const ContextRecord& owner, const BlockRecord& b) {
  const core::GenerationLayout& layout = profile_.generation;
  add_ring_links(owner, b, layout.blocks);
  add(layout.block_context, "context", owner.at.value);
  add(layout.block_size, "blksize", b.end() - b.header);
  add(layout.block_chunks, "nchunks", b.chunk_count);
  add(layout.block_free, "nfree", b.free_chunk_count());
  add(layout.block_freeptr, "freeptr", b.free_at.value);
  add(layout.block_endptr, "endptr", b.end().value);
}

// --- Bump -----------------------------------------------------------------------------------------------------------

void KnownCollector::add_bump(const ContextRecord& c) {
  const core::BumpLayout& layout = profile_.bump;
  add(layout.init_block_size, "initBlockSize", c.init_block_bytes);
  add(layout.max_block_size, "maxBlockSize", c.max_block_bytes);
  add(layout.next_block_size, "nextBlockSize", c.next_block_bytes);
  add(layout.chunk_limit, "allocChunkLimit", c.chunk_limit_bytes);
  add_ring(c, layout.blocks);
}

void KnownCollector::add_bump_block(const ContextRecord& owner, const BlockRecord& b) {
  const core::BumpLayout& layout = profile_.bump;
  add_ring_links(owner, b, layout.blocks);
  add(layout.block_context, "context", owner.at.value);
  add(layout.block_freeptr, "freeptr", b.free_at.value);
  add(layout.block_endptr, "endptr", b.end().value);
}

// --- Slab -----------------------------------------------------------------------------------------------------------

void KnownCollector::add_slab(const ContextRecord& c) {
  const core::SlabLayout& layout = profile_.slab;
  const SlabShape shape(c, profile_);
  add(layout.chunk_size, "chunkSize", c.min_context_bytes);
  add(layout.full_chunk_size, "fullChunkSize", shape.full_chunk);
  add(layout.block_size, "blockSize", c.init_block_bytes);
  add(layout.chunks_per_block, "chunksPerBlock", shape.chunks_per_block);
  if (const BlockRecord* region = state_.block(c.region)) add(layout.header_size, "headerSize", region->bytes);
  add(layout.block_count, "nblocks", c.block_count);
  add(layout.list_shift, "blocklist_shift", shape.list_shift);
  if (c.block_count == 0) add(layout.min_free_chunks, "minFreeChunks", 0);
  add_slab_lists(c, shape);
}

void KnownCollector::add_slab_lists(const ContextRecord& c, const SlabShape& shape) {
  const core::SlabLayout& layout = profile_.slab;
  const std::uint64_t lists = layout.list_per_free_count ? shape.chunks_per_block + 1 : 3;
  const std::uint64_t node = layout.node_prev.offset;
  struct Ends {
    std::uint64_t first = 0, last = 0;  // nodes
  };
  std::map<std::uint64_t, Ends> ends;  // of the lists that are not empty
  std::uint32_t empty_blocks = 0;
  for (BlockSlot at = c.first_block; at; at = state_.blocks()[at.value].next) {
    const BlockRecord& block = state_.blocks()[at.value];
    Ends& list = ends[block.list];
    list.last = block.header.value + node;
    if (list.first == 0) list.first = list.last;
    if (!layout.list_per_free_count && block.list == kSlabEmptyList) ++empty_blocks;
  }
  auto add_head = [&](Address head, std::uint64_t list) {
    auto found = ends.find(list);
    if (found == ends.end()) return add_links(head, head.value, head.value);
    add_links(head, found->second.last, found->second.first);
  };
  // Only those that are asked for: a block of a hostile file may claim any number of chunks.
  const Address array = c.at + layout.lists;
  const std::uint64_t begin = from_ > array ? (from_ - array) / 16 : 0;
  const std::uint64_t end = to_ > array ? std::min(lists, (to_ - array + 15) / 16) : 0;
  for (std::uint64_t list = begin; list < end; ++list) add_head(array + 16 * list, list);
  if (layout.list_per_free_count) return;
  add_head(c.at + layout.empty_blocks, kSlabEmptyList);
  add({static_cast<std::uint16_t>(layout.empty_blocks + 16), 4}, "count", empty_blocks);
  // With free chunks in both lists either may be the one that is allocated from.
  const bool first = ends.count(1) != 0, second = ends.count(2) != 0;
  if (!first || !second) add(layout.current_list, "curBlocklistIndex", first ? 1 : second ? 2 : 0);
}

void KnownCollector::add_slab_block(const ContextRecord& owner, BlockSlot slot) {
  const core::SlabLayout& layout = profile_.slab;
  const BlockRecord& b = state_.blocks()[slot.value];
  const SlabShape shape(owner, profile_);
  const std::uint64_t node = layout.node_prev.offset;
  const bool is_empty_list = !layout.list_per_free_count && b.list == kSlabEmptyList;
  const Address head = owner.at + (is_empty_list ? layout.empty_blocks : layout.lists + std::uint64_t{16} * b.list);
  auto neighbour = [&](BlockSlot BlockRecord::*direction) {
    BlockSlot at = b.*direction;
    while (at && state_.blocks()[at.value].list != b.list) at = state_.blocks()[at.value].*direction;
    return at ? header_of(at) + node : head.value;
  };
  add_links(b.header + node, neighbour(&BlockRecord::prev), neighbour(&BlockRecord::next));
  add(layout.block_slab, "slab", owner.at.value);
  const std::uint64_t unused = shape.chunks_per_block - std::min<std::uint64_t>(b.chunk_count, shape.chunks_per_block);
  add(layout.block_free, "nfree", unused + b.free_chunk_count());
  add(layout.block_unused_count, "nunused", unused);
  if (layout.free_link_width == 8) {
    add(layout.block_free_head, "freehead", chunk_header_address(b.first_free, layout.chunk_bytes));
    add(layout.block_unused, "unused", (b.free_start + b.chunk_count * shape.full_chunk).value);
    return;
  }
  auto index_of = [&](ChunkSlot chunk) {
    return (state_.chunks()[chunk.value].at - layout.chunk_bytes - b.free_start) / shape.full_chunk;
  };
  add(layout.block_free_head, "firstFreeChunk", b.first_free ? index_of(b.first_free) : b.chunk_count);
  owner_ = KnownStruct::FreeLink;  // chunks never used are chained too
  const Address first = b.free_start;
  const std::uint64_t begin = from_ > first ? (from_ - first) / shape.full_chunk : 0;
  const std::uint64_t end = to_ > first ? (to_ - first) / shape.full_chunk + 1 : 0;
  for (std::uint64_t i = std::max<std::uint64_t>(begin, b.chunk_count); i < std::min(end, shape.chunks_per_block);
       ++i) {
    base_ = b.free_start + i * shape.full_chunk + layout.chunk_bytes;
    add({0, layout.free_link_width}, "next free", i + 1);
  }
}

}  // namespace palloscope::trace
