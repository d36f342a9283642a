// What the events of contexts, and reports of them, do to a MemoryState: a part of reducer.cpp, which alone includes
// it.
#pragma once

#include "trace/replay/reducer.h"

namespace palloscope::trace {

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
    if (!region || (region->role != core::BlockRole::Plain && region->role != core::BlockRole::Recycled))
      return fault(e.region, "is not a free region, and cannot hold the header of a new context");
    save(e.region);
    if (region->role == core::BlockRole::Recycled) unlink_recycled(*region);
    region->role = core::BlockRole::Header;
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
    region->role = core::BlockRole::Plain;
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
  if (!region || region->role != core::BlockRole::Plain)
    return fault(e.region, "is not the region of a deleted context, and cannot be kept for another");
  if (e.list > 1) return fault(e.region, "is put on a list of recycled contexts that does not exist");
  save(e.region);
  BlockSlot& head = s_.heads_.first_recycled[e.list];
  if (head) {
    save(head);
    s_.blocks_[head.value].prev = e.region;
  }
  region->role = core::BlockRole::Recycled;
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
  block.role = core::BlockRole::Plain;
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

template <class J>
void Reducer<J>::operator()(const core::ProcessReported&) {
  begin();
}

}  // namespace palloscope::trace
