// From a card to what it speaks of: buffers and segments come to sight in their panels.
#include "gui/panels/why_panel.h"

#include "gui/document.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "tests/support/pool_events.h"

namespace palloscope::gui {
namespace {

using test::Headless;

void show(Headless& window, const std::vector<core::EventBody>& events, EventNumber at) {
  trace::Timeline timeline = trace::Timeline::recording({});
  for (const core::EventBody& event : events) timeline.sink().emit(event);
  timeline.seek(at);
  Session& session = window.session();
  session.document.reset();
  session.document.emplace(Document{.timeline = std::move(timeline)});
  session.document->serial = ++session.documents_opened;
  apply(session, ShowPanel{"why"});
  window.frames(3);
}

template <class E>
EventNumber last_of(const std::vector<core::EventBody>& events) {
  EventNumber n = events.size();
  while (n > 0 && !std::holds_alternative<E>(events[n - 1])) --n;
  return n;
}

}  // namespace

TEST_CASE("a card about a buffer leads to the buffer, and brings the pool to the front") {
  Headless window(1900, 1000);
  const auto events = test::pool_at_work();
  const EventNumber tagged = last_of<core::BufferTagged>(events);
  REQUIRE(tagged != 0);
  const core::BufferSlot slot = std::get<core::BufferTagged>(events[tagged - 1]).buffer;
  show(window, events, tagged);
  window.click("##buffer");
  window.frames(2);
  CHECK(window.session().selection == Selection{BufferKey{slot}});
  CHECK(window.session().focused_panel == "buffers");
  CHECK(window.sees("##pool_grid"));
}

TEST_CASE("a card about a request leads to the buffer that the page ends up in") {
  Headless window(1900, 1000);
  const auto events = test::pool_at_work();
  const core::BufferSlot slot = std::get<core::BufferTagged>(events[last_of<core::BufferTagged>(events) - 1]).buffer;
  show(window, events, last_of<core::PageRequested>(events));
  window.click("##buffer");
  window.frames(2);
  CHECK(window.session().selection == Selection{BufferKey{slot}});
}

TEST_CASE("cards about shared memory lead to the structure in the main segment, and to the dynamic segment") {
  Headless window(1900, 1000);
  core::SegmentCreated main, dynamic;
  main.segment = {0};
  main.bytes = 1 << 20;
  dynamic.segment = {1};
  dynamic.kind = core::SegmentKind::Dynamic;
  dynamic.bytes = 65536;
  dynamic.handle = 1234;
  const std::vector<core::EventBody> events = {main, core::ShmemAllocated{{0}, 0, 4000, 4096, "Proc Array", ""},
                                               dynamic};
  show(window, events, 2);
  window.click("##piece");
  window.frames(2);
  CHECK(window.session().selection == Selection{ShmemKey{0, 2}});
  CHECK(window.session().focused_panel == "shmem");
  CHECK(window.sees("##structures"));
  apply(window.session(), Seek{3});
  window.frames(2);
  window.click("##segment");
  window.frames(2);
  CHECK(window.session().selection == Selection{SegmentKey{{1}, 3}});
  CHECK(window.sees("##card"));  // the view of dynamic segments
}

}  // namespace palloscope::gui
