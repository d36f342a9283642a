#include "trace/query/condition_watch.h"

#include <algorithm>

#include "trace/analysis/context_counters.h"
#include "trace/analysis/fault_list.h"
#include "trace/query/event_lookup.h"

namespace palloscope::trace {
namespace {

using namespace core;

// Kinds that change which contexts a sum is over, or what those hold.
constexpr KindSet kOfContexts = KindSet::range(1, 59) | KindSet{ContextReported::kTag, ContextsOmitted::kTag};
constexpr KindSet kOfRegions = {Malloc::kTag, Realloc::kTag, Free::kTag};

}  // namespace

ConditionWatch::ConditionWatch(const Condition& condition, const VersionProfile* profile)
    : condition_(&condition), profile_(profile), wanted_(condition.kinds()) {
  const ConditionTree& tree = condition.tree();
  befores_.resize(tree.befores);
  for (const ConditionSum& sum : tree.sums) sums_.push_back({sum, 0, {}});
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const ConditionNode& node = tree.nodes[i];
    const auto index = static_cast<std::uint16_t>(i);
    if (node.sort == NodeSort::Sum) wanted_ = wanted_ | kOfContexts;
    if (node.sort == NodeSort::Chunk) {
      wanted_ = wanted_ | kOfRegions;
      places_.push_back({index, {static_cast<std::uint64_t>(node.number)}, {}, false});
    }
    // The root may stand there twice: once where it was made, and last.
    const bool is_edge = node.sort == NodeSort::Became || node.sort == NodeSort::Changed;
    if (is_edge && std::none_of(edges_.begin(), edges_.end(),
                                [&](std::uint16_t edge) { return tree.nodes[edge].term == node.term; }))
      edges_.push_back(index);
    if (node.sort == NodeSort::Field && node.quantity == Quantity::FreelistLength) {
      wanted_ = wanted_ | kOfContexts;
      const auto freelist = static_cast<std::uint32_t>(node.number);
      if (std::none_of(freelists_.begin(), freelists_.end(),
                       [&](const FreelistLengths& known) { return known.freelist == freelist; })) {
        freelists_.emplace_back();
        freelists_.back().freelist = freelist;
      }
    }
  }
}

void ConditionWatch::stand(const MemoryState& state) {
  for (Sum& sum : sums_) choose_members(state, sum);
  for (FreelistLengths& lengths : freelists_) lengths.by_slot.clear();
  for (Place& place : places_) place.region = region_at(state, place.at);
}

// --- before the event -------------------------------------------------------------------------------------------

void ConditionWatch::remember(const MemoryState& state) {
  state_ = &state;
  look_up(facts_, state);
  const ContextRecord* context = state.context(facts_.context);
  born_ = context ? context->born : 0;
  const ConditionTree& tree = condition_->tree();
  if (condition_->kinds().has(facts_.tag)) {
    for (const std::uint16_t edge : edges_) {
      const ConditionNode& node = tree.nodes[edge];
      if (!node.kinds.has(facts_.tag)) continue;
      missed_ = false;
      const ConditionNode& of = tree.nodes[node.left];
      if (node.sort == NodeSort::Changed) {
        befores_[node.term] = number_of(tree, of, facts_, this);
      } else {
        // What was not there before did not become otherwise.
        const bool held = is_true(tree, of, facts_, this);
        befores_[node.term] = held || missed_ ? 1 : 0;
      }
    }
  }
  for (FreelistLengths& lengths : freelists_) {
    lengths.head_before = context ? context->freelist[lengths.freelist] : ChunkSlot{};
  }
  if (touched_count_ != 0) add_to_sums(state, true);
  for (Place& place : places_) {
    place.dropped = false;
    const BlockRecord* region = state.block(place.region);
    if (!region) continue;
    const bool whole = facts_.tag == ContextReset::kTag || facts_.tag == ContextDeleted::kTag;
    const bool one =
        facts_.tag == BlockRemoved::kTag || facts_.tag == BlockEmptied::kTag || facts_.tag == ChunkFreed::kTag;
    const bool goes =
        whole ? region->context && region->context == facts_.context : one && facts_.block == place.region;
    place.dropped = goes && facts_.tag != ChunkFreed::kTag && drops_chunk(place.at);
  }
}

// Whether a chunk holds the address: looked for only where all chunks of its block go.
bool ConditionWatch::drops_chunk(Address at) const {
  for (const Place& place : places_) {
    const BlockRecord* region = place.at == at ? state_->block(place.region) : nullptr;
    if (!region) continue;
    std::uint32_t left = region->chunk_count;
    for (ChunkSlot slot = region->first_chunk; left != 0; --left) {
      const ChunkRecord& chunk = state_->chunks()[slot.value];
      if (at >= chunk.at && at - chunk.at < std::max<std::uint64_t>(chunk.granted_bytes, 1)) return true;
      slot = chunk.next_in_block;
    }
  }
  return false;
}

// --- after the event --------------------------------------------------------------------------------------------

bool ConditionWatch::after(const MemoryState& state) {
  state_ = &state;
  if (condition_->needs_state()) {
    if (touched_count_ != 0) add_to_sums(state, false);
    if (!freelists_.empty()) follow_freelists(state);
    if (!places_.empty()) follow_region(state);
  }
  return condition_->kinds().has(facts_.tag) && is_true(condition_->tree(), condition_->tree().root(), facts_, this);
}

void ConditionWatch::follow_region(const MemoryState& state) {
  if (!kOfRegions.has(facts_.tag)) return;
  const BlockRecord* region = state.block(facts_.block);
  for (Place& place : places_) {
    if (place.region == facts_.block) place.region = {};
    if (region && place.at >= region->at && place.at < region->end()) place.region = facts_.block;
  }
}

void ConditionWatch::follow_freelists(const MemoryState& state) {
  const ContextRecord* context = state.context(facts_.context);
  for (FreelistLengths& lengths : freelists_) {
    if (facts_.context.value >= lengths.by_slot.size()) continue;
    FreelistLengths::Known& known = lengths.by_slot[facts_.context.value];
    if (known.born == 0) continue;
    if (!context || context->born != known.born) {
      known.born = 0;
      continue;
    }
    const ChunkSlot head = context->freelist[lengths.freelist];
    if (head == lengths.head_before) continue;
    if (!head) {
      known.length = 0;
    } else if (facts_.tag == ChunkFreed::kTag || facts_.tag == ChunkCarved::kTag) {
      ++known.length;
    } else if (facts_.tag == ChunkAllocated::kTag) {
      --known.length;
    } else {
      known.born = 0;
    }
  }
}

MaybeNumber ConditionWatch::freelist_length(FreelistLengths& lengths) {
  const ContextRecord* context = state_->context(facts_.context);
  if (!context) return std::nullopt;
  if (facts_.context.value >= lengths.by_slot.size()) lengths.by_slot.resize(state_->contexts().size());
  FreelistLengths::Known& known = lengths.by_slot[facts_.context.value];
  if (known.born != context->born) {
    known = {context->born, 0};
    for (ChunkSlot slot = context->freelist[lengths.freelist]; slot && known.length < context->free_chunk_count;
         slot = state_->chunks()[slot.value].next_free)
      ++known.length;
  }
  return known.length;
}

// --- sums -------------------------------------------------------------------------------------------------------

namespace {

bool is_called(const ContextRecord& context, std::string_view name) {
  return context.name == name || (context.name == "dynahash" && context.ident && *context.ident == name);
}

// Whether the context's path ends in `path`: "ExecutorState", or "PortalContext/ExecutorState".
bool ends_in(const MemoryState& state, const ContextRecord* context, std::string_view path) {
  if (is_called(*context, path)) return true;  // also: a name with a / in it
  while (context) {
    const std::size_t slash = path.rfind('/');
    const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!is_called(*context, last)) return false;
    if (slash == std::string_view::npos) return true;
    path = path.substr(0, slash);
    context = state.context(context->parent);
  }
  return false;
}

}  // namespace

bool ConditionWatch::is_member(const MemoryState& state, const Sum& sum, ContextSlot slot) const {
  const ContextRecord* context = state.context(slot);
  return context && ends_in(state, context, condition_->tree().texts[sum.what.text]);
}

std::int64_t ConditionWatch::contribution(const MemoryState& state, const ContextRecord& context,
                                          Quantity quantity) const {
  switch (quantity) {
    case Quantity::Count:
      return 1;
    case Quantity::Requested:
      return saturated(context.requested_bytes);
    case Quantity::Chunks:
      return context.live_chunk_count;
    default:
      break;
  }
  const ReportedCounters counters = context_counters(state, context, profile_);
  switch (quantity) {
    case Quantity::Total:
      return saturated(counters.total_bytes);
    case Quantity::Used:
      return saturated(counters.used_bytes);
    case Quantity::Free:
      return saturated(counters.free_bytes);
    case Quantity::FreeChunks:
      return saturated(counters.free_chunks);
    default:
      return saturated(counters.blocks);
  }
}

void ConditionWatch::choose_members(const MemoryState& state, Sum& sum) {
  sum.value = 0;
  sum.members.assign(state.contexts().size(), false);
  for (std::uint32_t i = 0; i < state.contexts().size(); ++i) {
    if (!is_member(state, sum, {i})) continue;
    sum.members[i] = true;
    sum.value = saturating(NodeSort::Plus, sum.value, contribution(state, state.contexts()[i], sum.what.quantity));
  }
}

void ConditionWatch::add_to_sums(const MemoryState& state, bool subtract) {
  const bool renames = facts_.tag == ContextIdentSet::kTag || facts_.tag == ContextReparented::kTag;
  for (Sum& sum : sums_) {
    if (renames && !subtract) {
      choose_members(state, sum);
      continue;
    }
    if (facts_.tag == ContextCreated::kTag && !subtract && state.context(facts_.context)) {
      if (sum.members.size() < state.contexts().size()) sum.members.resize(state.contexts().size());
      sum.members[facts_.context.value] = is_member(state, sum, facts_.context);
    }
    for (std::size_t i = 0; i < touched_count_; ++i) {
      const ContextSlot slot = touched_[i];
      if (slot.value >= sum.members.size() || !sum.members[slot.value]) continue;
      const ContextRecord* context = state.context(slot);
      if (!context) {
        sum.members[slot.value] = false;
        continue;
      }
      sum.value = saturating(subtract ? NodeSort::Minus : NodeSort::Plus, sum.value,
                             contribution(state, *context, sum.what.quantity));
    }
  }
}

}  // namespace palloscope::trace
