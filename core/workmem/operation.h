// Operation: what a sort, a hash join and a hash aggregate have in common: a slot in the stream, and telling what they
// do as events (core/events/server_events.h). The rules are in the classes derived from it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/mcxt/process.h"

namespace palloscope::core {

// Slots for operations, small and used again.
class OperationSlots {
 public:
  OperationSlot take();
  void give_back(OperationSlot slot);

 private:
  std::vector<bool> taken_;
};

class Operation {
 public:
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  OperationSlot slot() const { return slot_; }
  OperationPhase phase() const { return phase_; }
  bool ended() const { return ended_; }

 protected:
  Operation(Process& process, OperationSlot slot) : process_(process), slot_(slot) {}
  ~Operation() = default;

  void began(OperationKind kind, OperationPhase phase, Address context, std::uint64_t limit_bytes,
             const std::string& name);
  void enter(OperationPhase phase);
  // Told only if it differs from what was told last.
  void counted(OperationCounted now);
  void spilled(std::uint32_t part, std::uint64_t tuples, std::uint64_t bytes, bool read_back);
  void has_ended(std::uint64_t peak_bytes);

  Process& process_;

 private:
  OperationSlot slot_;
  OperationPhase phase_ = OperationPhase::Initial;
  OperationCounted told_;
  bool ended_ = false;
};

}  // namespace palloscope::core
