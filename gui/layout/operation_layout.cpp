#include "gui/layout/operation_layout.h"

#include <algorithm>

namespace palloscope::gui {
namespace {

using core::OperationKind;
using core::OperationPhase;
using trace::OperationRecord;

constexpr std::uint64_t kSlotBytes = 24, kBucketBytes = 8;  // of memtuples, of the bucket array

// What is used before the first row: the array.
std::uint64_t fixed_bytes(const OperationRecord& operation) {
  return operation.slots * (operation.kind == OperationKind::Sort ? kSlotBytes : kBucketBytes);
}

// Rows that bring the account over its limit, each as large as those in memory on average.
std::uint64_t rows_to_limit(const OperationRecord& operation) {
  const std::uint64_t fixed = std::min(fixed_bytes(operation), operation.used_bytes);
  const std::uint64_t each = (operation.used_bytes - fixed) / std::max<std::uint64_t>(operation.tuples, 1);
  if (each == 0 || operation.limit_bytes < operation.used_bytes) return 0;
  return (operation.limit_bytes - operation.used_bytes) / each + 1;
}

}  // namespace

std::vector<PhaseBox> phase_boxes(const OperationRecord& operation) {
  struct State {
    OperationPhase phase;
    PhaseJoint joint;
  };
  static constexpr State kSort[] = {
      {OperationPhase::Initial, PhaseJoint::Start},       {OperationPhase::Bounded, PhaseJoint::Next},
      {OperationPhase::SortedInMemory, PhaseJoint::Next}, {OperationPhase::BuildRuns, PhaseJoint::Branch},
      {OperationPhase::FinalMerge, PhaseJoint::Next},     {OperationPhase::SortedOnTape, PhaseJoint::Or}};
  static constexpr State kJoin[] = {{OperationPhase::Build, PhaseJoint::Start},
                                    {OperationPhase::Probe, PhaseJoint::Next}};
  static constexpr State kAggregate[] = {{OperationPhase::Fill, PhaseJoint::Start},
                                         {OperationPhase::Spill, PhaseJoint::Next},
                                         {OperationPhase::Refill, PhaseJoint::Next}};
  std::vector<PhaseBox> boxes;
  const auto add = [&](const auto& states) {
    for (const State& state : states) boxes.push_back({state.phase, state.phase == operation.phase, state.joint});
  };
  if (operation.kind == OperationKind::Sort) add(kSort);
  if (operation.kind == OperationKind::HashJoin) add(kJoin);
  if (operation.kind == OperationKind::HashAggregate) add(kAggregate);
  return boxes;
}

std::string_view phase_key(OperationPhase phase) {
  static constexpr std::string_view kKeys[core::kOperationPhaseCount] = {
      "operations.phase.initial", "operations.phase.bounded", "operations.phase.runs",  "operations.phase.sorted",
      "operations.phase.on_tape", "operations.phase.merge",   "operations.phase.build", "operations.phase.probe",
      "operations.phase.fill",    "operations.phase.spill",   "operations.phase.refill"};
  return kKeys[static_cast<std::size_t>(phase)];
}

std::string_view operation_kind_key(OperationKind kind) {
  static constexpr std::string_view kKeys[core::kOperationKindCount] = {"operations.kind.sort", "operations.kind.join",
                                                                        "operations.kind.aggregate"};
  return kKeys[static_cast<std::size_t>(kind)];
}

std::vector<PartCell> part_cells(const OperationRecord& operation, const std::vector<trace::OperationPart>& parts,
                                 std::size_t most) {
  std::vector<PartCell> cells;
  const bool join = operation.kind == OperationKind::HashJoin;
  const auto cell_of = [](const trace::OperationPart& part) {
    return PartCell{part.part, part.read_bytes >= part.bytes ? PartState::ReadBack : PartState::OnDisk, part.tuples,
                    part.bytes};
  };
  if (join) {
    auto found = parts.begin();
    const std::uint32_t first =
        operation.parts > most
            ? std::min<std::uint32_t>(operation.part, operation.parts - static_cast<std::uint32_t>(most))
            : 0;
    for (std::uint32_t batch = first; batch < operation.parts && cells.size() < most; ++batch) {
      while (found != parts.end() && found->part < batch) ++found;
      PartCell cell{batch, PartState::Empty, 0, 0};
      if (found != parts.end() && found->part == batch) cell = cell_of(*found);
      if (batch == operation.part && operation.ended == 0) cell.state = PartState::InMemory;
      if (batch < operation.part && cell.state == PartState::OnDisk) cell.state = PartState::ReadBack;
      cells.push_back(cell);
    }
    return cells;
  }
  const std::size_t first = parts.size() > most ? parts.size() - most : 0;
  for (std::size_t i = first; i < parts.size(); ++i) cells.push_back(cell_of(parts[i]));
  return cells;
}

Forecast forecast(const OperationRecord& operation) {
  if (operation.ended != 0 || operation.slots == 0) return {};
  const bool over = operation.used_bytes > operation.limit_bytes;
  switch (operation.phase) {
    case OperationPhase::Initial:
    case OperationPhase::BuildRuns: {
      // With one slot left the array grows, or, if it may not, the next row but one is the last.
      const std::uint64_t slots = operation.slots > operation.tuples + 1 ? operation.slots - operation.tuples - 1 : 0;
      const std::uint64_t limit = rows_to_limit(operation);
      const bool runs = operation.phase == OperationPhase::BuildRuns;
      const bool by_memory = limit != 0 && limit <= slots;
      if (runs) return {NextDecision::WriteRun, by_memory ? limit : slots + 1};
      if (by_memory) return {NextDecision::GoToTapes, limit};
      return {NextDecision::GrowArray, slots + 1};
    }
    case OperationPhase::Build:
      if (over) return {NextDecision::GaveUp, 0};
      return {operation.tuples == 0 ? NextDecision::None : NextDecision::DoubleBatches, rows_to_limit(operation)};
    case OperationPhase::Fill: {
      if (operation.tuples == 0) return {};
      const std::uint64_t each = operation.used_bytes / operation.tuples;
      if (over || each == 0) return {};
      return {NextDecision::Spill, (operation.limit_bytes - operation.used_bytes) / each + 1};
    }
    default:
      return {};
  }
}

std::string_view decision_key(NextDecision what) {
  static constexpr std::string_view kKeys[] = {"",
                                               "operations.next.array",
                                               "operations.next.tapes",
                                               "operations.next.run",
                                               "operations.next.batches",
                                               "operations.next.gave_up",
                                               "operations.next.spill"};
  return kKeys[static_cast<std::size_t>(what)];
}

}  // namespace palloscope::gui
