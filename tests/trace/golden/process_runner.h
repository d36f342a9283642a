// ProcessRunner: carries out the same operations on a simulated process as the naive model does on itself, and answers
// with the same outcome.
#pragma once

#include <map>

#include "core/mcxt/process.h"
#include "core/walk/walked_heap.h"
#include "tests/support/naive_model/operation.h"
#include "trace/golden/golden_sequence.h"

namespace palloscope::test {

class ProcessRunner : trace::GoldenObserver {
 public:
  explicit ProcessRunner(const core::VersionProfile& profile);

  Outcome apply(const Operation& operation);

  const core::Process& process() const { return process_; }
  core::Address context(int number) const {
    return number == -1 ? process_.top_memory_context() : contexts_.at(number);
  }
  core::Address chunk(int number) const { return chunks_.at(number); }
  std::uint64_t base(std::int64_t region) const;
  core::WalkedHeap walk() const;
  nlohmann::json dump(const core::WalkedHeap& heap, int context) const;

 private:
  void event(const core::EventBody& event, const core::Process* process) override;
  void carry_out(const Operation& operation, Outcome& outcome);
  void answer_chunk(core::Address at, core::ContextKind kind, Outcome& outcome) const;
  core::Address create(const Operation& operation);

  const core::VersionProfile& profile_;
  trace::GoldenRecorder recorder_;  // for dumps
  Outcome* outcome_ = nullptr;
  std::map<core::BlockSlot, std::pair<std::int64_t, core::Address>> regions_;
  std::map<core::Address, std::int64_t> by_address_;
  std::map<std::int64_t, core::Address> bases_;
  std::int64_t next_region_ = -2;
  core::Process process_;
  std::map<int, core::Address> contexts_;
  std::map<int, core::ContextKind> kinds_;  // of contexts
  std::map<int, core::Address> chunks_;
  std::map<int, int> owners_;
};

}  // namespace palloscope::test
