// The hot events, and what becomes of the chunks of a block: the inline part of the reducer, included by reducer.h.
#pragma once

#include "trace/replay/reducer.h"

namespace palloscope::trace {

template <class J>
inline ChunkRecord& Reducer<J>::append_chunk(ChunkSlot slot, BlockSlot block_slot, BlockRecord& block) {
  if (!record_at(s_.chunks_, slot)) [[unlikely]] {
    s_.chunks_.emplace_back();
  } else {
    save(slot);
  }
  ChunkRecord* const chunks = s_.chunks_.data();
  if (block.last_chunk) {
    save(block.last_chunk);
    chunks[block.last_chunk.value].next_in_block = slot;
  } else {
    block.first_chunk = slot;
  }
  block.last_chunk = slot;
  ++block.chunk_count;
  ChunkRecord& chunk = chunks[slot.value];
  chunk.block = block_slot;
  chunk.next_in_block = {};
  chunk.next_free = {};
  return chunk;
}

template <class J>
inline void Reducer<J>::count_live(ContextRecord& owner, BlockRecord& block, std::uint64_t requested_bytes,
                                   std::uint64_t granted_bytes) {
  if (block.live_chunk_count++ == 0) ++owner.occupied_block_count;
  ++owner.live_chunk_count;
  owner.requested_bytes += requested_bytes;
  owner.granted_bytes += granted_bytes;
  HeapTotals& totals = s_.heads_.totals;
  ++totals.live_chunk_count;
  totals.requested_bytes += requested_bytes;
  totals.granted_bytes += granted_bytes;
}

template <class J>
inline void Reducer<J>::count_dead(ContextRecord& owner, BlockRecord& block, std::uint64_t requested_bytes,
                                   std::uint64_t granted_bytes) {
  if (--block.live_chunk_count == 0) --owner.occupied_block_count;
  --owner.live_chunk_count;
  owner.requested_bytes -= requested_bytes;
  owner.granted_bytes -= granted_bytes;
  HeapTotals& totals = s_.heads_.totals;
  --totals.live_chunk_count;
  totals.requested_bytes -= requested_bytes;
  totals.granted_bytes -= granted_bytes;
}

// What is given in registers is not read back from the record just written: that would wait for the writes.
template <class J>
inline void Reducer<J>::operator()(const core::ChunkAllocated& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block || !block->linked()) [[unlikely]]
    return fault(e.block, "is not a block of a context, and cannot hold a chunk");
  ContextRecord& owner = s_.contexts_[block->context.value];
  if (e.origin == core::ChunkOrigin::Freelist) return use_again(e, owner, *block);

  const bool external = block->role == core::BlockRole::External;
  const Address end = block->end();
  const Address least = external ? block->free_start : block->free_at;
  if (!vacant(e.chunk) || e.at < least || e.at > end || e.granted_bytes > end - e.at ||
      external != (e.origin == core::ChunkOrigin::External) || (external && block->chunk_count != 0)) [[unlikely]]
    return refuse_new(e);
  save(block->context);
  save(e.block);
  ChunkRecord& chunk = append_chunk(e.chunk, e.block, *block);
  chunk.born = s_.heads_.event_number;
  chunk.at = e.at;
  chunk.requested_bytes = e.requested_bytes;
  chunk.granted_bytes = e.granted_bytes;
  chunk.state = ChunkState::Live;
  chunk.size_class = e.size_class;
  chunk.origin = e.origin;
  if (!external) take_tail(owner, *block, e.at + e.granted_bytes);
  owner.is_reset = false;
  count_live(owner, *block, e.requested_bytes, e.granted_bytes);
}

// What the chunks change of their block, its context and the totals is summed up, and written once.
template <class J>
template <class Run>
inline void Reducer<J>::allocate_run(Run& run) requires std::is_same_v<J, NullJournal> {
  BlockRecord* const block = live(run.block());
  if (!block || !block->linked() || block->role == core::BlockRole::External) return;
  const Address end = block->end();
  const Address began = block->free_at;
  Address free_at = began;
  ChunkRecord* const chunks = s_.chunks_.data();
  ChunkSlot* link = block->last_chunk ? &chunks[block->last_chunk.value].next_in_block : &block->first_chunk;
  ChunkSlot last;
  std::uint64_t requested = 0, granted = 0;
  std::uint32_t made = 0;
  for (; !run.done(); run.next()) {
    ChunkRecord* const chunk = record_at(s_.chunks_, run.chunk());  // a new slot is the other function's
    const Address at = run.at();
    const std::uint64_t bytes = run.granted_bytes();
    if (!chunk || chunk->state != ChunkState::Gone || at < free_at || at > end || bytes > end - at) break;
    last = run.chunk();
    *link = last;
    link = &chunk->next_in_block;
    ++made;
    chunk->born = s_.heads_.event_number + made;
    chunk->at = at;
    chunk->requested_bytes = run.requested_bytes();
    chunk->granted_bytes = bytes;
    chunk->block = run.block();
    chunk->next_in_block = {};
    chunk->next_free = {};
    chunk->state = ChunkState::Live;
    chunk->size_class = run.size_class();
    chunk->origin = core::ChunkOrigin::Tail;
    free_at = at + bytes;
    requested += run.requested_bytes();
    granted += bytes;
  }
  if (made == 0) return;
  s_.heads_.event_number += made;
  ContextRecord& owner = s_.contexts_[block->context.value];
  block->last_chunk = last;
  block->chunk_count += made;
  block->free_at = free_at;
  if (block->live_chunk_count == 0) ++owner.occupied_block_count;
  block->live_chunk_count += made;
  owner.tail_bytes -= free_at - began;
  owner.is_reset = false;
  owner.live_chunk_count += made;
  owner.requested_bytes += requested;
  owner.granted_bytes += granted;
  HeapTotals& totals = s_.heads_.totals;
  totals.live_chunk_count += made;
  totals.requested_bytes += requested;
  totals.granted_bytes += granted;
}

template <class J>
void Reducer<J>::refuse_new(const core::ChunkAllocated& e) {
  const BlockRecord& block = *live(e.block);
  const bool external = block.role == core::BlockRole::External;
  if (!vacant(e.chunk)) return fault(e.chunk, "is already there, or its number is too large");
  if (!fits(block, e.at, e.granted_bytes)) return fault(e.chunk, "reaches beyond its block");
  if (external || e.origin == core::ChunkOrigin::External)
    return fault(e.chunk, "does not fit its block: a dedicated block holds one chunk, and no other block such a chunk");
  fault(e.chunk, "lies before the block's free space");
}

template <class J>
inline void Reducer<J>::use_again(const core::ChunkAllocated& e, ContextRecord& owner, BlockRecord& block) {
  ChunkRecord* chunk = present(e.chunk);
  if (!chunk || chunk->state != ChunkState::Free || chunk->block != e.block || chunk->at != e.at) [[unlikely]]
    return fault(e.chunk, "is not a free chunk at this place of this block, and cannot be used again");
  ChunkSlot* head = freelist(owner, block, chunk->size_class);
  if (!head || *head != e.chunk) [[unlikely]]
    return fault(e.chunk, "is not at the head of its freelist");
  if (!fits(block, e.at, e.granted_bytes)) [[unlikely]]
    return fault(e.chunk, "reaches beyond its block");
  save(block.context);
  save(e.block);
  save(e.chunk);
  *head = chunk->next_free;
  --owner.free_chunk_count;
  --s_.heads_.totals.free_chunk_count;
  owner.free_chunk_bytes -= chunk->granted_bytes;
  chunk->next_free = {};
  chunk->born = s_.heads_.event_number;
  chunk->requested_bytes = e.requested_bytes;
  chunk->granted_bytes = e.granted_bytes;
  chunk->state = ChunkState::Live;
  chunk->size_class = e.size_class;
  chunk->origin = e.origin;
  owner.is_reset = false;
  count_live(owner, block, e.requested_bytes, e.granted_bytes);
}

template <class J>
inline void Reducer<J>::operator()(const core::ChunkFreed& e) {
  begin();
  ChunkRecord* chunk = present(e.chunk);
  if (!chunk || chunk->state != ChunkState::Live) [[unlikely]]
    return fault(e.chunk, chunk ? "is already free" : "is not there, and cannot be freed");
  BlockRecord& block = s_.blocks_[chunk->block.value];
  ContextRecord& owner = s_.contexts_[block.context.value];

  if (e.fate == core::ChunkFate::WithBlock) {
    if (block.role != core::BlockRole::External) [[unlikely]]
      return fault(e.chunk, "has no block of its own that could leave with it");
    save(block.context);
    save(chunk->block);
    take_out(owner, block);
    return;
  }
  ChunkSlot* head = freelist(owner, block, chunk->size_class);
  if ((head != nullptr) != (e.fate == core::ChunkFate::ToFreelist) || (!head && keeps_freelists(owner))) [[unlikely]]
    return fault(e.chunk, "is freed in a way that its kind of context does not know");
  save(block.context);
  save(chunk->block);
  save(e.chunk);
  const std::uint64_t granted_bytes = chunk->granted_bytes;
  chunk->state = ChunkState::Free;
  if (head) {
    chunk->next_free = *head;
    *head = e.chunk;
  }
  ++owner.free_chunk_count;
  ++s_.heads_.totals.free_chunk_count;
  owner.free_chunk_bytes += granted_bytes;
  count_dead(owner, block, chunk->requested_bytes, granted_bytes);
}

template <class J>
void Reducer<J>::drop_chunks(ContextRecord& owner, BlockRecord& block) {
  HeapTotals& totals = s_.heads_.totals;
  const std::uint32_t freed = block.free_chunk_count();
  std::uint64_t requested = 0, granted = 0, free_bytes = 0;
  std::uint32_t left = block.chunk_count;
  std::uint32_t step = 0;
  for (ChunkSlot slot = block.first_chunk; left != 0; --left) {
    ChunkRecord& chunk = s_.chunks_[slot.value];
    journal_.save_drop(slot, chunk.state);
    const bool was_live = chunk.state == ChunkState::Live;
    requested += was_live ? chunk.requested_bytes : 0;
    granted += was_live ? chunk.granted_bytes : 0;
    free_bytes += was_live ? 0 : chunk.granted_bytes;
    chunk.state = ChunkState::Gone;
    // Chunks of a block mostly lie in steps of one. Guessed, the next record is on its way before this one has come;
    // the compiler must not see that the guess is what it is compared with.
    std::uint32_t next = slot.value + step;
    if (next != chunk.next_in_block.value) [[unlikely]] {
      next = chunk.next_in_block.value;
      step = next - slot.value;
    }
    hide(next);
    slot.value = next;
  }
  if (block.live_chunk_count != 0) --owner.occupied_block_count;
  owner.live_chunk_count -= block.live_chunk_count;
  owner.free_chunk_count -= freed;
  owner.requested_bytes -= requested;
  owner.granted_bytes -= granted;
  owner.free_chunk_bytes -= free_bytes;
  totals.live_chunk_count -= block.live_chunk_count;
  totals.free_chunk_count -= freed;
  totals.requested_bytes -= requested;
  totals.granted_bytes -= granted;
  block.first_chunk = block.last_chunk = block.first_free = {};
  block.chunk_count = block.live_chunk_count = 0;
  owner.uncounted_free_chunks -= block.uncounted_free;
  block.uncounted_free = 0;
}

template <class J>
void Reducer<J>::operator()(const core::ContextReset& e) {
  begin();
  ContextRecord* context = live(e.context);
  if (!context) [[unlikely]]
    return fault(e.context, "is not there, and cannot be reset");
  save(e.context);
  for (ChunkSlot& head : context->freelist) head = {};
  for (BlockSlot slot = context->first_block; slot;) {
    BlockRecord& block = s_.blocks_[slot.value];
    const BlockSlot next = block.next;
    save(slot);
    if (block.role == core::BlockRole::Keeper) {
      drop_chunks(*context, block);
      context->tail_bytes += block.free_at - block.free_start;
      block.free_at = block.free_start;
    } else {
      take_out(*context, block);
    }
    slot = next;
  }
  context->next_block_bytes = context->init_block_bytes;
  context->is_reset = true;
}

template <class E>
[[gnu::always_inline]] inline void MemoryState::apply_typed(const E& event) {
  NullJournal none;
  Reducer<NullJournal>{*this, none}(event);
}

extern template class Reducer<NullJournal>;
extern template class Reducer<Journal>;

}  // namespace palloscope::trace
