// How a simulated call can end other than by returning: PostgreSQL reports an error, or the process dies.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.h"

namespace palloscope::core {

// ereport(ERROR): PostgreSQL's text; thrown through the simulated program, caught by PG_TRY or the host.
struct Ereport {
  std::string sqlstate;  // "53200"; XX000 for elog(ERROR)
  std::string message;
  std::string detail;    // may be empty
  Address context = {};  // the memory context concerned, if any
};

// The simulated process did what kills a real one: read or wrote where nothing is mapped (SIGSEGV), or gave malloc a
// pointer that is not its own (SIGABRT). PG_TRY does not catch it; what was done up to there stays done.
struct Crash {
  std::string signal;  // "SIGSEGV", "SIGABRT"
  std::string message;
  Address at;
};

Ereport invalid_size(Address context, std::uint64_t bytes);

// Without 0x, as PostgreSQL prints pointers and header words.
std::string hex_text(std::uint64_t value);

}  // namespace palloscope::core
