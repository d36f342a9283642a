// The rules that every correct buffer pool obeys (spec 10), looked for in the replayed state: what its counters say is
// there, a page is in one buffer, pins are those of the backends, the freelist is one chain, rings and the hand stand
// within their pool. What an event that names an unknown thing breaks is MemoryState's business: Fault.
#pragma once

#include <string>
#include <vector>

#include "core/events/event.h"
#include "trace/replay/server_state.h"

namespace palloscope::trace {

// Everything; holds after any event. Costs O(n log n) for n buffers, and the pins. In words, at most `most`.
std::vector<std::string> check_pools(const ServerState& server, std::size_t most = 10);

// What the event itself must have left behind: cheap enough for every event (it looks at one buffer and the backends'
// pins; only the end of a checkpoint looks at all buffers).
std::vector<std::string> check_pool_event(const core::EventBody& event, const ServerState& after,
                                          std::size_t most = 10);

}  // namespace palloscope::trace
