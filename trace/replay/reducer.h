// The reducer: what each kind of event does to a MemoryState, once for all journals. The three events that make up
// almost all of a real trace are inline (reducer_hot.h), for decoders; the others are in reducer.cpp.
//
// Every function counts the event first, checks all it needs, and only then changes anything: an event that cannot be
// what a correct process did leaves the state as it was, and a Fault.
#pragma once

#include <memory>
#include <type_traits>

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

  // Applies what `run` (an EventTape::Run) has, as if event by event, up to the first that cannot be so simple; that
  // one is still the run's next. Without a journal only.
  template <class Run>
  void allocate_run(Run& run) requires std::is_same_v<J, NullJournal>;

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
  void operator()(const core::BlockReported& e);
  void operator()(const core::NextBlockSizeSet& e);
  void operator()(const core::ChunkCarved& e);
  void operator()(const core::ChunkResized& e);
  void operator()(const core::MemoryWritten& e);
  void operator()(const core::ErrorReported& e);
  void operator()(const core::AllocationFailed& e);
  void operator()(const core::ErrorCaught& e);
  void operator()(const core::ProcessReported& e);
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

  // The slot's record; null behind the table's end. Distances in bytes: to compare numbers of records would take a
  // division by their size.
  template <class Table, class Tag>
  static typename Table::pointer record_at(Table& table, core::Slot<Tag> slot) {
    const auto bytes = reinterpret_cast<const char*>(std::to_address(table.end())) -
                       reinterpret_cast<const char*>(std::to_address(table.begin()));
    return slot.value * sizeof(typename Table::value_type) < static_cast<std::size_t>(bytes) ? &table[slot.value]
                                                                                             : nullptr;
  }
  // Null if there is none such now.
  ContextRecord* live(ContextSlot slot) {
    ContextRecord* record = record_at(s_.contexts_, slot);
    return record && record->born != 0 ? record : nullptr;
  }
  BlockRecord* live(BlockSlot slot) {
    BlockRecord* record = record_at(s_.blocks_, slot);
    return record && record->born != 0 ? record : nullptr;
  }
  ChunkRecord* present(ChunkSlot slot) {  // Live or Free
    ChunkRecord* record = record_at(s_.chunks_, slot);
    return record && record->state != ChunkState::Gone ? record : nullptr;
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
  bool vacant(ChunkSlot slot) {
    if (const ChunkRecord* record = record_at(s_.chunks_, slot)) return record->state == ChunkState::Gone;
    return slot.value == s_.chunks_.size() && slot;
  }
  bool fits(const BlockRecord& block, Address at, std::uint64_t bytes) const {
    return at >= block.free_start && at <= block.end() && bytes <= block.end() - at;
  }
  ChunkRecord& append_chunk(ChunkSlot slot, BlockSlot block_slot, BlockRecord& block);
  void take_tail(ContextRecord& owner, BlockRecord& block, Address up_to) {
    owner.tail_bytes -= up_to - block.free_at;
    block.free_at = up_to;
  }
  // A chunk of so many bytes is in use from now on, or no longer.
  void count_live(ContextRecord& owner, BlockRecord& block, std::uint64_t requested_bytes, std::uint64_t granted_bytes);
  void count_dead(ContextRecord& owner, BlockRecord& block, std::uint64_t requested_bytes, std::uint64_t granted_bytes);
  void use_again(const core::ChunkAllocated& e, ContextRecord& owner, BlockRecord& block);
  // Says why the event cannot be.
  [[gnu::cold, gnu::noinline]] void refuse_new(const core::ChunkAllocated& e);

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

}  // namespace palloscope::trace

#include "trace/replay/reducer_hot.h"
