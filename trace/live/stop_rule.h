// StopRule: a context and how large it may grow ("ExecutorState > 64MB"); StopHit: it was passed, and what was seen of
// the process then.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "trace/live/c_stack.h"

namespace palloscope::trace {

struct StopRule {
  std::string context;
  std::uint64_t bytes = 0;
  friend bool operator==(const StopRule&, const StopRule&) = default;
};

// "ExecutorState > 64MB"; the context's name may stand in quotes.
core::Result<StopRule> parse_stop_rule(std::string_view text);

struct WatchHit {
  core::Address context;
  std::uint64_t bytes = 0;    // mem_allocated
  bool at_the_write = false;  // seen by the processor; else found when looked at
  std::vector<CFrame> stack;  // if at_the_write
};

// With the moment that was taken because of it.
struct StopHit {
  StopRule rule;
  WatchHit hit;                                           // its stack: at the write, else when the process stood
  std::uint32_t interrupt_holdoff = 0, crit_section = 0;  // when it stood; not 0: it may have held a lightweight lock
};

}  // namespace palloscope::trace
