// EXPLAIN (MEMORY) in all its formats says the same of the planner's context.
#include <regex>
#include <sstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/trace/importers/imported.h"

namespace palloscope::trace {
namespace {

TEST_CASE("what planning took is read from EXPLAIN (MEMORY) as text, JSON and YAML") {
  for (const std::string& name : test::golden_names("explain")) {
    INFO(name);
    const std::string recording = test::read_golden(name);
    const Imported all = import_text(recording);
    REQUIRE(all.timeline);
    CHECK(all.timeline->description().origin == "EXPLAIN (MEMORY)");
    REQUIRE(all.moments.size() == 7);
    CHECK(all.problems == std::vector<std::string>(7));
    for (const core::SnapshotBegan& moment : all.moments) CHECK(moment.label == all.moments[0].label);
    CHECK(!all.moments[0].label.empty());

    // Each section by itself, against what the last one prints.
    std::smatch used;
    REQUIRE(std::regex_search(recording, used,
                              std::regex("\"Memory Used\": ([0-9]+)[^0-9]*\"Memory Allocated\": ([0-9]+)")));
    const std::uint64_t used_bytes = std::stoull(used[1]) * 1024, total_bytes = std::stoull(used[2]) * 1024;
    std::size_t begin = 0;
    int sections = 0;
    while ((begin = recording.find("@@ ", begin)) != std::string::npos) {
      begin = recording.find('\n', begin) + 1;
      const Imported one = import_text(recording.substr(begin, recording.find("@@ ", begin) - begin));
      REQUIRE(one.timeline);
      CHECK(one.moments.size() == 1);
      const MemoryState& state = one.timeline->state();
      REQUIRE(state.totals().context_count == 1);
      const ContextRecord& planner = state.contexts()[state.first_root().value];
      CHECK(planner.name == "explain analyze planner context");
      REQUIRE(planner.reported);
      CHECK(planner.reported->total_bytes == total_bytes);
      CHECK(planner.reported->used_bytes == used_bytes);
      ++sections;
    }
    CHECK(sections == 7);
  }
}

TEST_CASE("a plan on one line, cut ones and numbers that do not fit") {
  const Imported two = import_text(
      "[{\"Plan\":{\"Node Type\":\"Result\"},\"Planning\":{\"Memory Used\":6,\"Memory Allocated\":8}},"
      "{\"Plan\":{\"Node Type\":\"Limit\"},\"Planning\":{\"Memory Used\":7,\"Memory Allocated\":16}}]");
  REQUIRE(two.timeline);
  CHECK(two.moments.size() == 2);
  CHECK(two.moments.at(0).label == "Result");
  CHECK(two.timeline->state().totals().context_bytes == 16384);

  CHECK(!import_text("  Memory: used=99999999999999999999kB  allocated=32kB\n").timeline);
  CHECK(!import_text("\"Memory Used\": 12, and nothing of Memory Allocated\n").timeline);
  const Imported more = import_text("  Memory: used=33kB  allocated=32kB\n");
  REQUIRE(more.timeline);
  CHECK_FALSE(more.problems.at(0).empty());
}

}  // namespace
}  // namespace palloscope::trace
