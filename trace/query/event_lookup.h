// What an event does not say itself: who has the block or chunk that it names, how large that is, which page a buffer
// holds. Taken from the state before it.
#pragma once

#include "trace/query/event_facts.h"

namespace palloscope::trace {

void look_up(EventFacts& facts, const MemoryState& before);

}  // namespace palloscope::trace
