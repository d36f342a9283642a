#include "trace/importers/explain_plan.h"

#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

using core::NodeLimit;
using core::PlanOperation;

// Shortened from what PostgreSQL 17 printed for a parallel plan.
constexpr const char* kParallel =
    R"([{"Plan": {"Node Type": "Gather Merge", "Workers Planned": 2, "Workers Launched": 2,
  "Plans": [{"Node Type": "Sort", "Sort Method": "external merge", "Sort Space Used": 2040, "Sort Space Type": "Disk",
    "Workers": [{"Worker Number": 0, "Sort Space Used": 1976, "Sort Space Type": "Disk"},
                {"Worker Number": 1, "Sort Space Used": 79, "Sort Space Type": "Memory"}],
    "Plans": [{"Node Type": "Hash Join", "Plans": [
       {"Node Type": "Seq Scan"},
       {"Node Type": "Hash", "Parallel Aware": true, "Hash Buckets": 65536, "Hash Batches": 4,
        "Peak Memory Usage": 3008, "Plans": [{"Node Type": "Seq Scan"}]}]}]}]}, "Execution Time": 1.0}])";

TEST_CASE("a plan's nodes with a limit are found with their processes and figures") {
  const auto plan = read_explain_plan(kParallel);
  REQUIRE(plan);
  REQUIRE(plan->size() == 2);
  CHECK((*plan)[0] == PlanOperation{"Sort", NodeLimit::WorkMem, 3, 79 * 1024, (2040 + 1976) * 1024, 0});
  CHECK((*plan)[1] == PlanOperation{"Hash", NodeLimit::SharedHash, 3, 3008 * 1024, 0, 4});
}

TEST_CASE("aggregates count if they hash, subplans if they are kept") {
  const auto plan = read_explain_plan(R"({"Plan": {"Node Type": "Aggregate", "Strategy": "Hashed", "Disk Usage": 232,
    "HashAgg Batches": 5, "Peak Memory Usage": 161, "Plans": [
      {"Node Type": "Aggregate", "Strategy": "Sorted"},
      {"Node Type": "Memoize", "Peak Memory Usage": 5},
      {"Node Type": "Seq Scan", "Parent Relationship": "SubPlan", "Subplan Name": "hashed SubPlan 1"},
      {"Node Type": "Result", "Parent Relationship": "InitPlan", "Subplan Name": "CTE x"},
      {"Node Type": "Incremental Sort", "Full-sort Groups": {"Sort Space Memory": {"Peak Sort Space Used": 27}}}]}})");
  REQUIRE(plan);
  REQUIRE(plan->size() == 5);
  CHECK((*plan)[0] == PlanOperation{"HashAggregate", NodeLimit::HashMem, 1, 161 * 1024, 232 * 1024, 5});
  CHECK((*plan)[1] == PlanOperation{"Memoize", NodeLimit::HashMem, 1, 5 * 1024, 0, 0});
  CHECK((*plan)[2] == PlanOperation{"hashed SubPlan 1", NodeLimit::HashMem, 1, std::nullopt, 0, 0});
  CHECK((*plan)[3] == PlanOperation{"CTE x", NodeLimit::WorkMem, 1, std::nullopt, 0, 0});
  CHECK((*plan)[4] == PlanOperation{"Incremental Sort", NodeLimit::WorkMem, 1, 27 * 1024, 0, 0});
}

TEST_CASE("of a hash table that is not shared every process has one") {
  const auto plan = read_explain_plan(R"([{"Plan": {"Node Type": "Gather", "Workers Planned": 3, "Plans": [
    {"Node Type": "Hash", "Peak Memory Usage": 100}]}}])");
  REQUIRE(plan);
  CHECK((*plan)[0].processes == 4);
  CHECK((*plan)[0].taken_bytes == 400 * 1024);
}

TEST_CASE("what is no plan is refused with what to do") {
  for (const char* text :
       {"", "Sort  (cost=0..1)", "[]", "{}", "[1]", "null", R"([{"Plan": 1}])", R"([{"Plan": {}}])",
        R"([{"Plan": {"Node Type": "Sort", "Plans": [{}]}}])", R"([{"Plan": {"Node Type": "Sort", "Plans": {}}}])"}) {
    INFO(text);
    CHECK_FALSE(read_explain_plan(text));
  }
  CHECK_THAT(read_explain_plan("Sort (cost=0)").error().message, Catch::Matchers::ContainsSubstring("FORMAT JSON"));
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += R"({"Node Type": "Limit", "Plans": [)";
  for (int i = 0; i < 5000; ++i) deep += "]}";
  CHECK_FALSE(read_explain_plan(R"({"Plan": )" + deep + "}"));
}

TEST_CASE("figures that cannot be are not believed beyond reason") {
  const auto plan = read_explain_plan(
      R"([{"Plan": {"Node Type": "Gather", "Workers Planned": 1e300, "Plans": [{"Node Type": "Sort",
      "Sort Space Used": -5, "Sort Space Type": "Memory"}, {"Node Type": "Hash", "Peak Memory Usage": "much"}]}}])");
  REQUIRE(plan);
  CHECK((*plan)[0].processes == 1025);
  CHECK((*plan)[0].taken_bytes == 0u);
}

}  // namespace
}  // namespace palloscope::trace
