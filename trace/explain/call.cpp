#include "trace/explain/call.h"

#include <algorithm>

#include "trace/analysis/slab_shape.h"
#include "trace/explain/server_call.h"

namespace palloscope::trace {
namespace {

using namespace core;

template <class E>
const E* as(const EventBody* body) {
  return body == nullptr ? nullptr : std::get_if<E>(body);
}

// The block of an event that speaks of one chunk or block.
BlockSlot block_of(const EventBody& body) {
  if (const auto* e = as<ChunkAllocated>(&body)) return e->block;
  if (const auto* e = as<BlockAdded>(&body)) return e->block;
  if (const auto* e = as<BlockRemoved>(&body)) return e->block;
  if (const auto* e = as<BlockMoved>(&body)) return e->block;
  if (const auto* e = as<Malloc>(&body)) return e->block;
  if (const auto* e = as<Free>(&body)) return e->block;
  return {};
}

// Whether `next` goes on with the call that `last` belongs to; `earlier` is the event before `last`, null if not known.
struct GoesOn {
  const EventBody* earlier;
  const EventBody& next;

  template <class... Kinds>
  bool next_is() const {
    return (std::holds_alternative<Kinds>(next) || ...);
  }
  bool same_block(const EventBody& last) const { return block_of(next) == block_of(last); }

  bool operator()(const ChunkCarved&) const { return next_is<ChunkCarved, NextBlockSizeSet, Malloc, MallocFailed>(); }
  bool operator()(const NextBlockSizeSet&) const { return next_is<Malloc, MallocFailed>(); }
  bool operator()(const MallocFailed&) const {
    return next_is<Malloc, MallocFailed, AllocationFailed, Output, ErrorReported, FaultFound>();
  }
  bool operator()(const Malloc& e) const {
    if (const auto* created = as<ContextCreated>(&next)) return created->region == e.block;
    return next_is<BlockAdded>() && same_block(e);
  }
  bool operator()(const ContextCreated& e) const {
    const auto* added = as<BlockAdded>(&next);
    return added != nullptr && added->role == BlockRole::Keeper && added->context == e.context;
  }
  bool operator()(const BlockAdded& e) const {
    return e.role != BlockRole::Keeper && next_is<ChunkAllocated>() && same_block(e);
  }
  bool operator()(const ChunkAllocated& e) const {
    if (const auto* freed = as<ChunkFreed>(&next))
      return e.cause == ChunkCause::Repalloc && freed->cause == ChunkCause::Repalloc;
    return next_is<BlockMoved>() && same_block(e);
  }
  bool operator()(const ChunkFreed& e) const {
    if (next_is<Free>()) return e.fate == ChunkFate::WithBlock;
    return next_is<BlockRemoved, BlockEmptied, BlockMoved>();
  }
  // Slab moves a block before it takes a chunk (from its cache of empty blocks) or behind that; into the cache last.
  bool operator()(const BlockMoved& e) const {
    if (!same_block(e)) return false;
    if (next_is<BlockMoved>()) return e.list != kSlabEmptyList;
    if (next_is<BlockRemoved>()) return true;
    const auto* moved = as<BlockMoved>(earlier);
    return next_is<ChunkAllocated>() && as<ChunkAllocated>(earlier) == nullptr && as<ChunkFreed>(earlier) == nullptr &&
           (moved == nullptr || moved->list == kSlabEmptyList);
  }
  bool operator()(const BlockRemoved& e) const { return next_is<Free>() && same_block(e); }
  bool operator()(const Realloc&) const { return next_is<ChunkResized>(); }
  bool operator()(const ReallocFailed&) const { return next_is<AllocationFailed>(); }
  bool operator()(const CallbackRun&) const { return next_is<CallbackRun, ContextReset, ContextDeleted>(); }
  bool operator()(const ContextReset&) const { return next_is<Free>(); }
  bool operator()(const ContextDeleted&) const { return next_is<Free, ContextRecycled>(); }
  bool operator()(const Free&) const { return next_is<Free, ContextRecycled>() && !ends_here(); }
  bool operator()(const AllocationFailed&) const { return next_is<Output, ErrorReported, FaultFound>(); }
  bool operator()(const FaultFound&) const { return next_is<ErrorReported, Output>(); }
  bool operator()(const Output&) const { return next_is<ErrorReported>(); }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }

  // A free() that ends a call by itself: of a chunk with its block, of one block.
  bool ends_here() const {
    if (as<BlockRemoved>(earlier) != nullptr) return true;
    const auto* freed = as<ChunkFreed>(earlier);
    return freed != nullptr && freed->fate == ChunkFate::WithBlock;
  }
};

bool goes_on(const EventBody* earlier, const EventBody& last, const EventBody& next) {
  return std::visit(GoesOn{earlier, next}, last);
}

bool begins_frees(const EventBody& body) {
  return as<ContextReset>(&body) != nullptr || as<ContextDeleted>(&body) != nullptr ||
         as<BlockRemoved>(&body) != nullptr || as<ChunkFreed>(&body) != nullptr;
}

}  // namespace

Call call_around(const Timeline& timeline, EventNumber n) {
  const EventNumber reach = is_server_step(timeline.event(n)) ? kServerCallReach : kCallReach;
  const EventNumber from = n > reach + 1 ? n - reach - 1 : 1;
  const EventNumber to = std::min(timeline.size(), n + reach);
  std::vector<EventBody> events;
  for (EventNumber i = from; i <= to; ++i) events.push_back(timeline.event(i));
  const auto earlier = [&](std::size_t i) { return i == 0 ? nullptr : &events[i - 1]; };

  const auto at = static_cast<std::size_t>(n - from);
  std::size_t first = at, last = at;
  while (first > 0 && goes_on(earlier(first - 1), events[first - 1], events[first])) --first;
  while (last + 1 < events.size() && goes_on(earlier(last), events[last], events[last + 1])) ++last;
  // Free() calls of the program itself stand alone, however many follow each other.
  if (as<Free>(&events[first]) != nullptr && !begins_frees(events[first])) first = last = at;
  if (first == last) {
    if (const auto range = server_call_at(events, at)) {
      first = range->first;
      last = range->last;
    }
  }

  Call call;
  call.first = from + first;
  call.at = at - first;
  for (std::size_t i = first; i <= last; ++i) call.events.push_back(std::move(events[i]));
  return call;
}

}  // namespace palloscope::trace
