#include "trace/analysis/place_tracker.h"

#include <algorithm>
#include <utility>

#include "trace/analysis/chunk_header_bytes.h"
#include "trace/analysis/fault_list.h"

namespace palloscope::trace {

using core::BlockRole;

PlaceTracker::PlaceTracker(const Timeline& timeline, Address at, std::function<void(LifeSegment)> finished,
                           std::function<void(LifeMark)> marked)
    : timeline_(&timeline),
      profile_(core::find_profile(timeline.description().pg_major, timeline.description().checking)),
      at_(at),
      finished_(std::move(finished)),
      marked_(std::move(marked)) {}

void PlaceTracker::stand(EventNumber n, const MemoryState& state) {
  known_.clear();
  read(state);
  now_ = {};
  change(n, LifeCause::Start);
}

void PlaceTracker::stand_unmapped(EventNumber n) {
  known_.clear();
  region_ = {};
  chunk_ = {};
  now_ = {};
  change(n, LifeCause::Start);
}

void PlaceTracker::read(const MemoryState& state) {
  region_ = {};
  chunk_ = {};
  const BlockSlot slot = region_at(state, at_);
  const BlockRecord* block = state.block(slot);
  if (block == nullptr) return;
  region_ = {slot, block->at, block->bytes, block->role, block->header, block->free_start, {}};
  const ContextRecord* context = state.context(block->context);
  if (block->role == BlockRole::Recycled && block->last_context != 0) {
    const core::EventBody waits = timeline_->event(block->last_context);
    if (const auto* created = std::get_if<core::ContextCreated>(&waits)) region_.owner.name = created->name;
  }
  if (context == nullptr) return;
  region_.owner = {{block->context, context->born},
                   context->name,
                   profile_ != nullptr ? chunk_header_bytes(*profile_, context->kind) : 0};
  known_[block->context] = region_.owner;
  std::uint32_t left = block->chunk_count;
  for (ChunkSlot at = block->first_chunk; left != 0; --left) {
    const ChunkRecord& chunk = state.chunks()[at.value];
    if (block->role == BlockRole::External || in_chunk(chunk.at, chunk.granted_bytes)) {
      chunk_ = {at, chunk.at, chunk.requested_bytes, chunk.granted_bytes, chunk.born, chunk.state == ChunkState::Live};
      return;
    }
    at = chunk.next_in_block;
  }
}

bool PlaceTracker::in_chunk(Address at, std::uint64_t granted_bytes) const {
  const std::uint64_t header = region_.owner.header_bytes;
  return in(at - header, header + std::max<std::uint64_t>(granted_bytes, 1));
}

LifeUse PlaceTracker::use() const {
  if (!region_.slot) return LifeUse::Unmapped;
  switch (region_.role) {
    case BlockRole::Plain:
      return LifeUse::Plain;
    case BlockRole::Recycled:
      return LifeUse::Recycled;
    case BlockRole::Header:
      return LifeUse::Header;
    case BlockRole::Keeper:
    case BlockRole::Ordinary:
    case BlockRole::External:
      break;
  }
  if (at_ < region_.free_start) return LifeUse::Header;
  if (chunk_.slot && in_chunk(chunk_.at, chunk_.granted_bytes)) return chunk_.live ? LifeUse::Live : LifeUse::Free;
  return LifeUse::Rest;
}

// Something may have changed: one segment ends and another begins.
void PlaceTracker::change(EventNumber n, LifeCause cause, std::string name) {
  LifeSegment next;
  next.first = n;
  next.use = use();
  next.cause = cause;
  next.block = region_.slot;
  next.context = region_.owner.key;
  next.context_name = name.empty() ? region_.owner.name : std::move(name);
  if (next.use == LifeUse::Live || next.use == LifeUse::Free) {
    next.chunk = chunk_.slot;
    next.born = chunk_.born;
    next.at = chunk_.at;
    next.requested_bytes = core::requested_known(timeline_->description()) ? chunk_.requested_bytes : 0;
    next.granted_bytes = chunk_.granted_bytes;
  }
  awaits_source_ = false;
  if (cause != LifeCause::Start) {
    now_.last = n - 1;
    if (now_.last != 0 && now_.last >= now_.first) finished_(std::move(now_));
  }
  now_ = std::move(next);
}

void PlaceTracker::leave_context(EventNumber n, LifeCause cause) {
  std::string name = std::move(region_.owner.name);
  region_.role = BlockRole::Plain;
  region_.owner = {};
  region_.header = region_.free_start = {};
  chunk_ = {};
  change(n, cause, std::move(name));
}

PlaceTracker::Owner PlaceTracker::owner_at(EventNumber n, ContextSlot slot) {
  if (const auto found = known_.find(slot); found != known_.end()) return found->second;
  Owner owner;
  owner.key.slot = slot;
  timeline_->visit(n, n, [&](EventNumber, const core::EventBody&, const MemoryState& after) {
    const ContextRecord* context = after.context(slot);
    if (context == nullptr) return;
    owner = {
        {slot, context->born}, context->name, profile_ != nullptr ? chunk_header_bytes(*profile_, context->kind) : 0};
  });
  known_[slot] = owner;
  return owner;
}

bool PlaceTracker::can_skip(const BlockSummary& summary) const {
  const auto has_any = [&](auto... tags) { return (summary.has_kind(tags) || ...); };
  if (has_any(core::FaultFound::kTag, core::MemoryWritten::kTag)) return false;
  if (region_.owner.key.slot) return !summary.may_touch(region_.owner.key.slot);
  return !has_any(core::Malloc::kTag, core::Realloc::kTag, core::Free::kTag, core::BlockAdded::kTag,
                  core::ContextCreated::kTag, core::ContextRecycled::kTag);
}

void PlaceTracker::skip(const BlockSummary& summary) {
  if (!summary.has_kind(core::ContextCreated::kTag)) return;
  std::erase_if(known_, [&](const auto& entry) { return summary.may_touch(entry.first); });
}

// --- regions ----------------------------------------------------------------------------------------------------

void PlaceTracker::see(EventNumber n, const core::Malloc& e) {
  if (!in(e.at, e.bytes)) return;
  region_ = {e.block, e.at, e.bytes, BlockRole::Plain, {}, {}, {}};
  chunk_ = {};
  change(n, LifeCause::Malloc);
}

void PlaceTracker::see(EventNumber n, const core::Realloc& e) {
  if (e.block != region_.slot || !region_.slot) {
    if (!in(e.at, e.bytes)) return;
    timeline_->visit(n, n, [&](EventNumber, const core::EventBody&, const MemoryState& after) { read(after); });
    change(n, LifeCause::Realloc);
    now_.moved = n;
    return;
  }
  const std::uint64_t by = e.at - region_.at;  // modulo 2^64
  region_.at = e.at;
  region_.bytes = e.bytes;
  if (region_.role == BlockRole::External) {
    region_.header = region_.header + by;
    region_.free_start = region_.free_start + by;
    if (chunk_.slot) {
      chunk_.at = chunk_.at + by;
      chunk_.granted_bytes = e.at + e.bytes - chunk_.at;
    }
  }
  const bool left = !in(e.at, e.bytes);
  if (!left && by == 0) return;  // in place: what it is used for follows as ChunkResized
  if (left) {
    std::string name = std::move(region_.owner.name);
    region_ = {};
    chunk_ = {};
    change(n, LifeCause::Realloc, std::move(name));
  } else {
    change(n, LifeCause::Realloc);
  }
  if (by != 0) now_.moved = n;
}

void PlaceTracker::see(EventNumber n, const core::Free& e) {
  if (e.block != region_.slot || region_.owner.key.slot) return;
  region_ = {};
  chunk_ = {};
  change(n, LifeCause::MallocFree);
}

void PlaceTracker::see(EventNumber n, const core::BlockAdded& e) {
  if (e.block != region_.slot) return;
  region_.role = e.role;
  region_.header = e.header;
  region_.free_start = e.free_start;
  region_.owner = owner_at(n, e.context);
  chunk_ = {};
  if (use() == now_.use && region_.owner.key == now_.context) return;
  change(n, LifeCause::BlockAdded);
}

void PlaceTracker::see(EventNumber n, const core::BlockRemoved& e) {
  if (e.block == region_.slot && region_.owner.key.slot) leave_context(n, LifeCause::BlockLeft);
}

void PlaceTracker::see(EventNumber n, const core::BlockEmptied& e) {
  if (e.block != region_.slot) return;
  if (region_.role == BlockRole::External) region_.role = BlockRole::Ordinary;
  chunk_ = {};
  if (use() != now_.use) change(n, LifeCause::BlockEmptied);
}

// --- contexts ---------------------------------------------------------------------------------------------------

void PlaceTracker::see(EventNumber n, const core::ContextCreated& e) {
  const Owner owner{{e.context, n}, e.name, profile_ != nullptr ? chunk_header_bytes(*profile_, e.kind) : 0};
  known_[e.context] = owner;
  if (!e.region || e.region != region_.slot) return;
  region_.role = BlockRole::Header;
  region_.owner = owner;
  change(n, LifeCause::ContextCreated);
}

void PlaceTracker::see(EventNumber n, const core::ContextReset& e) {
  if (e.context != region_.owner.key.slot || !e.context) return;
  if (region_.role == BlockRole::Header) return;
  if (region_.role != BlockRole::Keeper) return leave_context(n, LifeCause::Reset);
  chunk_ = {};
  if (use() != now_.use) change(n, LifeCause::Reset);
}

void PlaceTracker::see(EventNumber n, const core::ContextDeleted& e) {
  if (e.context && e.context == region_.owner.key.slot) leave_context(n, LifeCause::Deleted);
  known_.erase(e.context);
}

void PlaceTracker::see(EventNumber n, const core::ContextRecycled& e) {
  if (e.region != region_.slot) return;
  region_.role = BlockRole::Recycled;
  // Who waits is the context whose end made the memory Plain.
  change(n, LifeCause::Recycled, now_.cause == LifeCause::Deleted ? now_.context_name : std::string());
}

// --- chunks -----------------------------------------------------------------------------------------------------

void PlaceTracker::see(EventNumber n, const core::ChunkAllocated& e) {
  if (e.cause == core::ChunkCause::Repalloc) moving_ = n;
  if (e.block != region_.slot || !region_.owner.key.slot) return;
  if (region_.role != BlockRole::External && !in_chunk(e.at, e.granted_bytes)) return;
  chunk_ = {e.chunk, e.at, e.requested_bytes, e.granted_bytes, n, true};
  if (!in_chunk(e.at, e.granted_bytes)) return;  // the header of a dedicated block
  change(n, e.origin == core::ChunkOrigin::Freelist ? LifeCause::Reused : LifeCause::Allocated);
  awaits_source_ = e.cause == core::ChunkCause::Repalloc;
}

void PlaceTracker::see(EventNumber n, const core::ChunkFreed& e) {
  const bool moves = e.cause == core::ChunkCause::Repalloc;
  if (moves && awaits_source_) {
    now_.moved = n;
    awaits_source_ = false;
  }
  if (!chunk_.slot || e.chunk != chunk_.slot || !chunk_.live) return;
  if (e.fate == core::ChunkFate::WithBlock) {
    leave_context(n, LifeCause::Freed);
  } else {
    chunk_.live = false;
    change(n, LifeCause::Freed);
  }
  if (!moves) return;
  // Where the stream was entered between the two halves, the other one is just before this one.
  if (moving_ == 0 && n > 1 && std::holds_alternative<core::ChunkAllocated>(timeline_->event(n - 1))) moving_ = n - 1;
  now_.moved = moving_;
}

void PlaceTracker::see(EventNumber n, const core::ChunkCarved& e) {
  if (e.block != region_.slot || !in_chunk(e.at, e.granted_bytes)) return;
  chunk_ = {e.chunk, e.at, 0, e.granted_bytes, n, false};
  change(n, LifeCause::Carved);
}

void PlaceTracker::see(EventNumber n, const core::ChunkResized& e) {
  if (!chunk_.slot || e.chunk != chunk_.slot) return;
  chunk_.requested_bytes = e.requested_bytes;
  chunk_.granted_bytes = e.granted_bytes;
  if (now_.use == LifeUse::Live || use() == LifeUse::Live) change(n, LifeCause::Resized);
}

// --- what happens within a segment ------------------------------------------------------------------------------

void PlaceTracker::mark(LifeMark mark, Address at, std::uint64_t bytes, bool about_chunk) {
  const bool has_chunk = now_.use == LifeUse::Live || now_.use == LifeUse::Free;
  const Address first = has_chunk ? chunk_.at : at_;
  const std::uint64_t length = has_chunk ? std::max<std::uint64_t>(chunk_.granted_bytes, 1) : 1;
  core::FaultFound range;
  range.at = at;
  range.bytes = bytes;
  if (about_chunk || concerns(range, first, length) || concerns(range, at_, 1)) marked_(mark);
}

void PlaceTracker::see(EventNumber n, const core::MemoryWritten& e) {
  if (!e.bytes.empty()) mark({n, {}}, e.at, e.bytes.size(), false);
}

void PlaceTracker::see(EventNumber n, const core::FaultFound& e) {
  mark({n, e.kind}, e.at, e.bytes, e.born != 0 && chunk_.slot && e.born == chunk_.born);
}

}  // namespace palloscope::trace
