#include "trace/compare/call_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace palloscope::trace {
namespace {

using core::Address;
using core::ChunkSlot;
using core::ContextSlot;

}  // namespace

core::Status check_has_calls(const core::StreamDescription& description) {
  if (core::has_moments(description.source))
    return core::Error{core::ErrorCode::Unsupported,
                       "a dump or snapshot tells what was there, not calls: there is nothing to run again. Compare "
                       "recordings (.pscope) or "
                       "scenarios (.lua)"};
  return core::Done{};
}

bool CallStream::stop(std::string why) {
  stopped_ = fmt::format("event {} {}", event_, why);
  return false;
}

bool CallStream::make(ProgramCall call) {
  if (moved_to_) return stop("comes between the two halves of a repalloc");
  if (event_ > CallMarks::kMostEvents) return stop("is too far: comparisons end after 4,294,967,295 events");
  if (marks_.size() == most_calls_)
    return stop(fmt::format("is behind the {}th call; comparisons end there", most_calls_));
  if (call.event == 0) call.event = event_;
  if (fails_from_ != 0) call.malloc_fails_from = std::exchange(fails_from_, 0);
  if (call.kind != CallKind::StartProcess) start_ = Start::Done;
  marks_.add(event_);
  take_(call);
  return true;
}

bool CallStream::read(const core::EventBody& event, const MemoryState& after) {
  ++event_;
  if (!stopped_.empty()) return false;
  if (after.fault_count() != 0) {
    if (std::holds_alternative<core::ChunkFreed>(event))
      return stop("frees what is not allocated: what follows depends on a corrupt heap");
    return stop("cannot be what a correct process did: what follows depends on a corrupt heap");
  }
  if (pending_) settle_malloc(&event);
  return std::visit([this](const auto& e) { return on(e); }, event);
}

bool CallStream::flush() { return pending_ && stopped_.empty() && settle_malloc(nullptr); }

// A region that a context takes is the allocator's doing; it is taken by the very next event.
bool CallStream::settle_malloc(const core::EventBody* next) {
  const PendingMalloc pending = *std::exchange(pending_, std::nullopt);
  RegionRecord& record = region(pending.block);
  const auto takes = [&](core::BlockSlot slot) { return slot == pending.block; };
  if (next != nullptr) {
    const auto* created = std::get_if<core::ContextCreated>(next);
    const auto* added = std::get_if<core::BlockAdded>(next);
    if ((created != nullptr && takes(created->region)) || (added != nullptr && takes(added->block))) {
      record.owner = Region::Context;
      return false;
    }
  }
  record.owner = Region::Own;
  own_at_[record.at] = record.bytes;
  requested_ += record.bytes;
  ProgramCall call{.kind = CallKind::Malloc, .event = pending.event, .region = pending.block, .bytes = record.bytes};
  const core::EventNumber now = std::exchange(event_, pending.event);
  const bool made = make(call);
  event_ = now;
  return made;
}

CallStream::RegionRecord& CallStream::region(core::BlockSlot slot) {
  if (slot.value >= regions_.size()) regions_.resize(std::size_t{slot.value} + 1);
  return regions_[slot.value];
}

void CallStream::add_chunk(ChunkSlot slot, const ChunkRecord& record) {
  if (slot.value >= chunks_.size()) chunks_.resize(std::size_t{slot.value} + 1);
  auto& list = contexts_[record.context.value].chunks;
  ChunkRecord& chunk = chunks_[slot.value];
  chunk = record;
  chunk.live = true;
  chunk.place = static_cast<std::uint32_t>(list.size());
  list.push_back(slot);
  chunk_at_[record.at] = slot;
  requested_ += record.requested;
}

void CallStream::drop_chunk(ChunkSlot slot) {
  ChunkRecord& chunk = chunks_[slot.value];
  auto& list = contexts_[chunk.context.value].chunks;
  list[chunk.place] = list.back();
  chunks_[list[chunk.place].value].place = chunk.place;
  list.pop_back();
  chunk.live = false;
  chunk_at_.erase(chunk.at);
  requested_ -= chunk.requested;
}

// --- contexts -------------------------------------------------------------------------------------------------

template <class E>
bool CallStream::on(const E&) {
  fails_from_ = 0;  // a malloc of C's own failed, or the creation of a context: no call remembers it
  return false;
}

bool CallStream::on(const core::ContextCreated& e) {
  if (e.kind == core::ContextKind::Unknown || !e.context || (e.parent && !knows(e.parent)))
    return stop("creates a context of which too little is known to create it again");
  if (e.context.value >= contexts_.size()) contexts_.resize(std::size_t{e.context.value} + 1);
  contexts_[e.context.value] = {true, e.kind, {}};
  if (e.region) region(e.region).owner = Region::Context;
  const std::uint32_t ordinal = ordinal_++;
  if (start_ == Start::Switched && e.parent == top_ && e.name == "ErrorContext") {
    start_ = Start::Error;
    error_ = e.context;
    take_({.kind = CallKind::StartErrorContext, .event = event_, .context = e.context, .ordinal = ordinal});
    return continues();
  }
  const bool starts = start_ == Start::NotYet && !e.parent;
  if (starts) {
    start_ = Start::Top;
    top_ = e.context;
  }
  return make({.kind = starts ? CallKind::StartProcess : CallKind::CreateContext,
               .context = e.context,
               .other = e.parent,
               .ordinal = ordinal,
               .created = &e});
}

bool CallStream::drop_all(ContextSlot slot, CallKind kind) {
  if (!knows(slot)) return stop("resets or deletes a context that is not there");
  dropped_ = std::move(contexts_[slot.value].chunks);
  contexts_[slot.value].chunks.clear();
  for (const ChunkSlot chunk : dropped_) {
    chunks_[chunk.value].live = false;
    chunk_at_.erase(chunks_[chunk.value].at);
    requested_ -= chunks_[chunk.value].requested;
  }
  ProgramCall call{.kind = kind, .context = slot};
  call.dropped = dropped_;
  return make(call);
}

bool CallStream::on(const core::ContextReset& e) { return drop_all(e.context, CallKind::ResetContext); }

bool CallStream::on(const core::ContextDeleted& e) {
  const bool made = drop_all(e.context, CallKind::DeleteContext);
  if (made) contexts_[e.context.value].live = false;
  return made;
}

bool CallStream::on(const core::ContextRecycled&) { return continues(); }

bool CallStream::on(const core::ContextReparented& e) {
  if (!knows(e.context) || (e.parent && !knows(e.parent))) return stop("moves a context that is not there");
  return make({.kind = CallKind::SetParent, .context = e.context, .other = e.parent});
}

bool CallStream::on(const core::ContextIdentSet& e) {
  if (!knows(e.context)) return stop("names a context that is not there");
  ProgramCall call{.kind = CallKind::SetIdentifier, .context = e.context};
  call.ident = &e.ident;
  return make(call);
}

bool CallStream::on(const core::ContextSwitched& e) {
  if (!knows(e.context)) return stop("switches to a context that is not there");
  if (start_ == Start::Top && e.context == top_) {
    start_ = Start::Switched;
    return continues();
  }
  return make({.kind = CallKind::SwitchTo, .context = e.context});
}

bool CallStream::on(const core::CritSectionAllowed& e) {
  if (!knows(e.context)) return stop("speaks of a context that is not there");
  if (start_ == Start::Error && e.context == error_) {
    start_ = Start::Done;
    return continues();
  }
  ProgramCall call{.kind = CallKind::AllowInCriticalSection, .context = e.context};
  call.allowed = e.allowed;
  return make(call);
}

bool CallStream::on(const core::CallbackRegistered& e) {
  if (!knows(e.context)) return stop("registers a callback for a context that is not there");
  ProgramCall call{.kind = CallKind::RegisterCallback, .context = e.context};
  call.callback = e.callback;
  return make(call);
}

// --- regions --------------------------------------------------------------------------------------------------

bool CallStream::on(const core::Malloc& e) {
  region(e.block) = {.at = e.at, .bytes = e.bytes};
  pending_ = PendingMalloc{e.block, event_};
  return false;
}

bool CallStream::on(const core::MallocFailed& e) {
  fails_from_ = fails_from_ == 0 ? e.bytes : std::min(fails_from_, e.bytes);
  return false;
}

bool CallStream::on(const core::Realloc& e) {
  RegionRecord& record = region(e.block);
  const Address was = std::exchange(record.at, e.at);
  const std::uint64_t old_bytes = std::exchange(record.bytes, e.bytes);
  if (record.owner == Region::Own) {
    own_at_.erase(was);
    own_at_[e.at] = e.bytes;
    requested_ += e.bytes - old_bytes;
    return make({.kind = CallKind::Realloc, .region = e.block, .bytes = e.bytes, .old_bytes = old_bytes});
  }
  if (record.chunk && record.chunk.value < chunks_.size() && chunks_[record.chunk.value].live) {
    ChunkRecord& chunk = chunks_[record.chunk.value];
    chunk_at_.erase(chunk.at);
    chunk.at = e.at + (chunk.at - was);
    chunk_at_[chunk.at] = record.chunk;
  }
  return false;
}

bool CallStream::on(const core::Free& e) {
  RegionRecord record = std::exchange(region(e.block), {});
  if (record.owner != Region::Own) return continues();
  own_at_.erase(record.at);
  requested_ -= record.bytes;
  return make({.kind = CallKind::Free, .region = e.block, .old_bytes = record.bytes});
}

bool CallStream::on(const core::BlockAdded& e) {
  RegionRecord& record = region(e.block);
  record.owner = Region::Context;
  record.context = e.context;
  record.external = e.role == core::BlockRole::External;
  // A keeper comes with its context; other blocks with the palloc that follows.
  return (e.role == core::BlockRole::Keeper || e.role == core::BlockRole::Header) && continues();
}
bool CallStream::on(const core::BlockRemoved&) { return continues(); }
bool CallStream::on(const core::BlockEmptied& e) {
  region(e.block).external = false;
  return continues();
}

// --- chunks ---------------------------------------------------------------------------------------------------

bool CallStream::on(const core::ChunkAllocated& e) {
  RegionRecord& block = region(e.block);
  if (!e.chunk || !knows(block.context)) return stop("allocates in a block that is not known");
  if (e.chunk.value < chunks_.size() && chunks_[e.chunk.value].live)
    return stop("hands out a chunk that is in use already: the heap is corrupt, and its calls cannot be told");
  if (moved_to_) return stop("comes between the two halves of a repalloc");
  if (block.external) block.chunk = e.chunk;
  add_chunk(e.chunk, {.external = block.external,
                      .at = e.at,
                      .requested = e.requested_bytes,
                      .granted = e.granted_bytes,
                      .context = block.context});
  if (e.cause == core::ChunkCause::Repalloc) {
    moved_to_ = e.chunk;  // the call is whole when the old chunk is freed
    return false;
  }
  return make({.kind = CallKind::Palloc, .context = block.context, .chunk = e.chunk, .bytes = e.requested_bytes});
}

bool CallStream::on(const core::ChunkFreed& e) {
  if (e.chunk.value >= chunks_.size() || !chunks_[e.chunk.value].live)
    return stop("frees what is not allocated: what follows depends on a corrupt heap");
  if (moved_to_ == e.chunk) return stop("frees the chunk that a repalloc has just made");
  const ChunkRecord old = chunks_[e.chunk.value];
  drop_chunk(e.chunk);
  if (!moved_to_)
    return make({.kind = CallKind::Pfree, .context = old.context, .chunk = e.chunk, .old_bytes = old.requested});
  const ChunkSlot moved = std::exchange(moved_to_, {});
  const std::uint64_t bytes = chunks_[moved.value].requested;
  // repalloc moves a chunk only to make it larger, and realloc's an AllocSet's dedicated block.
  const bool as_new =
      bytes <= old.granted || (old.external && contexts_[old.context.value].kind == core::ContextKind::AllocSet);
  return make({.kind = CallKind::Repalloc,
               .context = old.context,
               .chunk = moved,
               .old_chunk = e.chunk,
               .bytes = bytes,
               .old_bytes = old.requested,
               .as_new = as_new});
}

bool CallStream::on(const core::ChunkResized& e) {
  if (e.chunk.value >= chunks_.size() || !chunks_[e.chunk.value].live)
    return stop("resizes what is not allocated: what follows depends on a corrupt heap");
  ChunkRecord& chunk = chunks_[e.chunk.value];
  const std::uint64_t old_bytes = std::exchange(chunk.requested, e.requested_bytes);
  chunk.granted = e.granted_bytes;
  requested_ += e.requested_bytes - old_bytes;
  return make({.kind = CallKind::Repalloc,
               .context = chunk.context,
               .chunk = e.chunk,
               .old_chunk = e.chunk,
               .bytes = e.requested_bytes,
               .old_bytes = old_bytes});
}

// Writes into what the program owns change nothing for its allocator.
bool CallStream::on(const core::MemoryWritten& e) {
  const Address end = e.at + e.bytes.size();
  auto chunk = chunk_at_.upper_bound(e.at);
  if (chunk != chunk_at_.begin()) {
    --chunk;
    if (end <= chunk->first + chunks_[chunk->second.value].granted) return false;
  }
  auto own = own_at_.upper_bound(e.at);
  if (own != own_at_.begin()) {
    --own;
    if (end <= own->first + own->second) return false;
  }
  return stop("writes outside of what was allocated: what follows depends on the bytes that it tramples");
}

// A repalloc that failed has changed nothing; a palloc may have cut up the rest of a block before.
bool CallStream::on(const core::ReallocFailed&) {
  realloc_failed_ = true;
  return false;
}

bool CallStream::on(const core::AllocationFailed& e) {
  if (std::exchange(realloc_failed_, false)) return false;
  if (!knows(e.context)) return stop("allocates in a context that is not there");
  return make({.kind = CallKind::FailedPalloc, .context = e.context, .bytes = e.requested_bytes});
}

bool CallStream::on(const core::ContextReported&) {
  return stop("reports sums of a context whose chunks are not known: there is nothing to run again");
}
bool CallStream::on(const core::ContextsOmitted&) { return stop("leaves contexts out: there is nothing to run again"); }

}  // namespace palloscope::trace
