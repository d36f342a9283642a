// What the operations panel draws of one operation at one moment: its states with the present one, its parts as cells,
// and how many rows like those so far are left to its next decision. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "trace/analysis/operation_story.h"
#include "trace/replay/server_state.h"

namespace palloscope::gui {

// How a state is reached: from the one before it; instead of the one before it; or, in a row of its own, from the
// first.
enum class PhaseJoint : std::uint8_t { Start, Next, Or, Branch };
struct PhaseBox {
  core::OperationPhase phase = core::OperationPhase::Initial;
  bool now = false;
  PhaseJoint joint = PhaseJoint::Start;
};
// The states of its machine, in the order in which they are drawn.
std::vector<PhaseBox> phase_boxes(const trace::OperationRecord& operation);
std::string_view phase_key(core::OperationPhase phase);         // "operations.phase.initial"
std::string_view operation_kind_key(core::OperationKind kind);  // "operations.kind.sort"

enum class PartState : std::uint8_t { InMemory, OnDisk, ReadBack, Empty };
struct PartCell {
  std::uint32_t number = 0;  // run (from 1), batch (from 0), partition (from 1)
  PartState state = PartState::Empty;
  std::uint64_t tuples = 0, bytes = 0;  // on disk, as written
};
// Batches of a join (all of them), runs of a sort, partitions of an aggregate; no more than `most`, the last ones.
std::vector<PartCell> part_cells(const trace::OperationRecord& operation,
                                 const std::vector<trace::OperationPart>& parts, std::size_t most);

enum class NextDecision : std::uint8_t {
  None,           // nothing is going to be decided any more
  GrowArray,      // sort: memtuples is enlarged
  GoToTapes,      // sort: the first run
  WriteRun,       // sort: the next run
  DoubleBatches,  // hash join
  GaveUp,         // hash join: over its limit, and it will not grow any more
  Spill,          // hash aggregate
};
struct Forecast {
  NextDecision what = NextDecision::None;
  std::uint64_t rows = 0;  // rows like those in memory that bring it about
};
Forecast forecast(const trace::OperationRecord& operation);
std::string_view decision_key(NextDecision what);  // "operations.next.tapes"

}  // namespace palloscope::gui
