// The rules that every correct heap obeys at every moment, looked for in the replayed state: the tree hangs together,
// regions do not overlap, chunks lie inside their blocks and not on each other, freelists hold free chunks of their
// class, and every counter is the sum of what it counts. What single events break (a second free, an unknown slot) is
// MemoryState's business: Fault.
#pragma once

#include <string>
#include <vector>

#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// What is broken, in words; at most `most`. Empty: nothing. Costs O(n log n) for n live things.
std::vector<std::string> check_heap(const MemoryState& state, std::size_t most = 10);

}  // namespace palloscope::trace
