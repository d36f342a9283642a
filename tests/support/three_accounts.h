// The standing promise of the project: three accounts of the same moment agree. The core's own counters (Tallies), the
// state replayed from events (MemoryState), and a walk over the bytes: contexts and the order of children, block lists
// in order with freeptr, chunks with state and address, freelists in order, recycled-context lists, mem_allocated,
// isReset.
#pragma once

#include <cstddef>
#include <string>

#include "core/events/event_sink.h"
#include "core/mcxt/process.h"
#include "core/version/version_profile.h"
#include "core/walk/walked_heap.h"
#include "trace/replay/memory_state.h"

namespace palloscope::test {

// The walk over the process's bytes: from its variables, and from the contexts that are detached by the state's word.
core::WalkedHeap walk_process(const core::Process& process, const trace::MemoryState& state);

// Empty: all three agree. Else the first disagreement in words.
std::string compare_accounts(const core::Process& process, const trace::MemoryState& state,
                             const core::WalkedHeap& heap);

// The same of two accounts: a state that was made of looks from outside, and the walk of the last look. What production
// builds keep nowhere is not asked for.
std::string compare_to_walk(const core::VersionProfile& profile, const trace::MemoryState& state,
                            const core::WalkedHeap& heap);

// A sink that replays what it is told and compares, until the program tramples on headers or links: no account can
// agree with bytes that lie. Complete walks after each of many events are slow, so in long streams only each k-th event
// is checked (and whatever moment check_now asks for).
class ThreeAccounts final : public core::EventSink {
 public:
  struct Pace {
    std::size_t each_event_up_to = 2000;
    std::size_t then_every = 16;
  };
  ThreeAccounts() = default;
  explicit ThreeAccounts(Pace pace) : pace_(pace) {}

  // From now on; before that (while the process is made) events are only replayed.
  void watch(const core::Process& process) { process_ = &process; }
  void emit(const core::EventBody& event) override;
  void check_now();

  // Empty, or the first disagreement with the event after which it was seen. After one, nothing is compared any more.
  const std::string& disagreement() const { return disagreement_; }
  std::size_t comparisons() const { return comparisons_; }
  bool trampled() const { return trampled_; }
  const trace::MemoryState& state() const { return state_; }

 private:
  Pace pace_;
  const core::Process* process_ = nullptr;
  trace::MemoryState state_;
  std::string disagreement_, last_event_;
  std::size_t comparisons_ = 0;
  bool trampled_ = false;
};

}  // namespace palloscope::test
