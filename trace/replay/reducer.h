// The reducer: what each kind of event does to a MemoryState, once for all journals. The three events that make up
// almost all of a real trace are inline here, for decoders; the others are in reducer.cpp.
//
// Every function counts the event first, checks all it needs, and only then changes anything: an event that cannot be
// what a correct process did leaves the state as it was, and a Fault.
#pragma once

#include "trace/replay/journal.h"
#include "trace/replay/memory_state.h"
#include "trace/replay/server_reducer.h"

namespace palloscope::trace {

template <class J>
class Reducer {
 public:
  Reducer(MemoryState& state, J& journal) : s_(state), journal_(journal) {}

  // Inlined into a decoder's loop, an event stays in registers.
  [[gnu::always_inline]] void operator()(const core::ChunkAllocated& e);
  [[gnu::always_inline]] void operator()(const core::ChunkFreed& e);
  void operator()(const core::ContextReset& e);

  void operator()(const core::ContextCreated& e);
  void operator()(const core::ContextDeleted& e);
  void operator()(const core::ContextRecycled& e);
  void operator()(const core::ContextReparented& e);
  void operator()(const core::ContextIdentSet& e);
  void operator()(const core::ContextSwitched& e);
  void operator()(const core::CritSectionAllowed& e);
  void operator()(const core::CallbackRegistered& e);
  void operator()(const core::CallbackRun& e);
  void operator()(const core::Malloc& e);
  void operator()(const core::MallocFailed& e);
  void operator()(const core::Realloc& e);
  void operator()(const core::ReallocFailed& e);
  void operator()(const core::Free& e);
  void operator()(const core::BlockAdded& e);
  void operator()(const core::BlockRemoved& e);
  void operator()(const core::BlockEmptied& e);
  void operator()(const core::BlockMoved& e);
  void operator()(const core::NextBlockSizeSet& e);
  void operator()(const core::ChunkCarved& e);
  void operator()(const core::ChunkResized& e);
  void operator()(const core::MemoryWritten& e);
  void operator()(const core::ErrorReported& e);
  void operator()(const core::AllocationFailed& e);
  void operator()(const core::ErrorCaught& e);
  void operator()(const core::Output& e);
  void operator()(const core::FaultFound& e);
  void operator()(const core::SourceText& e);
  void operator()(const core::SourceLine& e);
  void operator()(const core::Narration& e);
  void operator()(const core::Statement& e);
  void operator()(const core::VariableSet& e);
  void operator()(const core::SnapshotBegan& e);
  void operator()(const core::ContextReported& e);
  void operator()(const core::ContextsOmitted& e);
  void operator()(const core::SnapshotEnded& e);
  template <class E>
  requires core::kIsServerEvent<E>
  void operator()(const E& e) {
    begin();
    const Refusal refusal = ServerReducer<J>(s_.server_, journal_, s_.heads_.event_number)(e);
    if (refusal.why) fault(refusal.thing, refusal.slot, refusal.why);
  }

 private:
  void begin() {
    journal_.begin(s_);
    ++s_.heads_.event_number;
  }

  [[gnu::cold, gnu::noinline]] void fault(const char* thing, std::uint32_t slot, const char* why);
  void fault(ContextSlot slot, const char* why) { fault("context", slot.value, why); }
  void fault(BlockSlot slot, const char* why) { fault("block", slot.value, why); }
  void fault(ChunkSlot slot, const char* why) { fault("chunk", slot.value, why); }

  // Null if there is none such now.
  ContextRecord* live(ContextSlot slot) {
    if (slot.value >= s_.contexts_.size()) return nullptr;
    ContextRecord& record = s_.contexts_[slot.value];
    return record.born != 0 ? &record : nullptr;
  }
  BlockRecord* live(BlockSlot slot) {
    if (slot.value >= s_.blocks_.size()) return nullptr;
    BlockRecord& record = s_.blocks_[slot.value];
    return record.born != 0 ? &record : nullptr;
  }
  ChunkRecord* present(ChunkSlot slot) {  // Live or Free
    if (slot.value >= s_.chunks_.size()) return nullptr;
    ChunkRecord& record = s_.chunks_[slot.value];
    return record.state != ChunkState::Gone ? &record : nullptr;
  }
  void save(ContextSlot slot) { journal_.save(slot, s_.contexts_[slot.value]); }
  void save(BlockSlot slot) { journal_.save(slot, s_.blocks_[slot.value]); }
  void save(ChunkSlot slot) { journal_.save(slot, s_.chunks_[slot.value]); }
  void save_words(ContextSlot slot) { journal_.save_words(slot, s_.contexts_[slot.value]); }

  static bool keeps_freelists(const ContextRecord& owner) {
    return owner.kind == core::ContextKind::AllocSet || owner.kind == core::ContextKind::Slab;
  }
  // Where the free chunks of this class of this block are chained; null: there is no freelist for them.
  ChunkSlot* freelist(ContextRecord& owner, BlockRecord& block, std::uint8_t size_class) {
    if (owner.kind == core::ContextKind::AllocSet && size_class < kFreelistCount &&
        block.role != core::BlockRole::External) {
      return &owner.freelist[size_class];
    }
    if (owner.kind == core::ContextKind::Slab) return &block.first_free;
    return nullptr;
  }

  // The chunk's slot is new or Gone, so a chunk can be made there.
  bool vacant(ChunkSlot slot) const {
    return slot.value < s_.chunks_.size() ? s_.chunks_[slot.value].state == ChunkState::Gone
                                          : slot.value == s_.chunks_.size() && slot;
  }
  bool fits(const BlockRecord& block, Address at, std::uint64_t bytes) const {
    return at >= block.free_start && at <= block.end() && bytes <= block.end() - at;
  }
  ChunkRecord& append_chunk(ChunkSlot slot, BlockSlot block_slot, BlockRecord& block);
  void take_tail(ContextRecord& owner, BlockRecord& block, Address up_to) {
    owner.tail_bytes -= up_to - block.free_at;
    block.free_at = up_to;
  }
  void count_live(ContextRecord& owner, BlockRecord& block, const ChunkRecord& chunk);
  void count_dead(ContextRecord& owner, BlockRecord& block, const ChunkRecord& chunk);

  static void hide([[maybe_unused]] std::uint32_t& value) {
#ifdef __GNUC__
    asm("" : "+r"(value));
#endif
  }

  // All chunks of the block become Gone, all counters follow; its lists are the caller's.
  void drop_chunks(ContextRecord& owner, BlockRecord& block);
  // The block leaves its context, with all its chunks, and is Plain.
  void take_out(ContextRecord& owner, BlockRecord& block);
  void link_block(ContextRecord& owner, BlockSlot slot, core::BlockPosition position);
  void unlink_block(ContextRecord& owner, BlockRecord& block);
  bool holds_listed_chunks(const ContextRecord& owner, const BlockRecord& block) const;
  void set_accounted(ContextRecord& owner, std::uint64_t bytes);
  void link_child(ContextSlot slot, ContextSlot parent);
  void unlink_child(ContextSlot slot);
  void unlink_recycled(BlockRecord& block);

  MemoryState& s_;
  J& journal_;
};

// --- the hot events -------------------------------------------------------------------------------------------

template <class J>
inline ChunkRecord& Reducer<J>::append_chunk(ChunkSlot slot, BlockSlot block_slot, BlockRecord& block) {
  if (slot.value == s_.chunks_.size()) {
    s_.chunks_.emplace_back();
  } else {
    save(slot);
  }
  if (block.last_chunk) {
    save(block.last_chunk);
    s_.chunks_[block.last_chunk.value].next_in_block = slot;
  } else {
    block.first_chunk = slot;
  }
  block.last_chunk = slot;
  ++block.chunk_count;
  ChunkRecord& chunk = s_.chunks_[slot.value];
  chunk.block = block_slot;
  chunk.next_in_block = {};
  chunk.next_free = {};
  return chunk;
}

template <class J>
inline void Reducer<J>::count_live(ContextRecord& owner, BlockRecord& block, const ChunkRecord& chunk) {
  if (block.live_chunk_count++ == 0) ++owner.occupied_block_count;
  ++owner.live_chunk_count;
  owner.requested_bytes += chunk.requested_bytes;
  owner.granted_bytes += chunk.granted_bytes;
  HeapTotals& totals = s_.heads_.totals;
  ++totals.live_chunk_count;
  totals.requested_bytes += chunk.requested_bytes;
  totals.granted_bytes += chunk.granted_bytes;
}

template <class J>
inline void Reducer<J>::count_dead(ContextRecord& owner, BlockRecord& block, const ChunkRecord& chunk) {
  if (--block.live_chunk_count == 0) --owner.occupied_block_count;
  --owner.live_chunk_count;
  owner.requested_bytes -= chunk.requested_bytes;
  owner.granted_bytes -= chunk.granted_bytes;
  HeapTotals& totals = s_.heads_.totals;
  --totals.live_chunk_count;
  totals.requested_bytes -= chunk.requested_bytes;
  totals.granted_bytes -= chunk.granted_bytes;
}

template <class J>
inline void Reducer<J>::operator()(const core::ChunkAllocated& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block || !block->linked()) [[unlikely]]
    return fault(e.block, "is not a block of a context, and cannot hold a chunk");
  ContextRecord& owner = s_.contexts_[block->context.value];

  if (e.origin == core::ChunkOrigin::Freelist) {
    ChunkRecord* chunk = present(e.chunk);
    if (!chunk || chunk->state != ChunkState::Free || chunk->block != e.block || chunk->at != e.at) [[unlikely]]
      return fault(e.chunk, "is not a free chunk at this place of this block, and cannot be used again");
    ChunkSlot* head = freelist(owner, *block, chunk->size_class);
    if (!head || *head != e.chunk) [[unlikely]]
      return fault(e.chunk, "is not at the head of its freelist");
    if (!fits(*block, e.at, e.granted_bytes)) [[unlikely]]
      return fault(e.chunk, "reaches beyond its block");
    save(block->context);
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
    count_live(owner, *block, *chunk);
    return;
  }

  if (!vacant(e.chunk)) [[unlikely]]
    return fault(e.chunk, "is already there, or its number is too large");
  if (!fits(*block, e.at, e.granted_bytes)) [[unlikely]]
    return fault(e.chunk, "reaches beyond its block");
  const bool external = block->role == core::BlockRole::External;
  if (external != (e.origin == core::ChunkOrigin::External) || (external && block->chunk_count != 0)) [[unlikely]]
    return fault(e.chunk, "does not fit its block: a dedicated block holds one chunk, and no other block such a chunk");
  if (!external && e.at < block->free_at) [[unlikely]]
    return fault(e.chunk, "lies before the block's free space");
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
  count_live(owner, *block, chunk);
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
  count_dead(owner, block, *chunk);
  chunk->state = ChunkState::Free;
  ++owner.free_chunk_count;
  ++s_.heads_.totals.free_chunk_count;
  owner.free_chunk_bytes += chunk->granted_bytes;
  if (head) {
    chunk->next_free = *head;
    *head = e.chunk;
  }
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
