// palloscope workmem: the calculator and the trials.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;
using Json = nlohmann::json;

struct PlanFile {
  explicit PlanFile(const char* text)
      : path((std::filesystem::temp_directory_path() / ("palloscope-plan-" + std::to_string(::getpid()))).string()) {
    std::ofstream(path) << text;
  }
  ~PlanFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  std::string path;
};

TEST_CASE("workmem reckons a server's worst case from its settings, shared memory included") {
  const Outcome outcome = run({"workmem", "--set", "work_mem=16MB", "--set", "max_connections=10", "--format", "json"});
  REQUIRE(outcome.status == kExitGood);
  const Json bytes = Json::parse(outcome.out)["bytes"];
  CHECK(bytes["operations"] == 48 << 20);  // 16 MB and twice that
  CHECK(bytes["backends"] == 10 * bytes["backend"].get<std::uint64_t>());
  CHECK(bytes["shared"] > 128 << 20);
  CHECK(bytes["worst_case"] == bytes["backends"].get<std::uint64_t>() + bytes["maintenance"].get<std::uint64_t>() +
                                   bytes["shared"].get<std::uint64_t>());
  const Outcome more = run({"workmem", "--set", "shared_buffers=1GB", "--format", "json"});
  CHECK(Json::parse(more.out)["bytes"]["shared"] > 1 << 30);
  CHECK_THAT(run({"workmem"}).out, ContainsSubstring("= worst case"));
  CHECK_THAT(run({"workmem", "--format", "csv"}).out, ContainsSubstring("part,bytes,how\n"));
}

TEST_CASE("workmem sets a plan's limits beside what its nodes took") {
  const PlanFile plan(R"([{"Plan": {"Node Type": "Sort", "Sort Space Used": 79, "Sort Space Type": "Memory"}}])");
  const Outcome outcome = run({"workmem", "--plan", plan.path, "--format", "json"});
  REQUIRE(outcome.status == kExitGood);
  const Json nodes = Json::parse(outcome.out)["plan"];
  REQUIRE(nodes.size() == 1);
  CHECK(nodes[0]["limit_bytes"] == 4 << 20);
  CHECK(nodes[0]["taken_bytes"] == 79 * 1024);
  CHECK_THAT(run({"workmem", "--plan", plan.path}).out, ContainsSubstring("79 kB"));
}

TEST_CASE("workmem tries a sort, a join and an aggregate") {
  const Outcome sort =
      run({"workmem", "sort", "--rows", "20000", "--width", "37", "--pg", "17", "--set", "work_mem=64kB"});
  CHECK(sort.status == kExitGood);
  CHECK_THAT(sort.out, ContainsSubstring("Sort Method: external merge  Disk: 976kB"));  // as 17.10 printed
  CHECK_THAT(sort.out, ContainsSubstring("28"));                                        // runs
  const Outcome join =
      run({"workmem", "join", "--rows", "20000", "--width", "4", "--pg", "18", "--set", "work_mem=64kB"});
  CHECK_THAT(join.out, ContainsSubstring("Buckets: 8192  Batches: 8"));
  const Outcome bounded = run({"workmem", "sort", "--rows", "1000", "--limit", "10", "--format", "json"});
  CHECK(Json::parse(bounded.out)["method"] == "top-N heapsort");
  const Outcome groups = run({"workmem", "aggregate", "--rows", "1000", "--distinct", "10", "--format", "csv"});
  CHECK_THAT(groups.out, ContainsSubstring("groups,10\n"));
  CHECK_THAT(run({"workmem", "sort", "--column", "text", "--pg", "15", "--width", "33"}).out,
             ContainsSubstring("quicksort"));
}

TEST_CASE("workmem refuses what it cannot do, in a line that says what to do") {
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{{"--set", "work_mem"},
                                                                                     {"--set", "work_mem=8kB"},
                                                                                     {"--set", "no_such=1"},
                                                                                     {"--plan", "/nonexistent"},
                                                                                     {"sort", "--rows", "99999999999"},
                                                                                     {"sort", "--width", "0"},
                                                                                     {"window"},
                                                                                     {"--pg", "14"},
                                                                                     {"--base", "much"}}) {
    std::vector<std::string> words{"workmem"};
    words.insert(words.end(), wrong.begin(), wrong.end());
    const Outcome outcome = run(words);
    INFO(wrong.back());
    CHECK(outcome.status == kExitBad);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring("palloscope workmem: "));
  }
  const PlanFile plan("Sort  (cost=0.00..1.00)");
  CHECK_THAT(run({"workmem", "--plan", plan.path}).err, ContainsSubstring("FORMAT JSON"));
}

}  // namespace
}  // namespace palloscope::gui::cli
