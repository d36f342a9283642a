#include "core/workmem/operation.h"

#include "core/base/check.h"

namespace palloscope::core {

OperationSlot OperationSlots::take() {
  std::uint32_t slot = 0;
  while (slot < taken_.size() && taken_[slot]) ++slot;
  if (slot == taken_.size()) taken_.push_back(false);
  taken_[slot] = true;
  return {slot};
}

void OperationSlots::give_back(OperationSlot slot) { taken_.at(slot.value) = false; }

void Operation::began(OperationKind kind, OperationPhase phase, Address context, std::uint64_t limit_bytes,
                      const std::string& name) {
  phase_ = phase;
  OperationBegan event{slot_, kind, phase, {}, limit_bytes, name};
  event.context = process_.names().context(context);
  told_.operation = slot_;
  told_.limit_bytes = limit_bytes;
  process_.announce(event);
}

void Operation::enter(OperationPhase phase) {
  if (phase == phase_) return;
  phase_ = phase;
  process_.announce(OperationPhaseChanged{slot_, phase});
}

void Operation::counted(OperationCounted now) {
  now.operation = slot_;
  if (now == told_) return;
  told_ = now;
  process_.announce(now);
}

void Operation::spilled(std::uint32_t part, std::uint64_t tuples, std::uint64_t bytes, bool read_back) {
  process_.announce(OperationSpilled{slot_, part, tuples, bytes, read_back});
}

void Operation::has_ended(std::uint64_t peak_bytes) {
  check(!ended_, "an operation ends once");
  ended_ = true;
  process_.announce(OperationEnded{slot_, peak_bytes});
}

}  // namespace palloscope::core
