// The tracks of the curve over time, against their points counted anew at every event.
#include "trace/replay/track_curve.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/pool_events.h"
#include "tests/support/random_server_stream.h"
#include "tests/support/random_stream.h"
#include "trace/replay/event_store.h"

using namespace palloscope;
using namespace palloscope::trace;

TEST_CASE("Every track's samples hold the extremes of what its states count") {
  const auto track = GENERATE(CurveTrack::Heap, CurveTrack::Pool, CurveTrack::Shared, CurveTrack::Dynamic);
  // More than one block of events.
  constexpr EventNumber kEvents = 20'000;
  const auto events =
      track == CurveTrack::Heap ? test::random_events(5, kEvents) : test::random_server_events(5, kEvents);
  Timeline timeline = Timeline::recording({});
  MemoryState state;
  std::vector<CurvePoint> points = {{}};
  for (const core::EventBody& event : events) {
    timeline.sink().emit(event);
    state.apply(event);
    points.push_back(curve_point(state, track));
  }
  REQUIRE(timeline.events().block_count() > 1);
  REQUIRE(std::any_of(points.begin(), points.end(), [](const CurvePoint& point) { return point.part != 0; }));

  TrackCurve curve(timeline, track);
  for (auto [first, last, columns] :
       {std::tuple{1, 20'000, 20'000}, {1, 20'000, 90}, {1, 20'000, 1}, {16'000, 17'000, 50}, {19'990, 30'000, 4}}) {
    const auto samples = curve.samples(static_cast<EventNumber>(first), static_cast<EventNumber>(last), columns);
    REQUIRE(curve.complete());
    REQUIRE(!samples.empty());
    REQUIRE(samples.size() <= static_cast<std::size_t>(columns));
    REQUIRE(samples.front().first <= static_cast<EventNumber>(first));
    REQUIRE(samples.back().last >= std::min<EventNumber>(static_cast<EventNumber>(last), kEvents));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const TrackSample& sample = samples[i];
      REQUIRE(sample.known);
      if (i > 0) REQUIRE(sample.first == samples[i - 1].last + 1);
      CurveExtremes wanted;
      for (EventNumber n = sample.first; n <= sample.last; ++n) wanted.add(points[n]);
      REQUIRE(sample.points == wanted);
    }
  }
}

TEST_CASE("A long stream's track is filled in slices, and then known everywhere") {
  Timeline timeline = Timeline::recording({});
  core::BufferPoolCreated pool;
  pool.pool = PoolSlot{0};
  pool.first = BufferSlot{0};
  pool.buffers = 4;
  timeline.sink().emit(pool);
  core::ClockTicked tick;
  tick.buffer = BufferSlot{0};
  constexpr EventNumber kEvents = 900'000;
  while (timeline.size() < kEvents) timeline.sink().emit(tick);
  TrackCurve curve(timeline, CurveTrack::Pool);
  const auto unknown = [](const TrackSample& sample) { return !sample.known; };
  auto samples = curve.samples(1, kEvents, 100);
  CHECK_FALSE(curve.complete());
  CHECK(std::any_of(samples.begin(), samples.end(), unknown));
  int calls = 1;
  for (; !curve.complete() && calls < 10; ++calls) samples = curve.samples(1, kEvents, 100);
  CHECK(calls == 3);
  CHECK(std::none_of(samples.begin(), samples.end(), unknown));
}

TEST_CASE("A growing recording's track replays each event once, however often it is drawn") {
  const auto track = GENERATE(CurveTrack::Pool, CurveTrack::Shared, CurveTrack::Dynamic);
  const auto events = test::random_server_events(6, 40'000);
  Timeline timeline = Timeline::recording({});
  MemoryState state;
  TrackCurve curve(timeline, track);
  std::vector<CurvePoint> points = {{}};
  for (const core::EventBody& event : events) {
    timeline.sink().emit(event);
    state.apply(event);
    points.push_back(curve_point(state, track));
    if (timeline.size() % 700 != 0) continue;
    const auto samples = curve.samples(1, timeline.size(), 50);
    REQUIRE(curve.complete());
    REQUIRE(samples.back().last == timeline.size());
    CurveExtremes wanted, drawn;
    for (EventNumber n = 1; n < points.size(); ++n) wanted.add(points[n]);
    for (const TrackSample& sample : samples) drawn.add(sample.points);
    REQUIRE(drawn == wanted);
    REQUIRE(curve.work() == timeline.size());
  }
  REQUIRE(timeline.events().block_count() > 2);
}

TEST_CASE("The pool's size is the stream's, wherever the cursor stands") {
  Timeline timeline = Timeline::recording({});
  for (const core::EventBody& event : test::pool_at_work()) timeline.sink().emit(event);
  REQUIRE(timeline.cursor() == 0);
  TrackCurve curve(timeline, CurveTrack::Pool);
  CHECK(curve.pool_buffers() == 0);
  curve.samples(1, timeline.size(), 10);
  CHECK(curve.pool_buffers() == 4);
  curve.samples(1, 1, 10);
  CHECK(curve.pool_buffers() == 4);
}
