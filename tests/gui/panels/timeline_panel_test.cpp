// What the timeline's curve shows, and how it is turned to something else.
#include "gui/document.h"
#include "gui/layout/timeline_track.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "tests/support/pool_events.h"

namespace palloscope::gui {
namespace {

using test::Headless;

const char* title(CurveTrack track) { return strings_of(Language::English)(look_of(track).title); }

}  // namespace

TEST_CASE("a lesson opens with the curve that it is about") {
  const auto track = [](std::string_view name) {
    const auto document = open_scenario(name);
    REQUIRE(document);
    return track_of(*document);
  };
  CHECK(track("1") == CurveTrack::Heap);
  CHECK(track("50") == CurveTrack::Pool);
  CHECK(track("55") == CurveTrack::Shared);
  CHECK(track("57") == CurveTrack::Dynamic);
  CHECK(track("58") == CurveTrack::Heap);
}

TEST_CASE("the curve turns to another track by its button and by key, among those that have something to show") {
  Headless window(1900, 1000);
  window.open_scenario("1");
  CHECK_FALSE(window.sees("##track"));  // private memory is all there is
  window.open_scenario("50");
  const auto shows = [&](CurveTrack track) { return window.sees(title(track) + std::string("##track")); };
  REQUIRE(shows(CurveTrack::Pool));
  apply(window.session(), ShowPanel{"timeline"});
  window.frames(2);
  window.key("A");
  window.frames(2);
  CHECK_FALSE(shows(CurveTrack::Pool));
  for (int i = 0; i < trace::kCurveTrackCount && !shows(CurveTrack::Heap); ++i) window.click("##track");
  CHECK(shows(CurveTrack::Heap));
}

TEST_CASE("the scale has room above the curve, the size of a small pool, and grid lines at whole buffers") {
  trace::TrackSample sample{1, 1, {0, 10, 4, 2}, true};
  CHECK(track_top(CurveTrack::Pool, {&sample, 1}, 16) == 17);
  CHECK(track_top(CurveTrack::Pool, {&sample, 1}, 16384) == 11);
  CHECK(track_grid_step(CurveTrack::Pool, 2) == 1);
  CHECK(track_grid_step(CurveTrack::Pool, 17) == 10);
  CHECK(track_grid_step(CurveTrack::Heap, 24 << 10) == 8 << 10);
  sample.points.other_max = 1000;
  CHECK(track_top(CurveTrack::Dynamic, {&sample, 1}, 0) == 11);  // a count of segments is no point of the curve
}

TEST_CASE("the scale and its lines end whatever size a file speaks of") {
  for (const std::uint64_t bytes : {std::uint64_t{0xC000'0000'0000'0000}, ~std::uint64_t{0}}) {
    const trace::TrackSample sample{1, 1, {0, bytes, 4, 2}, true};
    CHECK(track_top(CurveTrack::Shared, {&sample, 1}, 0) >= bytes);
  }
  Headless window(1900, 1000);
  trace::Timeline timeline = trace::Timeline::recording({});
  core::SegmentCreated created;
  created.segment = core::SegmentSlot{0};
  created.kind = core::SegmentKind::Dynamic;
  created.bytes = 0xC000'0000'0000'0000;
  timeline.sink().emit(created);
  timeline.seek(1);
  window.session().document.emplace(Document{.timeline = std::move(timeline)});
  window.session().document->serial = 77;
  apply(window.session(), ShowPanel{"timeline"});
  window.frames(2);
  const auto shows = [&](CurveTrack track) { return window.sees(title(track) + std::string("##track")); };
  for (int i = 0; i < trace::kCurveTrackCount && !shows(CurveTrack::Dynamic); ++i) {
    window.key("A");
    window.frames(2);
  }
  CHECK(shows(CurveTrack::Dynamic));
}

}  // namespace palloscope::gui
