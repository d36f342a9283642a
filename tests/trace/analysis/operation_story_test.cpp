#include "trace/analysis/operation_story.h"

#include "core/mcxt/process.h"
#include "core/workmem/hash_join.h"
#include "core/workmem/sort.h"
#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

struct Recorded {
  Recorded() : timeline(Timeline::recording({})), process(*core::find_profile(17, false), timeline.sink()) {}
  Timeline timeline;
  core::Process process;
  core::EventNumber began(int which = 1) const {
    core::EventNumber at = 0;
    const std::uint8_t tags[] = {core::OperationBegan::kTag};
    for (; which > 0; --which) at = timeline.next_of(tags, at).value_or(0);
    return at;
  }
};

TEST_CASE("a sort's story tells its account at every moment, and what each run wrote and gave back") {
  Recorded recorded;
  core::SortSpec spec;
  spec.settings.work_mem_kb = 64;
  core::TupleSort sort(recorded.process, {0}, spec);
  for (int i = 0; i < 100; ++i) sort.put({i * 37 % 101, 1000});
  sort.perform();
  while (sort.get()) {
  }
  sort.end();
  OperationStory story(recorded.timeline, recorded.began());
  while (!story.advance(7)) {
  }
  CHECK(story.ended());
  CHECK(story.highest_bytes() >= 65536);
  // At every event of its life: the same as the state says.
  bool same = true;
  recorded.timeline.visit(
      story.born(), story.last() - 1, [&](core::EventNumber n, const core::EventBody&, const MemoryState& after) {
        const OperationRecord* operation = after.server().operation({0});
        const OperationPoint* point = story.at(n);
        same = same && operation && point && point->phase == operation->phase &&
               point->counted.used_bytes == operation->used_bytes && point->counted.tuples == operation->tuples;
      });
  CHECK(same);
  const auto parts = story.parts_at(story.last());
  REQUIRE(parts.size() == 3);
  for (const OperationPart& part : parts) CHECK(part.read_bytes == part.bytes);
  CHECK(parts[0].tuples + parts[1].tuples + parts[2].tuples == 100);
  CHECK(story.parts_at(story.born()).empty());
  CHECK(story.at(story.born() - 1) == nullptr);
}

TEST_CASE("a story grows with its stream, and keeps operations apart") {
  Recorded recorded;
  core::HashJoin first(recorded.process, {0}, {});
  core::HashJoin second(recorded.process, {1}, {});
  OperationStory story(recorded.timeline, recorded.began(2));
  CHECK(story.advance());
  const std::size_t before = story.points().size();
  first.insert({core::hash_int4(1), 20});
  CHECK(story.advance());
  CHECK(story.points().size() == before);
  second.insert({core::hash_int4(1), 20});
  CHECK(story.advance());
  CHECK(story.points().size() == before + 1);
  CHECK_FALSE(story.ended());
  second.end();
  CHECK(story.advance());
  CHECK(story.ended());
}

}  // namespace
}  // namespace palloscope::trace
