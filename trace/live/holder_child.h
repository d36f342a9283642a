// What the holder and we say to each other, and the child's whole life. Its own file, because everything there runs
// behind a fork in a program with threads: system calls and plain memory, nothing that allocates or locks.
#pragma once

#include <cstdint>

#include "trace/live/holder.h"

namespace palloscope::trace {

struct HolderCommand {
  enum Kind : std::uint32_t { Stop, Release };
  std::uint32_t kind = Stop;
  std::uint64_t limit_ns = 0;
};

struct HolderAnswer {
  std::int32_t fault = 0;  // errno; 0: done
  std::uint32_t by_limit = 0, gone = 0;
  std::uint64_t held_ns = 0;
  Registers registers = {};
};

[[noreturn]] void live_as_holder(int pid, int socket);

}  // namespace palloscope::trace
