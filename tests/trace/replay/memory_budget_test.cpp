// A timeline within a limit: the same answers, less memory.
#include "trace/replay/memory_budget.h"

#include <filesystem>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "trace/file/trace_writer.h"
#include "trace/replay/timeline.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

// A file with a heap of some megabytes, removed at the end.
class LargeHeap {
 public:
  LargeHeap() {
    path_ = std::filesystem::temp_directory_path() /
            ("palloscope_budget_" + std::to_string(std::random_device{}()) + ".pscope");
    auto writer = TraceWriter::create(path_, {});
    REQUIRE(writer);
    test::RandomStreamOptions options;
    options.live_chunks = 40'000;
    for (const core::EventBody& event : test::random_events(8, 120'000, options)) (*writer)->emit(event);
    REQUIRE((*writer)->close());
  }
  LargeHeap(const LargeHeap&) = delete;
  LargeHeap& operator=(const LargeHeap&) = delete;
  ~LargeHeap() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("A timeline within a small budget of memory gives the same answers") {
  const LargeHeap file;
  auto wide = Timeline::open(file.path()), narrow = Timeline::open(file.path());
  REQUIRE(wide);
  REQUIRE(narrow);
  narrow->set_memory_budget({0});
  CHECK(narrow->memory_budget().bytes == MemoryBudget::kLeast);
  for (Timeline* timeline : {&*wide, &*narrow}) timeline->seek(100'000);
  std::mt19937 random(4);
  for (int i = 0; i < 6; ++i) {
    const core::EventNumber to = 1 + random() % wide->size();
    for (Timeline* timeline : {&*wide, &*narrow}) {
      timeline->seek(to);
      timeline->seek(to > 40 ? to - 40 : to);
    }
    CHECK(narrow->state() == wide->state());
    CHECK(narrow->last_change().known == wide->last_change().known);
    std::vector<std::uint64_t> seen[2];
    int which = 0;
    for (Timeline* timeline : {&*wide, &*narrow}) {
      timeline->visit(to, to + 30, [&](core::EventNumber, const core::EventBody&, const MemoryState& after) {
        seen[which].push_back(after.totals().granted_bytes);
      });
      ++which;
    }
    CHECK(seen[0] == seen[1]);
  }
}

TEST_CASE("What a timeline keeps beside the state at the cursor stays within its budget") {
  const LargeHeap file;
  auto timeline = Timeline::open(file.path());
  REQUIRE(timeline);
  timeline->set_memory_budget({MemoryBudget::kLeast});
  timeline->seek(110'000);
  for (int i = 0; i < 3000; ++i) timeline->seek(timeline->cursor() - 1);
  while (true) {
    timeline->samples(1, timeline->size(), 2000);
    if (timeline->samples_complete()) break;
  }
  const MemoryUse use = timeline->memory_use();
  CHECK(use.curve > 0);
  CHECK(use.journals > 0);
  // The journal forgets when it is over, so it may be over by one event.
  CHECK(use.total() - use.states < MemoryBudget::kLeast);
}

TEST_CASE("A second state that is larger than the budget allows is not kept") {
  const LargeHeap file;
  auto timeline = Timeline::open(file.path());
  REQUIRE(timeline);
  timeline->seek(110'000);
  const auto look = [&] {
    timeline->visit(100'000, 100'001, [](core::EventNumber, const core::EventBody&, const MemoryState&) {});
    return timeline->memory_use().states;
  };
  const std::size_t one = timeline->memory_use().states;
  CHECK(look() > one + one / 2);
  MemoryBudget tight;
  tight.bytes = MemoryBudget::kLeast;
  timeline->set_memory_budget(tight);
  const std::size_t both = look();
  if (one > tight.probe_state())
    CHECK(both == one);
  else
    CHECK(both > one);
}
