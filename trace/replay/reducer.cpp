#include "trace/replay/reducer.h"

#include "trace/replay/reducer_blocks.h"
#include "trace/replay/reducer_contexts.h"

namespace palloscope::trace {

template <class J>
void Reducer<J>::fault(const char* thing, std::uint32_t slot, const char* why) {
  ++s_.heads_.fault_count;
  if (s_.faults_.size() >= kKeptFaults) return;
  std::string what = thing;
  what += slot == ContextSlot::kNone ? " (none)" : " " + std::to_string(slot);
  s_.faults_.push_back({s_.heads_.event_number, what + " " + why});
}

// --- chunks ---------------------------------------------------------------------------------------------------

template <class J>
void Reducer<J>::operator()(const core::ChunkCarved& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block || !block->linked() || block->role == core::BlockRole::External)
    return fault(e.block, "is not a block that free chunks can be carved from");
  if (!vacant(e.chunk)) return fault(e.chunk, "is already there, or its number is too large");
  if (!fits(*block, e.at, e.granted_bytes) || e.at < block->free_at)
    return fault(e.chunk, "lies outside the free space of its block");
  ContextRecord& owner = s_.contexts_[block->context.value];
  ChunkSlot* head = freelist(owner, *block, e.size_class);
  if (!head) return fault(e.chunk, "is carved for a freelist that does not exist");
  save(block->context);
  save(e.block);
  ChunkRecord& chunk = append_chunk(e.chunk, e.block, *block);
  chunk.born = s_.heads_.event_number;
  chunk.at = e.at;
  chunk.requested_bytes = 0;
  chunk.granted_bytes = e.granted_bytes;
  chunk.state = ChunkState::Free;
  chunk.size_class = e.size_class;
  chunk.origin = core::ChunkOrigin::Tail;
  chunk.next_free = *head;
  *head = e.chunk;
  take_tail(owner, *block, e.at + e.granted_bytes);
  ++owner.free_chunk_count;
  ++s_.heads_.totals.free_chunk_count;
  owner.free_chunk_bytes += e.granted_bytes;
  owner.is_reset = false;
}

template <class J>
void Reducer<J>::operator()(const core::ChunkResized& e) {
  begin();
  ChunkRecord* chunk = present(e.chunk);
  if (!chunk || chunk->state != ChunkState::Live) return fault(e.chunk, "is not in use, and cannot be resized");
  BlockRecord& block = s_.blocks_[chunk->block.value];
  if (!fits(block, chunk->at, e.granted_bytes)) return fault(e.chunk, "reaches beyond its block");
  ContextRecord& owner = s_.contexts_[block.context.value];
  save(block.context);
  save(e.chunk);
  HeapTotals& totals = s_.heads_.totals;
  const std::uint64_t requested_growth = e.requested_bytes - chunk->requested_bytes;  // modulo 2^64
  const std::uint64_t granted_growth = e.granted_bytes - chunk->granted_bytes;
  owner.requested_bytes += requested_growth;
  owner.granted_bytes += granted_growth;
  totals.requested_bytes += requested_growth;
  totals.granted_bytes += granted_growth;
  chunk->requested_bytes = e.requested_bytes;
  chunk->granted_bytes = e.granted_bytes;
}

template <class J>
void Reducer<J>::operator()(const core::MemoryWritten&) {
  begin();
}

// --- errors, source, lesson -----------------------------------------------------------------------------------

template <class J>
void Reducer<J>::operator()(const core::ErrorReported& e) {
  begin();
  if (e.severity == core::Severity::Error) s_.heads_.point.error = s_.heads_.event_number;
}

template <class J>
void Reducer<J>::operator()(const core::AllocationFailed& e) {
  begin();
  ContextRecord* context = live(e.context);
  if (!context) return fault(e.context, "is not there, and cannot fail to allocate");
  save(e.context);
  context->is_reset = false;
}

template <class J>
void Reducer<J>::operator()(const core::ErrorCaught&) {
  begin();
  s_.heads_.point.error = 0;
}

template <class J>
void Reducer<J>::operator()(const core::Output&) {
  begin();
}

template <class J>
void Reducer<J>::operator()(const core::FaultFound&) {
  begin();
}

template <class J>
void Reducer<J>::operator()(const core::SourceText&) {
  begin();
}

template <class J>
void Reducer<J>::operator()(const core::SourceLine& e) {
  begin();
  s_.heads_.point.file = e.file;
  s_.heads_.point.line = e.line;
}

template <class J>
void Reducer<J>::operator()(const core::Narration&) {
  begin();
  s_.heads_.point.narration = s_.heads_.event_number;
}

template <class J>
void Reducer<J>::operator()(const core::Statement&) {
  begin();
  s_.heads_.point.statement = s_.heads_.event_number;
}

template <class J>
void Reducer<J>::operator()(const core::VariableSet& e) {
  begin();
  auto found = s_.variables_.find(e.name);
  journal_.save_variable(e.name, found == s_.variables_.end() ? std::nullopt : std::optional{found->second});
  if (e.value) {
    s_.variables_[e.name] = e.value;
  } else if (found != s_.variables_.end()) {
    s_.variables_.erase(found);
  }
}

template class Reducer<NullJournal>;
template class Reducer<Journal>;

}  // namespace palloscope::trace
