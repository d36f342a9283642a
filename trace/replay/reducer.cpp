#include "trace/replay/reducer.h"

#include <algorithm>

namespace palloscope::trace {
namespace {

using core::BlockPosition;
using core::BlockRole;

bool wraps(Address at, std::uint64_t bytes) { return at.value + bytes < at.value; }

}  // namespace

template <class J>
void Reducer<J>::fault(const char* thing, std::uint32_t slot, const char* why) {
  ++s_.heads_.fault_count;
  if (s_.faults_.size() >= kKeptFaults) return;
  std::string what = thing;
  what += slot == ContextSlot::kNone ? " (none)" : " " + std::to_string(slot);
  s_.faults_.push_back({s_.heads_.event_number, what + " " + why});
}

// --- contexts -------------------------------------------------------------------------------------------------

template <class J>
void Reducer<J>::link_child(ContextSlot slot, ContextSlot parent) {
  ContextRecord& context = s_.contexts_[slot.value];
  if (parent) save(parent);
  ContextSlot& head = parent ? s_.contexts_[parent.value].first_child : s_.heads_.first_root;
  if (head) {
    save(head);
    s_.contexts_[head.value].prev_sibling = slot;
  }
  context.parent = parent;
  context.prev_sibling = {};
  context.next_sibling = head;
  head = slot;
}

template <class J>
void Reducer<J>::unlink_child(ContextSlot slot) {
  ContextRecord& context = s_.contexts_[slot.value];
  if (context.next_sibling) {
    save(context.next_sibling);
    s_.contexts_[context.next_sibling.value].prev_sibling = context.prev_sibling;
  }
  if (context.prev_sibling) {
    save(context.prev_sibling);
    s_.contexts_[context.prev_sibling.value].next_sibling = context.next_sibling;
  } else if (context.parent) {
    save(context.parent);
    s_.contexts_[context.parent.value].first_child = context.next_sibling;
  } else {
    s_.heads_.first_root = context.next_sibling;
  }
  context.parent = context.prev_sibling = context.next_sibling = {};
}

template <class J>
void Reducer<J>::set_accounted(ContextRecord& owner, std::uint64_t bytes) {
  if (!owner.reported) s_.heads_.totals.context_bytes += bytes - owner.mem_allocated_bytes;
  owner.mem_allocated_bytes = bytes;
}

template <class J>
void Reducer<J>::operator()(const core::ContextCreated& e) {
  begin();
  if (e.context.value > s_.contexts_.size() || live(e.context))
    return fault(e.context, "is already there, or its number is too large");
  if (e.parent && !live(e.parent)) return fault(e.parent, "is not there, and cannot be the parent of a new context");
  BlockRecord* region = nullptr;
  if (e.region) {
    region = live(e.region);
    if (!region || (region->role != BlockRole::Plain && region->role != BlockRole::Recycled))
      return fault(e.region, "is not a free region, and cannot hold the header of a new context");
    save(e.region);
    if (region->role == BlockRole::Recycled) unlink_recycled(*region);
    region->role = BlockRole::Header;
    region->context = e.context;
  }
  if (e.context.value == s_.contexts_.size()) {
    s_.contexts_.emplace_back();
  } else {
    save(e.context);
    save_words(e.context);
  }
  ContextRecord& context = s_.contexts_[e.context.value];
  context = {};
  context.born = s_.heads_.event_number;
  context.kind = e.kind;
  context.allow_in_crit_section = e.allow_in_crit_section;
  context.recycled = e.recycled;
  context.recycle_list = e.recycle_list;
  context.at = e.at;
  context.region = e.region;
  context.min_context_bytes = e.min_context_bytes;
  context.init_block_bytes = e.init_block_bytes;
  context.max_block_bytes = e.max_block_bytes;
  context.next_block_bytes = e.init_block_bytes;
  context.chunk_limit_bytes = e.chunk_limit_bytes;
  context.name = e.name;
  link_child(e.context, e.parent);
  ++s_.heads_.totals.context_count;
}

template <class J>
void Reducer<J>::operator()(const core::ContextDeleted& e) {
  begin();
  ContextRecord* context = live(e.context);
  if (!context) return fault(e.context, "is not there, and cannot be deleted");
  if (context->first_child) return fault(e.context, "still has children, and cannot be deleted");
  save(e.context);
  if (BlockRecord* region = live(context->region); region && region->context == e.context) {
    save(context->region);
    region->last_context = context->born;
  }
  while (context->first_block) {
    const BlockSlot slot = context->first_block;
    save(slot);
    take_out(*context, s_.blocks_[slot.value]);
  }
  if (BlockRecord* region = live(context->region); region && region->context == e.context) {
    save(context->region);
    region->role = BlockRole::Plain;
    region->context = {};
    region->header = region->free_start = region->free_at = {};
    region->accounted_bytes = 0;
  }
  set_accounted(*context, 0);
  if (context->reported) s_.heads_.totals.context_bytes -= context->reported->total_bytes;
  if (context->omitted_children) s_.heads_.totals.context_bytes -= context->omitted_children->total_bytes;
  unlink_child(e.context);
  context->born = 0;
  if (s_.heads_.point.current == e.context) s_.heads_.point.current = {};
  --s_.heads_.totals.context_count;
}

template <class J>
void Reducer<J>::operator()(const core::ContextRecycled& e) {
  begin();
  BlockRecord* region = live(e.region);
  if (!region || region->role != BlockRole::Plain)
    return fault(e.region, "is not the region of a deleted context, and cannot be kept for another");
  if (e.list > 1) return fault(e.region, "is put on a list of recycled contexts that does not exist");
  save(e.region);
  BlockSlot& head = s_.heads_.first_recycled[e.list];
  if (head) {
    save(head);
    s_.blocks_[head.value].prev = e.region;
  }
  region->role = BlockRole::Recycled;
  region->recycle_list = e.list;
  region->prev = {};
  region->next = head;
  head = e.region;
}

template <class J>
void Reducer<J>::unlink_recycled(BlockRecord& block) {
  if (block.next) {
    save(block.next);
    s_.blocks_[block.next.value].prev = block.prev;
  }
  if (block.prev) {
    save(block.prev);
    s_.blocks_[block.prev.value].next = block.next;
  } else {
    s_.heads_.first_recycled[block.recycle_list] = block.next;
  }
  block.role = BlockRole::Plain;
  block.recycle_list = 0;
  block.prev = block.next = {};
}

template <class J>
void Reducer<J>::operator()(const core::ContextReparented& e) {
  begin();
  if (!live(e.context)) return fault(e.context, "is not there, and cannot get another parent");
  if (e.parent && !live(e.parent)) return fault(e.parent, "is not there, and cannot become a parent");
  for (ContextSlot up = e.parent; up; up = s_.contexts_[up.value].parent) {
    if (up == e.context) return fault(e.context, "would become its own ancestor");
  }
  save(e.context);
  unlink_child(e.context);
  link_child(e.context, e.parent);
}

template <class J>
void Reducer<J>::operator()(const core::ContextIdentSet& e) {
  begin();
  ContextRecord* context = live(e.context);
  if (!context) return fault(e.context, "is not there, and cannot get an ident");
  save_words(e.context);
  context->ident = e.ident;
}

template <class J>
void Reducer<J>::operator()(const core::ContextSwitched& e) {
  begin();
  if (e.context && !live(e.context)) return fault(e.context, "is not there, and cannot be switched to");
  s_.heads_.point.current = e.context;
}

template <class J>
void Reducer<J>::operator()(const core::CritSectionAllowed& e) {
  begin();
  ContextRecord* context = live(e.context);
  if (!context) return fault(e.context, "is not there, and cannot be allowed in critical sections");
  save(e.context);
  context->allow_in_crit_section = e.allowed;
}

template <class J>
void Reducer<J>::operator()(const core::CallbackRegistered& e) {
  begin();
  ContextRecord* context = live(e.context);
  if (!context) return fault(e.context, "is not there, and cannot get a callback");
  save(e.context);
  save_words(e.context);
  context->callbacks.push_back(e.callback);
  context->is_reset = false;
}

template <class J>
void Reducer<J>::operator()(const core::CallbackRun& e) {
  begin();
  ContextRecord* context = live(e.context);
  if (!context) return fault(e.context, "is not there, and has no callback to run");
  if (context->callbacks.empty() || context->callbacks.back() != e.callback)
    return fault(e.context, "runs a callback that is not at the front of its list");
  save_words(e.context);
  context->callbacks.pop_back();
}

// --- malloc and blocks ----------------------------------------------------------------------------------------

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
  if (block->role != BlockRole::Plain && block->role != BlockRole::External)
    return fault(e.block, "is neither plain memory nor a dedicated block, and cannot be realloc'ed");
  if (block->role == BlockRole::External) {
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
  if (block->role == BlockRole::Recycled) unlink_recycled(*block);
  block->born = 0;
  HeapTotals& totals = s_.heads_.totals;
  totals.malloc_bytes -= block->bytes;
  --totals.region_count;
  ++totals.free_calls;
}

template <class J>
void Reducer<J>::link_block(ContextRecord& owner, BlockSlot slot, BlockPosition position) {
  BlockRecord& block = s_.blocks_[slot.value];
  if (!owner.first_block) {
    block.prev = block.next = {};
  } else if (position == BlockPosition::Tail) {
    block.prev = owner.last_block;
    block.next = {};
  } else if (position == BlockPosition::SecondFromHead) {
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
  const bool own_header = block->role == BlockRole::Header && block->context == e.context;
  if (block->role != BlockRole::Plain && !own_header)
    return fault(e.block, "is not free, and cannot become a block of a context");
  if (e.role == BlockRole::Plain || e.role == BlockRole::Recycled)
    return fault(e.block, "becomes a block of a context in a role that no block of a context has");
  if (e.role == BlockRole::Header && e.block != owner->region)
    return fault(e.block, "does not hold the header of this context");
  if (own_header && e.role != BlockRole::Header && e.role != BlockRole::Keeper)
    return fault(e.block, "holds the header of its context, and can only be its keeper");
  if (e.header < block->at || e.free_start < e.header || e.free_start > block->end())
    return fault(e.block, "has its header or its free space outside its region");
  save(e.block);
  save(e.context);
  block->role = e.role;
  block->context = e.context;
  block->header = e.header;
  block->free_start = e.free_start;
  block->free_at = e.role == BlockRole::External ? block->end() : e.free_start;
  block->list = e.list;
  set_accounted(*owner, owner->mem_allocated_bytes - block->accounted_bytes + e.accounted_bytes);
  block->accounted_bytes = e.accounted_bytes;
  if (e.role == BlockRole::Header) return;
  link_block(*owner, e.block, e.position);
  ++owner->block_count;
  owner->tail_bytes += block->end() - block->free_at;
  if (e.role != BlockRole::Keeper) owner->is_reset = false;
}

template <class J>
void Reducer<J>::take_out(ContextRecord& owner, BlockRecord& block) {
  drop_chunks(owner, block);
  unlink_block(owner, block);
  --owner.block_count;
  owner.tail_bytes -= block.end() - block.free_at;
  set_accounted(owner, owner.mem_allocated_bytes - block.accounted_bytes);
  block.role = BlockRole::Plain;
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
  if (block->role == BlockRole::External) block->role = BlockRole::Ordinary;
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
  link_block(owner, e.block, BlockPosition::Head);
  block->list = e.list;
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

// --- chunks ---------------------------------------------------------------------------------------------------

template <class J>
void Reducer<J>::operator()(const core::ChunkCarved& e) {
  begin();
  BlockRecord* block = live(e.block);
  if (!block || !block->linked() || block->role == BlockRole::External)
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

// --- reported snapshots ---------------------------------------------------------------------------------------

template <class J>
void Reducer<J>::operator()(const core::SnapshotBegan&) {
  begin();
  s_.heads_.point.snapshot = s_.heads_.event_number;
}

template <class J>
void Reducer<J>::operator()(const core::ContextReported& e) {
  begin();
  ContextRecord* context = live(e.context);
  if (!context) return fault(e.context, "is not there, and nothing can be reported of it");
  save_words(e.context);
  s_.heads_.totals.context_bytes -= context->reported ? context->reported->total_bytes : context->mem_allocated_bytes;
  context->reported =
      ReportedCounters{e.blocks, e.total_bytes, e.free_bytes, e.free_chunks, e.used_bytes, e.chunks, e.empty_blocks};
  s_.heads_.totals.context_bytes += e.total_bytes;
}

template <class J>
void Reducer<J>::operator()(const core::ContextsOmitted& e) {
  begin();
  ContextRecord* parent = live(e.parent);
  if (!parent) return fault(e.parent, "is not there, and has no omitted children");
  save_words(e.parent);
  std::uint64_t& total = s_.heads_.totals.context_bytes;
  if (parent->omitted_children) total -= parent->omitted_children->total_bytes;
  parent->omitted_children.reset();
  if (e.count == 0) return;
  parent->omitted_children =
      OmittedContexts{e.count, e.blocks, e.total_bytes, e.free_bytes, e.free_chunks, e.used_bytes};
  total += e.total_bytes;
}

template <class J>
void Reducer<J>::operator()(const core::SnapshotEnded&) {
  begin();
}

template class Reducer<NullJournal>;
template class Reducer<Journal>;

}  // namespace palloscope::trace
