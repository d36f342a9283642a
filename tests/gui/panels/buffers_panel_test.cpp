// The buffer pool in the window: selecting, zooming, stepping, and pools of any size at the same cost.
#include "gui/panels/buffers_panel.h"

#include <algorithm>
#include <string>

#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "tests/support/pool_events.h"

namespace palloscope::gui {
namespace {

using test::Headless;

void open_events(Headless& window, const std::vector<core::EventBody>& events) {
  Document document{.timeline = trace::Timeline::recording({})};
  for (const core::EventBody& event : events) document.timeline.sink().emit(event);
  document.timeline.seek(document.timeline.size());
  Session& session = window.session();
  session.document.emplace(std::move(document));
  session.document->serial = ++session.documents_opened;
  window.frames(2);
  window.key("P");
  window.frames(2);
  REQUIRE(session.focused_panel == "buffers");
}

core::BufferSlot selected(Headless& window) {
  const auto* key = std::get_if<BufferKey>(&window.session().selection);
  return key == nullptr ? core::BufferSlot{} : key->slot;
}

}  // namespace

TEST_CASE("the buffers panel says what would be here where a stream knows no pool") {
  Headless window(1600, 1000);
  open_events(window, {core::BackendStarted{{0}, core::BackendKind::Client, 1, "backend 1"}});
  REQUIRE_FALSE(window.sees("##pool_grid"));
  REQUIRE_FALSE(window.sees("##mode"));
}

TEST_CASE("a click in the grid selects a buffer for all panels, and the keys move on from it") {
  Headless window(1600, 1000);
  open_events(window, test::pool_at_work());
  const auto grid = window.find("##pool_grid");
  REQUIRE(grid);
  window.click_at(grid->left + 60, grid->top + 20);
  REQUIRE(selected(window) == core::BufferSlot{0});
  window.key("Period");
  REQUIRE(selected(window) == core::BufferSlot{1});
  window.key("Down");  // four buffers are one row, so this is the last
  REQUIRE(selected(window) == core::BufferSlot{3});
  window.key("Comma");
  REQUIRE(selected(window) == core::BufferSlot{2});
  // The inspector shows its descriptor.
  REQUIRE(window.sees("##show_pool"));
}

TEST_CASE("without a selection the keys begin at the clock hand") {
  Headless window(1600, 1000);
  open_events(window, test::pool_at_work());
  window.key("Down");
  REQUIRE(selected(window).value == window.session().state().server().shared_pool()->hand());
}

TEST_CASE("a small pool turns into a clock face and back by key, and takes clicks there too") {
  Headless window(1600, 1000);
  open_events(window, test::pool_at_work());
  window.key("K");
  window.frames(1);
  const auto clock = window.find("##pool_clock");
  REQUIRE(clock);
  REQUIRE_FALSE(window.sees("##pool_grid"));
  // Right of the middle lies the second of four.
  const float x = (clock->left + clock->right) / 2, y = (clock->top + clock->bottom) / 2;
  const float radius = std::min(clock->right - clock->left, clock->bottom - clock->top) / 2;
  window.click_at(x + radius * 0.6f, y);
  REQUIRE(selected(window) == core::BufferSlot{1});
  window.key("K");
  window.frames(1);
  REQUIRE(window.sees("##pool_grid"));
}

TEST_CASE("a pool that is too large for a clock face stays a grid") {
  Headless window(1600, 1000);
  open_events(window, test::filled_pool(1000, 1));
  window.key("K");
  window.frames(1);
  REQUIRE(window.sees("##pool_grid"));
}

TEST_CASE("a step of the request leads to its event by a click") {
  Headless window(1600, 1000);
  open_events(window, test::pool_at_work());
  const EventNumber end = window.session().cursor();
  window.click("##step1");  // the request itself
  window.frames(2);
  REQUIRE(window.session().cursor() < end);
  const auto event = window.session().timeline()->event(window.session().cursor());
  REQUIRE(std::holds_alternative<core::PageRequested>(event));
}

TEST_CASE("the biography of the selected buffer is a page away, and an entry leads to its event") {
  Headless window(1600, 1000);
  open_events(window, test::pool_at_work());
  window.key("J");
  window.frames(2);
  REQUIRE_FALSE(window.sees("##step1"));
  REQUIRE_FALSE(window.sees("##life"));  // nothing is selected: it says so
  window.key("Down");
  window.key("Comma");
  window.key("Comma");
  window.key("Comma");
  REQUIRE(selected(window) == core::BufferSlot{0});
  window.key("Home");
  for (int i = 0; i < 10; ++i) window.key("Right");
  window.frames(2);
  window.click("##life8");
  window.frames(2);
  const auto& timeline = *window.session().timeline();
  REQUIRE(window.session().cursor() == 8);
  const auto popped = timeline.event(8);
  REQUIRE(std::get<core::FreelistPopped>(popped).buffer == core::BufferSlot{0});
  // Another buffer, another life.
  window.key("Period");
  window.frames(2);
  REQUIRE_FALSE(window.sees("##life8"));
  REQUIRE(window.sees("##life"));
}

TEST_CASE("the policy laboratory tells the recorded requests under every policy at the cursor, and its curve seeks") {
  Headless window(1600, 1000);
  open_events(window, test::pool_at_work());
  window.click("##pool_page2");
  window.frames(2);
  const auto curve = window.find("##policy_curve");
  REQUIRE(curve);
  window.click_at(curve->left + 2, (curve->top + curve->bottom) / 2);
  window.frames(2);
  REQUIRE(window.session().cursor() == 0);
  REQUIRE_FALSE(window.sees("##policy_curve"));  // no request so far
  window.key("End");
  window.frames(2);
  REQUIRE(window.sees("##policy_curve"));
  // Round by key, and hidden details come back with the page they had.
  window.key("J");
  window.frames(2);
  REQUIRE(window.sees("##step1"));
  window.key("Shift+J");
  window.frames(2);
  REQUIRE(window.sees("##policy_curve"));
  window.key("D");
  window.frames(2);
  REQUIRE_FALSE(window.sees("##policy_curve"));
  window.key("J");
  window.frames(2);
  REQUIRE(window.sees("##policy_curve"));
}

TEST_CASE("every colour, zoom and arrangement can be had by key at every event of a pool at work") {
  Headless window(1280, 800);
  open_events(window, test::pool_at_work());
  for (const char* key : {"A", "Plus", "Plus", "Minus", "0", "D", "D", "J", "J", "X", "Enter", "Shift+A"}) {
    window.key(key);
    window.key("Home");
    for (EventNumber event = 0; event < window.session().event_count(); ++event) window.key("Right");
    REQUIRE(window.session().cursor() == window.session().event_count());
  }
  for (EventNumber event = window.session().event_count(); event > 0; --event) window.key("Left");
  REQUIRE(window.session().cursor() == 0);
}

TEST_CASE("a pool that the server only told totals of shows them") {
  Headless window(1600, 1000);
  open_events(window, {core::BufferPoolCreated{{0}, {}, {0}, 100, false}, core::PoolReported{{0}, 80, 20, 5, 2, 200},
                       core::UsageCountReported{{0}, 5, 60, 4, 2}});
  REQUIRE_FALSE(window.sees("##pool_grid"));
  REQUIRE(window.sees("##mode"));  // it is a pool all the same
}

TEST_CASE("a million buffers are shown, a double click looks at one of them, and a step makes one tile anew") {
  Headless window(1600, 1000);
  auto events = test::filled_pool(1'000'000, 7);
  events.push_back(core::BufferTagged{{500'000}, {1663, 5, 16384, 0, 1}, core::buffer_bits::kTagValid});
  open_events(window, events);
  window.frames(8);  // read in slices
  const auto grid = window.find("##pool_grid");
  REQUIRE(grid);
  window.click_at((grid->left + grid->right) / 2, (grid->top + grid->bottom) / 2);
  const core::BufferSlot several = selected(window);
  REQUIRE(several);
  window.key("Enter");
  window.frames(2);
  window.key("Period");
  REQUIRE(selected(window).value == several.value + 1);
  window.key("0");
  window.frames(1);
  window.key("Left");
  window.frames(3);
  REQUIRE(window.session().cursor() + 1 == window.session().event_count());
}

}  // namespace palloscope::gui
