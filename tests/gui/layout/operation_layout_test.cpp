#include "gui/layout/operation_layout.h"

#include "core/mcxt/process.h"
#include "core/workmem/hash_join.h"
#include "core/workmem/sort.h"
#include "tests/support/catch.h"
#include "trace/replay/timeline.h"

namespace palloscope::gui {
namespace {

using core::OperationPhase;

struct Recorded {
  Recorded() : timeline(trace::Timeline::recording({})), process(*core::find_profile(17, false), timeline.sink()) {}
  trace::Timeline timeline;
  core::Process process;
  const trace::OperationRecord& now() {
    timeline.seek(timeline.size());
    return *timeline.state().server().operation({0});
  }
};

TEST_CASE("the forecast of a sort comes true: the array grows, tapes begin, runs are written when it says") {
  Recorded recorded;
  core::SortSpec spec;
  spec.settings.work_mem_kb = 128;
  core::TupleSort sort(recorded.process, {0}, spec);
  for (int i = 0; i < 10; ++i) sort.put({i, 16});
  Forecast next = forecast(recorded.now());
  REQUIRE(next.what == NextDecision::GrowArray);
  const std::uint64_t slots = sort.slots();
  for (std::uint64_t i = 1; i < next.rows; ++i) sort.put({0, 16});
  CHECK(sort.slots() == slots);
  sort.put({0, 16});
  CHECK(sort.slots() > slots);

  Recorded tight;
  spec.settings.work_mem_kb = 64;
  core::TupleSort large(tight.process, {0}, spec);
  for (int i = 0; i < 3; ++i) large.put({i, 1000});
  next = forecast(tight.now());
  REQUIRE(next.what == NextDecision::GoToTapes);
  for (std::uint64_t i = 1; i < next.rows; ++i) large.put({0, 1000});
  CHECK(large.phase() == OperationPhase::Initial);
  large.put({0, 1000});
  CHECK(large.phase() == OperationPhase::BuildRuns);
  large.put({0, 1000});
  next = forecast(tight.now());
  REQUIRE(next.what == NextDecision::WriteRun);
  for (std::uint64_t i = 1; i < next.rows; ++i) large.put({0, 1000});
  CHECK(large.runs() == 1);
  large.put({0, 1000});
  CHECK(large.runs() == 2);
}

TEST_CASE("the forecast of a hash join comes true, and says when there will be no more") {
  Recorded recorded;
  core::HashJoinSpec spec;
  spec.guess = {20, 984};
  spec.settings.work_mem_kb = 64;
  spec.settings.hash_mem_multiplier = 1;
  core::HashJoin join(recorded.process, {0}, spec);
  CHECK(forecast(recorded.now()).what == NextDecision::None);
  join.insert({core::hash_int4(0), 1000});
  const Forecast next = forecast(recorded.now());
  REQUIRE(next.what == NextDecision::DoubleBatches);
  for (std::uint64_t i = 1; i < next.rows; ++i) join.insert({core::hash_int4(0), 1000});
  CHECK(join.batches() == 1);
  join.insert({core::hash_int4(0), 1000});
  CHECK(join.batches() == 2);
  // All rows have one key: whichever side they went to, nothing was divided.
  const auto cells = part_cells(recorded.now(), {}, 10);
  REQUIRE(cells.size() == 2);
  CHECK(cells[0].state == PartState::InMemory);
}

TEST_CASE("batches are cells: the present one in memory, later ones on disk, earlier ones read back") {
  trace::OperationRecord operation;
  operation.born = 1;
  operation.kind = core::OperationKind::HashJoin;
  operation.parts = 4;
  operation.part = 1;
  const std::vector<trace::OperationPart> parts{{1, 5, 500, 500}, {2, 6, 600, 0}};
  const auto cells = part_cells(operation, parts, 8);
  REQUIRE(cells.size() == 4);
  CHECK(cells[0].state == PartState::Empty);
  CHECK(cells[1].state == PartState::InMemory);
  CHECK(cells[2].state == PartState::OnDisk);
  CHECK(cells[2].bytes == 600);
  CHECK(cells[3].state == PartState::Empty);
  operation.parts = 64;
  operation.part = 60;
  const auto last = part_cells(operation, parts, 8);
  REQUIRE(last.size() == 8);
  CHECK(last.front().number == 56);
  CHECK(last[4].state == PartState::InMemory);
}

TEST_CASE("each machine's present state is among its boxes") {
  for (int kind = 0; kind < core::kOperationKindCount; ++kind) {
    trace::OperationRecord operation;
    operation.kind = static_cast<core::OperationKind>(kind);
    int now = 0;
    for (int phase = 0; phase < core::kOperationPhaseCount; ++phase) {
      operation.phase = static_cast<OperationPhase>(phase);
      for (const PhaseBox& box : phase_boxes(operation)) now += box.now ? 1 : 0;
      CHECK(!phase_key(operation.phase).empty());
    }
    CHECK(now == (kind == 0 ? 6 : kind == 1 ? 2 : 3));
  }
}

TEST_CASE("what a sort does on disk branches off its first state, and ends in one of two ways") {
  trace::OperationRecord sort;
  sort.kind = core::OperationKind::Sort;
  std::vector<core::OperationPhase> branches, others;
  for (const PhaseBox& box : phase_boxes(sort)) {
    if (box.joint == PhaseJoint::Branch) branches.push_back(box.phase);
    if (box.joint == PhaseJoint::Or) others.push_back(box.phase);
  }
  CHECK(branches == std::vector{core::OperationPhase::BuildRuns});
  CHECK(others == std::vector{core::OperationPhase::SortedOnTape});
}

}  // namespace
}  // namespace palloscope::gui
