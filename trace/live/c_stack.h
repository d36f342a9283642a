// The C functions that a process was in, innermost first: unwound from registers and memory that somebody read, by the
// tables that every executable carries (.eh_frame). It traces nothing, so it serves copies and cores too.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/walk/memory_source.h"
#include "trace/live/holder.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

struct CFrame {
  core::Address pc;
  std::string function;      // empty: the executable does not tell (stripped of statics)
  std::string module;        // the file's name without its folder; empty: in none
  std::uint64_t offset = 0;  // from the function's start, or without a function from the module's
};

// `pid`: where the files of `maps` are looked for first (/proc/PID/root), as a container has its own; 0: only here.
core::Result<std::vector<CFrame>> c_stack(const Registers& registers, const core::MemorySource& memory,
                                          std::span<const Mapping> maps, std::uint32_t pid);

// "AllocSetAlloc+0x1f3 (postgres)", "postgres+0x4711"
std::string frame_text(const CFrame& frame);

}  // namespace palloscope::trace
