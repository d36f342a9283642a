// The timeline's axis stays within the stream, whatever is done to it.
#include "gui/layout/timeline_layout.h"

#include "tests/support/catch.h"

using namespace palloscope::gui;

TEST_CASE("zooming the timeline keeps the event under the mouse in its place") {
  const auto axis = TimelineAxis::whole(10'000, 500);
  const double x = 137, event = axis.event_at(x);
  const auto closer = axis.zoomed(0.1, x, 10'000);
  CHECK(closer.event_at(x) == Approx(event));
  CHECK(closer.last() - closer.first() == Approx(1000));
}

TEST_CASE("the timeline never shows less than a few events nor more than there are") {
  auto axis = TimelineAxis::whole(10'000, 500);
  for (int i = 0; i < 100; ++i) axis = axis.zoomed(0.5, 499, 10'000);
  CHECK(axis.last() - axis.first() == Approx(8));
  CHECK(axis.last() <= 10'000);
  for (int i = 0; i < 100; ++i) axis = axis.zoomed(2, 3, 10'000);
  CHECK(axis.first() == 0);
  CHECK(axis.last() == 10'000);
  CHECK(axis.panned(-500, 10'000).first() == 0);
  CHECK(axis.panned(500, 10'000).last() == 10'000);
}

TEST_CASE("the timeline follows the cursor only when it leaves the picture") {
  const auto axis = TimelineAxis(100, 200, 500);
  CHECK(axis.showing(150, 1000) == axis);
  CHECK(axis.showing(300, 1000).last() >= 300);
  CHECK(axis.showing(20, 1000).first() <= 20);
}

TEST_CASE("grid lines stand at round numbers") {
  CHECK(round_step(0.2) == 1);
  CHECK(round_step(3) == 5);
  CHECK(round_step(11) == 20);
  CHECK(round_step(999) == 1000);
}
