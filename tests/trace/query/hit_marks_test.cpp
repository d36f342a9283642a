// Marks of hits: exact while they are few, then stretches that leave nothing out.
#include "trace/query/hit_marks.h"

#include <random>
#include <set>

#include "tests/support/catch.h"

namespace palloscope::trace {

TEST_CASE("marks keep few events as they are, and many as stretches that have them all and nothing but them") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u);
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  HitMarks marks;
  std::set<core::EventNumber> events;
  core::EventNumber at = 0;
  const std::size_t many = seed == 1 ? HitMarks::kMost / 2 : 60'000;
  while (events.size() < many) {
    at += random() % 9 == 0 ? 1 + random() % 100'000 : 1 + random() % 3;
    marks.add(at);
    events.insert(at);
  }
  CHECK(marks.is_exact() == (seed == 1));
  CHECK(marks.size() <= HitMarks::kMost);
  std::size_t covered = 0;
  core::EventNumber end = 0;
  marks.visit(1, at, [&](core::EventNumber first, core::EventNumber last) {
    CHECK(first > end);
    end = last;
    const auto from = events.lower_bound(first), to = events.upper_bound(last);
    const auto count = static_cast<std::size_t>(std::distance(from, to));
    CHECK(count > 0);
    covered += count;
  });
  CHECK(covered == events.size());
  const core::EventNumber middle = *std::next(events.begin(), static_cast<std::ptrdiff_t>(events.size() / 2));
  std::size_t seen = 0;
  marks.visit(middle, middle, [&](core::EventNumber first, core::EventNumber last) {
    CHECK(first <= middle);
    CHECK(middle <= last);
    ++seen;
  });
  CHECK(seen == 1);
}

}  // namespace palloscope::trace
