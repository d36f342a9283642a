// What grows between the moments of a stream.
#include "trace/live/growth.h"

#include <algorithm>

#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

using core::ContextSlot;

// Moments of a heap as a dump tells them: contexts with a size each.
class Stream {
 public:
  Stream() {
    core::StreamDescription description;
    description.source = core::SourceKind::Dump;
    timeline_.emplace(Timeline::recording(description));
  }
  Timeline& timeline() { return *timeline_; }
  void begin(std::string label) { emit(core::SnapshotBegan{std::move(label), 4711}); }
  ContextSlot create(ContextSlot parent, std::string name) {
    core::ContextCreated created;
    created.context = {next_++};
    created.parent = parent;
    created.name = std::move(name);
    emit(created);
    return created.context;
  }
  void report(ContextSlot context, std::uint64_t total, std::uint64_t used) {
    core::ContextReported told;
    told.context = context;
    told.blocks = 1;
    told.total_bytes = total;
    told.used_bytes = used;
    told.free_bytes = total - used;
    emit(told);
  }
  void remove(ContextSlot context) { emit(core::ContextDeleted{context}); }
  void end(std::string problem = {}) { emit(core::SnapshotEnded{std::move(problem)}); }

 private:
  template <class E>
  void emit(E event) {
    timeline_->sink().emit(event);
  }
  std::optional<Timeline> timeline_;
  std::uint32_t next_ = 0;
};

const GrowthRow* row_of(const std::vector<GrowthRow>& rows, const MomentHistory& history, std::string_view path) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const GrowthRow& row) { return history.paths()[row.path] == path; });
  return found == rows.end() ? nullptr : &*found;
}

TEST_CASE("a label that is a time is seconds since 1970, any other is none") {
  CHECK(seconds_of_label("1970-01-01T00:00:00Z") == 0.0);
  CHECK(seconds_of_label("2000-02-29 12:00:00 UTC") == 951'825'600.0);
  CHECK(*seconds_of_label("2026-11-22T08:40:01.250Z") - *seconds_of_label("2026-11-22T08:39:59.750Z") ==
        Approx(1.5).margin(1e-6));
  CHECK(*seconds_of_label("2027-01-01T00:00:00Z") - *seconds_of_label("2026-12-31T23:59:59Z") == 1.0);
  CHECK(clock_of("2026-11-22T08:40:01.250Z") == "08:40:01.2");
  CHECK(clock_of("PID 12") == "PID 12");
  for (const char* other : {"", "PID 12", "2026", "2026-13-01T00:00:00Z", "2026-11-22", "2026-11-22T08:4"})
    CHECK_FALSE(seconds_of_label(other));
}

TEST_CASE("growth is told by path: what stayed, came and went, in bytes and in a second") {
  Stream stream;
  stream.begin("2026-11-22T08:40:00.000Z");
  const ContextSlot top = stream.create({}, "TopMemoryContext");
  const ContextSlot portal = stream.create(top, "PortalContext");
  const ContextSlot gone = stream.create(top, "gone");
  stream.report(top, 8192, 8000);
  stream.report(portal, 1024, 100);
  stream.report(gone, 4096, 4096);
  stream.end();
  const EventNumber first_end = stream.timeline().size();
  stream.begin("2026-11-22T08:40:02.000Z");
  stream.remove(gone);
  stream.report(portal, 9216, 9000);
  for (int i = 0; i < 3; ++i) stream.report(stream.create(portal, "ExecutorState"), 2048, 1024);
  stream.end("something");

  MomentHistory history;
  REQUIRE_FALSE(history.follow(stream.timeline(), 1));
  REQUIRE(history.moments().size() == 1);
  REQUIRE(history.follow(stream.timeline(), 10));
  REQUIRE(history.moments().size() == 2);
  const MomentUse &before = history.moments()[0], &now = history.moments()[1];
  CHECK(before.total_bytes == 8192 + 1024 + 4096);
  CHECK(now.total_bytes == 8192 + 9216 + 3 * 2048);
  CHECK(now.used_bytes == 8000 + 9000 + 3 * 1024);
  CHECK(now.pid == 4711);
  CHECK(now.problem == "something");
  CHECK_FALSE(now.told);

  std::vector<GrowthRow> rows = growth_between(&before, now);
  const GrowthRow* kept = row_of(rows, history, "TopMemoryContext > PortalContext");
  REQUIRE(kept != nullptr);
  CHECK(kept->change_bytes == 8192);
  CHECK(kept->per_second == Approx(4096));
  CHECK(kept->first.slot == portal);
  const GrowthRow* came = row_of(rows, history, "TopMemoryContext > PortalContext > ExecutorState");
  REQUIRE(came != nullptr);
  CHECK(came->contexts == 3);
  CHECK(came->change_bytes == 3 * 2048);
  const GrowthRow* went = row_of(rows, history, "TopMemoryContext > gone");
  REQUIRE(went != nullptr);
  CHECK(went->contexts == 0);
  CHECK(went->change_bytes == -4096);

  sort_growth(rows, GrowthOrder::Growth);
  CHECK(history.paths()[rows.front().path] == "TopMemoryContext > PortalContext");
  CHECK(history.paths()[rows.back().path] == "TopMemoryContext > gone");
  sort_growth(rows, GrowthOrder::Total);
  CHECK(rows.front().total_bytes == 9216);

  // Of the first moment nothing is known to have changed.
  for (const GrowthRow& row : growth_between(nullptr, before)) {
    CHECK(row.change_bytes == 0);
    CHECK_FALSE(row.per_second);
  }
  CHECK_FALSE(history.at(first_end - 1));
  CHECK(history.at(first_end) == 0u);
  CHECK(history.at(first_end + 1) == 0u);
  CHECK(history.at(stream.timeline().size()) == 1u);
  history.keep_last(1);
  CHECK(history.moments().size() == 1);
  CHECK(history.moments()[0].problem == "something");
}

TEST_CASE("a moment that is not complete is not taken in") {
  Stream stream;
  stream.begin("one");
  stream.report(stream.create({}, "TopMemoryContext"), 8192, 8000);
  MomentHistory history;
  CHECK(history.follow(stream.timeline(), 10));
  CHECK(history.moments().empty());
  stream.end();
  CHECK(history.follow(stream.timeline(), 10));
  REQUIRE(history.moments().size() == 1);
  CHECK_FALSE(history.moments()[0].at_s);
}

}  // namespace
}  // namespace palloscope::trace
