// The moments that a dump tells of: a server log may hold many dumps, of one backend or of several. Between them
// nothing is known.
#pragma once

#include <string>
#include <vector>

#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct DumpMoment {
  EventNumber event = 0;  // the dump is complete
  std::string label;      // its time stamp, as the file has it; may be empty
  std::uint32_t pid = 0;  // 0: not said
};

// Without replaying anything. None in what is no dump.
std::vector<DumpMoment> dump_moments(const Timeline& timeline);

}  // namespace palloscope::trace
