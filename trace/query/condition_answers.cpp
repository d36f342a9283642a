// What a ConditionWatch answers from the state.
#include <algorithm>

#include "trace/analysis/context_counters.h"
#include "trace/analysis/fault_list.h"
#include "trace/exporters/event_text.h"
#include "trace/query/condition_watch.h"

namespace palloscope::trace {
namespace {

// The record of a context that is there, was just deleted, or is about to be made (null then).
const ContextRecord* record_of(const MemoryState& state, ContextSlot slot) {
  return slot.value < state.contexts().size() ? &state.contexts()[slot.value] : nullptr;
}

void write_path(const MemoryState& state, ContextSlot slot, std::string& path) {
  std::vector<std::string_view> names;
  for (; slot; slot = state.contexts()[slot.value].parent) {
    const ContextRecord* context = record_of(state, slot);
    if (!context || names.size() > state.contexts().size()) break;
    names.push_back(printed_name(*context));
  }
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!path.empty()) path += '/';
    path += *name;
  }
}

MaybeNumber of_heap(const HeapTotals& totals, Quantity quantity) {
  switch (quantity) {
    case Quantity::HeapTotal:
      return saturated(totals.context_bytes);
    case Quantity::HeapMalloc:
      return saturated(totals.malloc_bytes);
    case Quantity::HeapUsed:
      return saturated(totals.granted_bytes);
    case Quantity::HeapRequested:
      return saturated(totals.requested_bytes);
    case Quantity::HeapChunks:
      return saturated(totals.live_chunk_count);
    case Quantity::HeapContexts:
      return saturated(totals.context_count);
    case Quantity::HeapRegions:
      return saturated(totals.region_count);
    default:
      return std::nullopt;
  }
}

MaybeNumber of_pool(const PoolRecord& pool, Quantity quantity) {
  switch (quantity) {
    case Quantity::PoolUsed:
      return pool.tagged;
    case Quantity::PoolFree:
      return std::int64_t{pool.buffers} - pool.tagged;
    case Quantity::PoolDirty:
      return pool.dirty;
    case Quantity::PoolPinned:
      return pool.pinned;
    case Quantity::PoolRequests:
      return saturated(pool.requests);
    case Quantity::PoolHits:
      return saturated(pool.hits);
    case Quantity::PoolEvictions:
      return saturated(pool.evictions);
    default:
      return std::nullopt;
  }
}

std::int64_t depth_of(const MemoryState& state, const ContextRecord& context) {
  std::int64_t depth = 0;
  for (const ContextRecord* up = state.context(context.parent); up; up = state.context(up->parent)) ++depth;
  return depth;
}

}  // namespace

MaybeNumber ConditionWatch::quantity(const ConditionNode& node, const EventFacts& facts) {
  if (node.sort == NodeSort::Sum) return sums_[node.term].value;
  if (node.quantity >= Quantity::HeapTotal && node.quantity <= Quantity::HeapRegions)
    return of_heap(state_->totals(), node.quantity);
  if (node.quantity >= Quantity::PoolUsed) {
    const PoolRecord* pool = state_->server().shared_pool();
    return pool ? of_pool(*pool, node.quantity) : std::nullopt;
  }
  if (node.quantity == Quantity::UsageCount || node.quantity == Quantity::PinCount) {
    const BufferRecord* buffer = facts.buffer ? state_->server().buffer(facts.buffer) : nullptr;
    missed_ |= buffer == nullptr;
    if (!buffer) return std::nullopt;
    return node.quantity == Quantity::UsageCount ? buffer->usage() : buffer->refcount();
  }
  const ContextRecord* context = state_->context(facts.context);
  missed_ |= context == nullptr;
  if (!context) return std::nullopt;
  if (node.quantity == Quantity::Depth) return depth_of(*state_, *context);
  if (node.quantity != Quantity::FreelistLength) return contribution(*state_, *context, node.quantity);
  const auto lengths = std::find_if(freelists_.begin(), freelists_.end(), [&](const FreelistLengths& known) {
    return known.freelist == static_cast<std::uint32_t>(node.number);
  });
  return freelist_length(*lengths);
}

bool ConditionWatch::matches(const ConditionNode& node, const EventFacts& facts) {
  const std::string& wanted = condition_->tree().texts[node.text];
  const ServerState& server = state_->server();
  if (node.quantity == Quantity::BackendName) {
    const BackendRecord* backend = server.backend(server.point.backend);
    return backend && compare_texts(node.comparison, backend->name, wanted);
  }
  if (node.quantity == Quantity::Relation) {
    const RelationRecord* relation = facts.has_page ? server.relation(facts.page) : nullptr;
    return relation && compare_texts(node.comparison, relation->name, wanted);
  }
  if (!facts.context) return false;
  const bool made = facts.tag == core::ContextCreated::kTag;
  const ContextRecord* context = record_of(*state_, facts.context);
  if (node.quantity == Quantity::KindName)
    return context && compare_texts(node.comparison, context_kind_name(context->kind), wanted);
  if (!context && !made) return false;
  const std::string_view name = made ? facts.text : printed_name(*context);
  if (node.quantity == Quantity::Context) return compare_texts(node.comparison, name, wanted);
  path_.clear();
  if (const ContextSlot parent = made ? facts.parent : context->parent) write_path(*state_, parent, path_);
  if (!path_.empty()) path_ += '/';
  path_ += name;
  return compare_texts(node.comparison, path_, wanted);
}

bool ConditionWatch::is_context(const ConditionNode& node, const EventFacts& facts) {
  // Of a context that was just deleted the record is no longer live; before the event it was.
  const auto born = static_cast<EventNumber>(node.number);
  if (facts.tag == core::ContextCreated::kTag) return facts.number == born;
  return facts.context && born_ == born;
}

bool ConditionWatch::concerns_chunk(const ConditionNode& node, const EventFacts& facts) {
  const Address at{static_cast<std::uint64_t>(node.number)};
  for (const Place& place : places_)
    if (place.at == at && place.dropped) return true;
  if (facts.tag == core::Realloc::kTag) return false;
  return facts.has_at && at >= facts.at && at - facts.at < std::max<std::uint64_t>(facts.span_bytes, 1);
}

bool ConditionWatch::became(const ConditionNode& node, bool now) { return now && befores_[node.term] == 0; }

bool ConditionWatch::changed(const ConditionNode& node, MaybeNumber now) {
  const MaybeNumber before = befores_[node.term];
  return before && now && compare_numbers(node.comparison, *now, *before);
}

}  // namespace palloscope::trace
