#include "trace/explain/explain.h"

#include <algorithm>
#include <optional>

#include "trace/explain/card_maker.h"
#include "trace/explain/cards_seen.h"

namespace palloscope::trace {
namespace {

using namespace core;

// How an effect is called in the list of its call's effects.
struct Label {
  Sentence operator()(const Malloc& e) const { return {"why.effect.malloc", {bytes_value("bytes", e.bytes)}}; }
  Sentence operator()(const MallocFailed& e) const {
    return {"why.effect.malloc_failed", {bytes_value("bytes", e.bytes)}};
  }
  Sentence operator()(const Realloc& e) const { return {"why.effect.realloc", {bytes_value("bytes", e.bytes)}}; }
  Sentence operator()(const ReallocFailed& e) const {
    return {"why.effect.malloc_failed", {bytes_value("bytes", e.bytes)}};
  }
  Sentence operator()(const Free&) const { return {"why.effect.free", {}}; }
  Sentence operator()(const BlockAdded& e) const {
    return {e.role == BlockRole::Keeper ? "why.effect.keeper" : "why.effect.block",
            {bytes_value("bytes", e.accounted_bytes)}};
  }
  Sentence operator()(const BlockRemoved&) const { return {"why.effect.block_removed", {}}; }
  Sentence operator()(const BlockEmptied&) const { return {"why.effect.block_emptied", {}}; }
  Sentence operator()(const BlockMoved& e) const { return {"why.effect.block_moved", {count_value("list", e.list)}}; }
  Sentence operator()(const BlockReported&) const { return {"why.effect.block_reported", {}}; }
  Sentence operator()(const NextBlockSizeSet& e) const { return {"why.effect.next", {bytes_value("bytes", e.bytes)}}; }
  Sentence operator()(const ChunkCarved& e) const {
    return {"why.effect.carved", {bytes_value("bytes", e.granted_bytes)}};
  }
  Sentence operator()(const ChunkAllocated& e) const {
    return {"why.effect.chunk", {bytes_value("bytes", e.granted_bytes)}};
  }
  Sentence operator()(const ChunkFreed&) const { return {"why.effect.freed", {}}; }
  Sentence operator()(const ChunkResized& e) const {
    return {"why.effect.resized", {bytes_value("bytes", e.requested_bytes)}};
  }
  Sentence operator()(const ContextCreated&) const { return {"why.effect.created", {}}; }
  Sentence operator()(const ContextReset&) const { return {"why.effect.reset", {}}; }
  Sentence operator()(const ContextDeleted&) const { return {"why.effect.deleted", {}}; }
  Sentence operator()(const ContextRecycled& e) const { return {"why.effect.recycled", {count_value("list", e.list)}}; }
  Sentence operator()(const CallbackRun&) const { return {"why.effect.callback", {}}; }
  Sentence operator()(const AllocationFailed&) const { return {"why.effect.failed", {}}; }
  Sentence operator()(const ErrorReported&) const { return {"why.effect.error", {}}; }
  Sentence operator()(const FaultFound&) const { return {"why.effect.fault", {}}; }
  Sentence operator()(const Output&) const { return {"why.effect.output", {}}; }
  template <class Other>
  Sentence operator()(const Other&) const {
    return {"why.effect.other", {}};
  }
};

// What the whole call is.
Sentence call_title(const Call& call, const std::string& context) {
  const NamedValue name = text_value("name", context);
  const auto* allocated = call.find<ChunkAllocated>();
  if (allocated != nullptr && allocated->cause == ChunkCause::Repalloc)
    return {"why.call.repalloc", {bytes_value("asked", allocated->requested_bytes), name}};
  if (allocated != nullptr) return {"why.call.palloc", {bytes_value("asked", allocated->requested_bytes), name}};
  if (const auto* resized = call.find<ChunkResized>())
    return {"why.call.repalloc", {bytes_value("asked", resized->requested_bytes), name}};
  if (const auto* failed = call.find<AllocationFailed>())
    return {"why.call.palloc", {bytes_value("asked", failed->requested_bytes), name}};
  if (call.find<ContextCreated>() != nullptr) return {"why.call.create", {name}};
  if (call.find<ContextReset>() != nullptr) return {"why.call.reset", {name}};
  if (call.find<ContextDeleted>() != nullptr) return {"why.call.delete", {name}};
  if (call.find<ChunkFreed>() != nullptr) return {"why.call.pfree", {name}};
  return {"why.call.other", {}};
}

template <class Slot, class Record>
CardLink<Slot> link(Slot slot, const Record* record) {
  return record == nullptr ? CardLink<Slot>{} : CardLink<Slot>{slot, record->born};
}

// The buffer that the event is about; of a request's first steps the one that it leads to.
BufferSlot linked_buffer(const Call& call, const Subject& subject, const ServerState& server) {
  BufferSlot slot = subject.server.buffer;
  if (const auto* found = call.find<PageLookedUp>(); !slot && found != nullptr) slot = found->buffer;
  if (const auto* tagged = call.find<BufferTagged>(); !slot && tagged != nullptr) slot = tagged->buffer;
  return server.buffer(slot) != nullptr ? slot : BufferSlot{};
}

// The piece that event n hands out, or the one that it names.
CardLink<std::uint32_t> linked_allocation(EventNumber n, const Subject& subject, const ServerState& server) {
  const auto& pieces = server.allocations;
  const auto found = std::find_if(pieces.rbegin(), pieces.rend(), [&](const ShmemRecord& piece) {
    return piece.born == n ||
           (piece.born != 0 && !subject.server.allocation.empty() && piece.name == subject.server.allocation);
  });
  if (found == pieces.rend()) return {};
  return {static_cast<std::uint32_t>(pieces.rend() - found - 1), found->born};
}

}  // namespace

Card explain(const Timeline& timeline, EventNumber n, const VersionProfile& profile) {
  const Call call = call_around(timeline, n);
  // The slots may be told only by the state after the event (a context that it creates): so twice over these events.
  const EventNumber start_number = call.first - 1, before_number = n - 1;
  // And once before the call: a block that has left its context no longer tells whose it was.
  Subject known_start, known_before, known_after, subject;
  Card card;
  if (n == 1) known_before = subject_of(call, MemoryState{});
  timeline.visit(start_number == 0 ? 1 : start_number, n,
                 [&](EventNumber at, const EventBody&, const MemoryState& state) {
                   if (at == start_number) known_start = subject_of(call, state);
                   if (at == before_number) known_before = subject_of(call, state);
                   if (at == n) known_after = subject_of(call, state);
                 });
  subject = merged(merged(known_before, known_after), known_start);

  Moment start, before, after;
  if (start_number == 0) start = moment_of(MemoryState{}, subject);
  if (before_number == 0) before = start;
  timeline.visit(start_number == 0 ? 1 : start_number, n,
                 [&](EventNumber at, const EventBody&, const MemoryState& state) {
                   if (at == start_number) start = moment_of(state, subject);
                   if (at == before_number) before = moment_of(state, subject);
                   if (at != n) return;
                   after = moment_of(state, subject);
                   card.context = link(subject.context, state.context(subject.context));
                   card.block = link(subject.block, state.block(subject.block));
                   card.chunk = link(subject.chunk, state.chunk(subject.chunk));
                   const ServerState& server = state.server();
                   card.buffer = linked_buffer(call, subject, server);
                   card.segment = link(subject.server.segment, server.segment(subject.server.segment));
                   card.allocation = linked_allocation(n, subject, server);
                 });

  CardMaker maker{profile, call, subject, start, before, after, std::move(card)};
  maker.card.event = n;
  const StreamDescription& stream = timeline.description();
  if (is_only_seen(stream, call.event())) {
    constexpr std::uint8_t kMoment[] = {SnapshotBegan::kTag};
    const auto moment = timeline.previous_of(kMoment, n);
    say_what_was_seen(maker, stream, !moment || !timeline.previous_of(kMoment, *moment));
    return std::move(maker.card);
  }
  std::visit(maker, call.event());
  if (call.events.size() > 1) {
    maker.card.call = server_call_title(maker);
    if (maker.card.call.key.empty()) maker.card.call = call_title(call, maker.name());
    maker.card.effect = call.at;
    for (std::size_t i = 0; i < call.events.size(); ++i) {
      Sentence label = server_label(maker, i);
      if (label.key.empty()) label = std::visit(Label{}, call.events[i]);
      maker.card.effects.push_back({call.first + i, std::move(label)});
    }
  }
  return std::move(maker.card);
}

const VersionProfile& profile_for(const StreamDescription& description) {
  const VersionProfile* profile = find_profile(description.pg_major, description.checking);
  return profile != nullptr ? *profile : *find_profile(17, false);
}

}  // namespace palloscope::trace
