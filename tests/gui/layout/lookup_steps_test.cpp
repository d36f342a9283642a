// A read request told as steps, at every event of it.
#include "gui/layout/lookup_steps.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/pool_events.h"

using namespace palloscope;
using namespace palloscope::gui;

namespace {

trace::Timeline timeline_of(const std::vector<core::EventBody>& events) {
  trace::Timeline timeline = trace::Timeline::recording({});
  for (const core::EventBody& event : events) timeline.sink().emit(event);
  return timeline;
}

Lookup at(trace::Timeline& timeline, EventNumber event) {
  timeline.seek(event);
  return lookup_at(timeline, timeline.state().server());
}

EventNumber request_of(const trace::Timeline& timeline, int which) {
  EventNumber at = 0;
  for (; which > 0; --which) at = timeline.next_of(std::vector{core::PageRequested::kTag}, at).value();
  return at;
}

}  // namespace

TEST_CASE("a miss with a dirty victim goes through every step, one after another") {
  trace::Timeline timeline = timeline_of(test::pool_at_work());
  const EventNumber end = timeline.size(), request = request_of(timeline, 6);
  Lookup lookup = at(timeline, request);
  REQUIRE(lookup.row(LookupStep::Ask).status == StepStatus::Current);
  REQUIRE(lookup.row(LookupStep::Hash).status == StepStatus::Ahead);
  REQUIRE(lookup.row(LookupStep::Ring).status == StepStatus::Skipped);  // it asked without one
  std::size_t last = 0;
  for (EventNumber event = request; event <= end; ++event) {
    lookup = at(timeline, event);
    REQUIRE(lookup.request == request);
    // Exactly one step is the current one, and it never goes back.
    const auto current = std::find_if(lookup.rows.begin(), lookup.rows.end(),
                                      [](const LookupRow& row) { return row.status == StepStatus::Current; });
    REQUIRE(current != lookup.rows.end());
    const auto index = static_cast<std::size_t>(current - lookup.rows.begin());
    REQUIRE(index >= last);
    last = index;
  }
  REQUIRE(lookup.end == end);
  REQUIRE_FALSE(lookup.hit());
  REQUIRE(lookup.buffer == core::BufferSlot{2});
  REQUIRE(lookup.row(LookupStep::Clock).count == 7);
  REQUIRE(lookup.tick->verdict == core::ClockVerdict::Taken);
  for (const LookupStep step :
       {LookupStep::Hash, LookupStep::Clock, LookupStep::Pin, LookupStep::Write, LookupStep::Evict, LookupStep::Insert})
    REQUIRE(lookup.row(step).status == StepStatus::Done);
  REQUIRE(lookup.row(LookupStep::Freelist).status == StepStatus::Skipped);
}

TEST_CASE("a hit needs neither a victim nor a read") {
  trace::Timeline timeline = timeline_of(test::pool_at_work());
  const Lookup lookup = at(timeline, request_of(timeline, 5) + 2);
  REQUIRE(lookup.hit());
  REQUIRE(lookup.end == request_of(timeline, 5) + 2);
  REQUIRE(lookup.row(LookupStep::Pin).status == StepStatus::Current);
  for (const LookupStep step : {LookupStep::Ring, LookupStep::Freelist, LookupStep::Clock, LookupStep::Write,
                                LookupStep::Evict, LookupStep::Insert, LookupStep::Read})
    REQUIRE(lookup.row(step).status == StepStatus::Skipped);
}

TEST_CASE("an answered request stays to be seen, all its steps done, until the next one") {
  trace::Timeline timeline = timeline_of(test::pool_at_work());
  const EventNumber after = request_of(timeline, 6) - 1;  // the unpin behind the hit
  const Lookup lookup = at(timeline, after);
  REQUIRE(lookup.request == request_of(timeline, 5));
  REQUIRE(std::none_of(lookup.rows.begin(), lookup.rows.end(),
                       [](const LookupRow& row) { return row.status == StepStatus::Current; }));
}

TEST_CASE("15 swaps the old page for the new one in a single event, and that is two steps") {
  auto events = test::pool_at_work();
  std::erase_if(events, [](const auto& event) { return std::holds_alternative<core::BufferUntagged>(event); });
  trace::Timeline timeline = timeline_of(events);
  const Lookup lookup = at(timeline, timeline.size());
  REQUIRE(timeline.state().fault_count() == 0);
  REQUIRE(lookup.swapped);
  REQUIRE(lookup.row(LookupStep::Evict).event == lookup.row(LookupStep::Insert).event);
}

TEST_CASE("before any request there is nothing to tell") {
  trace::Timeline timeline = timeline_of(test::pool_at_work());
  REQUIRE(at(timeline, 3).request == 0);
}
