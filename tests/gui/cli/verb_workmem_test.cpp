// palloscope workmem: the calculator and the trials.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

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
  CHECK_THAT(sort.out, ContainsSubstring("runs                        28\n"));
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
    CHECK_THAT(outcome.err, ContainsSubstring("palloscope workmem"));
  }
  const PlanFile plan("Sort  (cost=0.00..1.00)");
  CHECK_THAT(run({"workmem", "--plan", plan.path}).err, ContainsSubstring("FORMAT JSON"));
}

TEST_CASE("workmem refuses options and settings that say nothing of what is tried") {
  struct Case {
    std::vector<std::string> words;
    const char* says;
  };
  for (const Case& one : std::vector<Case>{
           {{"sort", "--plan", "x"}, "workmem sort: --plan says nothing of a sort: it is for workmem worst"},
           {{"sort", "--frequent", "5"}, "it is for workmem join"},
           {{"aggregate", "--order=ascending"}, "--order says nothing of a hash aggregate"},
           {{"sort", "--planned-rows", "5"}, "it is for workmem join, aggregate"},
           {{"--rows", "5"}, "says nothing of the worst case"},
           {{"sort", "--set", "max_connections=5"}, "a sort does not depend on it, only on work_mem"},
           {{"join", "--set", "shared_buffers=1GB"}, "only on work_mem and hash_mem_multiplier"},
           {{"sort", "--column", "int", "--width", "4"}, "an int is kept in the slot itself"},
       }) {
    std::vector<std::string> words{"workmem"};
    words.insert(words.end(), one.words.begin(), one.words.end());
    const Outcome outcome = run(words);
    CHECK(outcome.status == kExitBad);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring(one.says));
  }
}

TEST_CASE("workmem refuses numbers that cannot be, with the option's name and what it takes") {
  for (const char* value : {"nan", "inf", "0", "1e99", "many"}) {
    const Outcome outcome = run({"workmem", "join", "--planned-rows", value});
    CHECK(outcome.status == kExitBad);
    CHECK_THAT(outcome.err, ContainsSubstring(std::string("--planned-rows: \"") + value + "\": it takes 1 to 10000"));
  }
  CHECK_THAT(run({"workmem", "sort", "--rows", "-1"}).err, ContainsSubstring("it takes 0 to 20000000"));
  CHECK_THAT(run({"workmem", "join", "--rows", "10", "--distinct", "11"}).err, ContainsSubstring("1 to 10"));
  CHECK_THAT(run({"workmem", "--base", "9999TB"}).err, ContainsSubstring("--base"));
  CHECK_THAT(run({"workmem", "--set", "wrk_mem=4MB"}).err, ContainsSubstring("did you mean work_mem?"));
  CHECK(run({"workmem", "--set", "WORK_MEM=4MB", "--set", "Shared_Buffers=16MB"}).status == kExitGood);
  for (const char* form : {"sort", "join", "aggregate"})
    CHECK(run({"workmem", form, "--rows", "0"}).status == kExitGood);
}

TEST_CASE("each form of workmem has a page of help with its own options, and an example that works") {
  for (const std::string form : {"worst", "sort", "join", "aggregate"}) {
    const Outcome help = run({"workmem", form, "--help"});
    CHECK(help.status == kExitGood);
    CHECK((help.out.find("--order") != std::string::npos) == (form == "sort"));
    CHECK((help.out.find("--plan ") != std::string::npos) == (form == "worst"));
    CHECK((help.out.find("--frequent") != std::string::npos) == (form == "join"));
    CHECK(run({"help", "workmem", form}).out == help.out);
    if (form == "worst") continue;  // its example names a plan's file
    const std::size_t begin = help.out.find("Example: palloscope ") + 20;
    std::istringstream words(help.out.substr(begin, help.out.find('\n', begin) - begin));
    const std::vector<std::string> example(std::istream_iterator<std::string>(words), {});
    CHECK(run(example).status == kExitGood);
  }
  CHECK_THAT(run({"workmem", "--set", "work_mem=1MB", "sort"}).out, ContainsSubstring("sort of 1000 rows"));
}

TEST_CASE("workmem says where a sort's values are not counted: of one text column, since 17") {
  const auto sort_of = [](const char* major, const char* column) {
    return run({"workmem", "sort", "--rows", "30000", "--pg", major, "--column", column}).out;
  };
  CHECK_THAT(sort_of("17", "text"), ContainsSubstring("but not the values"));
  CHECK_THAT(sort_of("18", "text"), ContainsSubstring("but not the values"));
  CHECK_THAT(sort_of("16", "text"), !ContainsSubstring("but not the values"));
  CHECK_THAT(sort_of("17", "int"), !ContainsSubstring("but not the values"));
}

TEST_CASE("workmem tells runs that merging wrote apart from those that came in") {
  const Outcome sort = run({"workmem", "sort", "--rows", "20000", "--width", "32", "--set", "work_mem=64kB"});
  CHECK_THAT(sort.out, ContainsSubstring("runs                        24\n") &&
                           ContainsSubstring("merged runs                  4\n") &&
                           ContainsSubstring("24 runs and 4 merged ones"));
}

}  // namespace
}  // namespace palloscope::gui::cli
