// A read request as the numbered steps of a lookup: hash the tag and look it up, find a buffer (ring, freelist, clock),
// pin it, write it if dirty, evict what was in it, insert the new page, read it. The order is PostgreSQL's (spec 10.5):
// a victim is pinned before it is written and evicted. Derived from the events since the request. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "trace/replay/server_state.h"
#include "trace/replay/timeline.h"

namespace palloscope::gui {

using core::EventNumber;

enum class LookupStep : std::uint8_t { Ask, Hash, Ring, Freelist, Clock, Pin, Write, Evict, Insert, Read };
inline constexpr int kLookupStepCount = 10;

enum class StepStatus : std::uint8_t {
  Ahead,    // may come yet
  Done,     //
  Current,  // what the event at the cursor did
  Skipped,  // was not needed
};

struct LookupRow {
  StepStatus status = StepStatus::Ahead;
  EventNumber event = 0;    // the last event of the step; 0: none
  std::uint32_t count = 0;  // of its events
};

struct Lookup {
  EventNumber request = 0;  // 0: no request yet
  EventNumber end = 0;      // what answered it: the page is valid and pinned from here on; 0: not yet
  core::PageTag tag;
  core::RingSlot ring;
  bool for_new = false;
  // What the lookup table said: once Hash is done.
  std::uint32_t hash = 0, bucket = 0, partition = 0;
  core::BufferSlot found;
  // The buffer that was found or taken; none: not yet.
  core::BufferSlot buffer;
  core::RingVerdict ring_verdict = core::RingVerdict::Empty;  // where Ring is done
  std::optional<core::ClockTicked> tick;                      // the last one
  bool swapped = false;  // evicted and inserted in one event (15: under both partition locks)
  std::array<LookupRow, kLookupStepCount> rows{};

  bool hit() const { return row(LookupStep::Hash).event != 0 && found; }
  const LookupRow& row(LookupStep step) const { return rows[static_cast<std::size_t>(step)]; }
};

// The request that is going on at the cursor, or went on last. Of a very long one (a clock that goes round a large
// pool) only the beginning and the end are looked at, so that the cost has a bound.
Lookup lookup_at(const trace::Timeline& timeline, const trace::ServerState& server);

// The step that an event is part of; none: it belongs to no request.
std::optional<LookupStep> step_of(const core::EventBody& event);

}  // namespace palloscope::gui
