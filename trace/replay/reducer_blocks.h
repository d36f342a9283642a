// What the events of malloc'ed regions and of blocks do to a MemoryState: a part of reducer.cpp, which alone includes
// it.
#pragma once

#include "trace/replay/reducer.h"

namespace palloscope::trace {

inline bool wraps(Address at, std::uint64_t bytes) { return at.value + bytes < at.value; }

template <class J>
void Reducer<J>::operator()(const core::Malloc& e) {
  begin();
  if (e.block.value > s_.blocks_.size() || live(e.block))
    return fault(e.block, "is already there, or its number is too large");
  if (wraps(e.at, e.bytes)) return fault(e.block, "would reach beyond the end of the address space");
  if (e.block.value == s_.blocks_.size()) {
    s_.blocks_.emplace_back();
  } else {
    save(e.block);
  }
  BlockRecord& block = s_.blocks_[e.block.value];
  block = {};
  block.born = s_.heads_.event_number;
  block.at = e.at;
  block.bytes = e.bytes;
  HeapTotals& totals = s_.heads_.totals;
  totals.malloc_bytes += e.bytes;
  ++totals.region_count;
  ++totals.malloc_calls;
}

template <class J>
void Reducer<J>::operator()(const core::MallocFailed&) {
  begin();
}

template <class J>
void Reducer<J>::operator()(const core::Realloc& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block) return fault(e.block, "is not there, and cannot be realloc'ed");
  if (wraps(e.at, e.bytes)) return fault(e.block, "would reach beyond the end of the address space");
  if (block->role != core::BlockRole::Plain && block->role != core::BlockRole::External)
    return fault(e.block, "is neither plain memory nor a dedicated block, and cannot be realloc'ed");
  if (block->role == core::BlockRole::External) {
    if (block->free_start - block->at > e.bytes) return fault(e.block, "would become smaller than its own header");
    ChunkRecord* chunk = present(block->first_chunk);
    if (chunk && chunk->at - block->at > e.bytes) return fault(e.block, "would no longer reach to its chunk");
    ContextRecord& owner = s_.contexts_[block->context.value];
    save(block->context);
    if (chunk) {
      save(block->first_chunk);
      chunk->at = e.at + (chunk->at - block->at);
      const std::uint64_t granted = e.at + e.bytes - chunk->at;
      const std::uint64_t growth = granted - chunk->granted_bytes;  // modulo 2^64, as are all sums
      if (chunk->state == ChunkState::Live) {
        owner.granted_bytes += growth;
        s_.heads_.totals.granted_bytes += growth;
      } else {
        owner.free_chunk_bytes += growth;
      }
      chunk->granted_bytes = granted;
    }
    save(e.block);
    block->header = e.at + (block->header - block->at);
    block->free_start = e.at + (block->free_start - block->at);
    block->free_at = e.at + e.bytes;
    const std::uint64_t growth = e.bytes - block->bytes;
    block->accounted_bytes += growth;
    set_accounted(owner, owner.mem_allocated_bytes + growth);
  } else {
    save(e.block);
  }
  s_.heads_.totals.malloc_bytes += e.bytes - block->bytes;
  block->at = e.at;
  block->bytes = e.bytes;
}

template <class J>
void Reducer<J>::operator()(const core::ReallocFailed& e) {
  begin();
  if (!live(e.block)) fault(e.block, "is not there, and cannot be realloc'ed");
}

template <class J>
void Reducer<J>::operator()(const core::Free& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block) return fault(e.block, "is not there, and cannot be freed");
  if (block->context) return fault(e.block, "still belongs to a context, and cannot be freed");
  save(e.block);
  if (block->role == core::BlockRole::Recycled) unlink_recycled(*block);
  block->born = 0;
  HeapTotals& totals = s_.heads_.totals;
  totals.malloc_bytes -= block->bytes;
  --totals.region_count;
  ++totals.free_calls;
}

template <class J>
void Reducer<J>::link_block(ContextRecord& owner, BlockSlot slot, core::BlockPosition position) {
  BlockRecord& block = s_.blocks_[slot.value];
  if (!owner.first_block) {
    block.prev = block.next = {};
  } else if (position == core::BlockPosition::Tail) {
    block.prev = owner.last_block;
    block.next = {};
  } else if (position == core::BlockPosition::SecondFromHead) {
    block.prev = owner.first_block;
    block.next = s_.blocks_[owner.first_block.value].next;
  } else {
    block.prev = {};
    block.next = owner.first_block;
  }
  if (block.prev) {
    save(block.prev);
    s_.blocks_[block.prev.value].next = slot;
  } else {
    owner.first_block = slot;
  }
  if (block.next) {
    save(block.next);
    s_.blocks_[block.next.value].prev = slot;
  } else {
    owner.last_block = slot;
  }
}

template <class J>
void Reducer<J>::unlink_block(ContextRecord& owner, BlockRecord& block) {
  if (block.prev) {
    save(block.prev);
    s_.blocks_[block.prev.value].next = block.next;
  } else {
    owner.first_block = block.next;
  }
  if (block.next) {
    save(block.next);
    s_.blocks_[block.next.value].prev = block.prev;
  } else {
    owner.last_block = block.prev;
  }
  block.prev = block.next = {};
}

template <class J>
void Reducer<J>::operator()(const core::BlockAdded& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block) return fault(e.block, "is not there, and cannot become a block of a context");
  ContextRecord* owner = live(e.context);
  if (!owner) return fault(e.context, "is not there, and cannot get a block");
  const bool own_header = block->role == core::BlockRole::Header && block->context == e.context;
  if (block->role != core::BlockRole::Plain && !own_header)
    return fault(e.block, "is not free, and cannot become a block of a context");
  if (e.role == core::BlockRole::Plain || e.role == core::BlockRole::Recycled)
    return fault(e.block, "becomes a block of a context in a role that no block of a context has");
  if (e.role == core::BlockRole::Header && e.block != owner->region)
    return fault(e.block, "does not hold the header of this context");
  if (own_header && e.role != core::BlockRole::Header && e.role != core::BlockRole::Keeper)
    return fault(e.block, "holds the header of its context, and can only be its keeper");
  if (e.header < block->at || e.free_start < e.header || e.free_start > block->end())
    return fault(e.block, "has its header or its free space outside its region");
  save(e.block);
  save(e.context);
  block->role = e.role;
  block->context = e.context;
  block->header = e.header;
  block->free_start = e.free_start;
  block->free_at = e.role == core::BlockRole::External ? block->end() : e.free_start;
  block->list = e.list;
  set_accounted(*owner, owner->mem_allocated_bytes - block->accounted_bytes + e.accounted_bytes);
  block->accounted_bytes = e.accounted_bytes;
  if (e.role == core::BlockRole::Header) return;
  link_block(*owner, e.block, e.position);
  ++owner->block_count;
  owner->tail_bytes += block->end() - block->free_at;
  if (e.role != core::BlockRole::Keeper) owner->is_reset = false;
}

template <class J>
void Reducer<J>::take_out(ContextRecord& owner, BlockRecord& block) {
  drop_chunks(owner, block);
  unlink_block(owner, block);
  --owner.block_count;
  owner.tail_bytes -= block.end() - block.free_at;
  set_accounted(owner, owner.mem_allocated_bytes - block.accounted_bytes);
  block.role = core::BlockRole::Plain;
  block.context = {};
  block.header = block.free_start = block.free_at = {};
  block.list = 0;
  block.accounted_bytes = 0;
}

// Freelists run through all blocks of an AllocSet, so no block with listed chunks may leave or be emptied by itself.
template <class J>
bool Reducer<J>::holds_listed_chunks(const ContextRecord& owner, const BlockRecord& block) const {
  return owner.kind == core::ContextKind::AllocSet && block.free_chunk_count() != 0;
}

template <class J>
void Reducer<J>::operator()(const core::BlockRemoved& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block || !block->linked()) return fault(e.block, "is not a block of a context, and cannot leave it");
  ContextRecord& owner = s_.contexts_[block->context.value];
  if (owner.region == e.block) return fault(e.block, "holds the header of its context, and cannot leave it");
  if (holds_listed_chunks(owner, *block))
    return fault(e.block, "has chunks on freelists, and cannot leave its context");
  save(e.block);
  save(block->context);
  take_out(owner, *block);
}

template <class J>
void Reducer<J>::operator()(const core::BlockEmptied& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block || !block->linked()) return fault(e.block, "is not a block of a context, and cannot be emptied");
  ContextRecord& owner = s_.contexts_[block->context.value];
  if (holds_listed_chunks(owner, *block)) return fault(e.block, "has chunks on freelists, and cannot be emptied");
  save(e.block);
  save(block->context);
  drop_chunks(owner, *block);
  owner.tail_bytes += block->free_at - block->free_start;
  block->free_at = block->free_start;
  if (block->role == core::BlockRole::External) block->role = core::BlockRole::Ordinary;
}

template <class J>
void Reducer<J>::operator()(const core::BlockMoved& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block || !block->linked()) return fault(e.block, "is not a block of a context, and cannot move in its list");
  ContextRecord& owner = s_.contexts_[block->context.value];
  save(e.block);
  save(block->context);
  unlink_block(owner, *block);
  link_block(owner, e.block, core::BlockPosition::Head);
  block->list = e.list;
}

template <class J>
void Reducer<J>::operator()(const core::BlockReported& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block || !block->linked()) return fault(e.block, "is not a block of a context, and no use of it can be told");
  if (e.free_at < block->free_at || e.free_at > block->end())
    return fault(e.block, "is said to be used up to a place where its rest does not begin");
  if (e.free_chunks > block->live_chunk_count) return fault(e.block, "is said to have more free chunks than chunks");
  save(e.block);
  save(block->context);
  ContextRecord& owner = s_.contexts_[block->context.value];
  owner.tail_bytes -= e.free_at - block->free_at;
  owner.uncounted_free_chunks += e.free_chunks - block->uncounted_free;
  owner.is_reset = false;
  block->free_at = e.free_at;
  block->uncounted_free = e.free_chunks;
}

template <class J>
void Reducer<J>::operator()(const core::NextBlockSizeSet& e) {
  begin();
  ContextRecord* context = live(e.context);
  if (!context) return fault(e.context, "is not there, and has no next block size");
  save(e.context);
  context->next_block_bytes = e.bytes;
  context->is_reset = false;
}

}  // namespace palloscope::trace
