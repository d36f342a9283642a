// What the contexts of a stream are asked for, over its whole length: decides which of them fit a Slab, and whether a
// Bump can serve them. Fed with the calls of a CallStream.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trace/compare/program_call.h"

namespace palloscope::trace {

struct SurveyedContext {
  std::string name;
  core::ContextKind kind = core::ContextKind::AllocSet;
  bool fixed = false;  // TopMemoryContext, ErrorContext: always what they are
  std::uint64_t requests = 0, largest_request = 0;
  core::EventNumber largest_at = 0;      // the first request of that size
  core::EventNumber first_pfree = 0;     // 0: none
  core::EventNumber first_repalloc = 0;  // 0: none
};

class StreamSurvey {
 public:
  void take(const ProgramCall& call);
  // By the order of creation (ProgramCall::ordinal).
  const std::vector<SurveyedContext>& contexts() const { return contexts_; }
  std::uint64_t calls() const { return calls_; }

 private:
  SurveyedContext& of(core::ContextSlot slot) { return contexts_[ordinal_[slot.value]]; }
  void created(const ProgramCall& call);

  std::vector<SurveyedContext> contexts_;
  std::vector<std::uint32_t> ordinal_;  // by ContextSlot
  std::uint64_t calls_ = 0;
};

}  // namespace palloscope::trace
