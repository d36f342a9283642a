#include "core/workmem/trial.h"

#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

TEST_CASE("a trial sort says what EXPLAIN would, and when it went to disk") {
  TrialSpec spec;
  spec.major = 15;
  spec.rows = 1000;
  spec.width = 37;
  const auto memory = run_trial(spec);
  REQUIRE(memory);
  CHECK(memory->method == "quicksort");
  CHECK(memory->peak_bytes == 24592 + 1000 * 80);
  CHECK(memory->disk_bytes == 0);
  CHECK(memory->context_bytes > memory->peak_bytes);

  spec.settings.work_mem_kb = 64;
  const auto disk = run_trial(spec);
  REQUIRE(disk);
  CHECK(disk->method == "external merge");
  CHECK(disk->on_disk);
  CHECK(disk->peak_bytes == 6 * 8192);
  CHECK(disk->parts == 2);
  REQUIRE(!disk->decisions.empty());
  CHECK(disk->decisions.front().row == 512);
  CHECK(disk->decisions.front().phase == OperationPhase::BuildRuns);
  CHECK(disk->decision_count == disk->decisions.size());
}

TEST_CASE("a trial join reads back every batch and says what EXPLAIN would") {
  TrialSpec spec;
  spec.kind = OperationKind::HashJoin;
  spec.rows = 20000;
  const auto one = run_trial(spec);
  REQUIRE(one);
  CHECK(one->parts == 1);
  CHECK(one->peak_bytes == 720000 + 262144);
  spec.settings.work_mem_kb = 256;
  const auto four = run_trial(spec);
  REQUIRE(four);
  CHECK(four->slots == 16384);
  CHECK(four->parts == 4);
  CHECK(four->disk_bytes > 20000 / 4 * 3 * 24);
}

TEST_CASE("a trial aggregate answers every group") {
  TrialSpec spec;
  spec.kind = OperationKind::HashAggregate;
  spec.rows = 5000;
  spec.distinct = 700;
  const auto trial = run_trial(spec);
  REQUIRE(trial);
  CHECK(trial->groups == 700);
  CHECK(trial->parts == 1);
}

TEST_CASE("a trial of what cannot be is refused in words") {
  TrialSpec spec;
  spec.rows = kMostTrialRows + 1;
  CHECK_THAT(run_trial(spec).error().message, Catch::Matchers::ContainsSubstring("too many"));
  spec.rows = 10;
  spec.width = 0;
  CHECK_THAT(run_trial(spec).error().message, Catch::Matchers::ContainsSubstring("it takes 1 to"));
  spec.width = 4;
  spec.major = 14;
  CHECK_THAT(run_trial(spec).error().message, Catch::Matchers::ContainsSubstring("15 to 18"));
  spec.major = 17;
  spec.rows = 0;
  CHECK(run_trial(spec));
}

}  // namespace
}  // namespace palloscope::core
