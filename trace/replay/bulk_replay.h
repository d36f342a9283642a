// Applies tapes for whoever only wants to be at another event: runs of the usual allocation from the tail of one block,
// most of any real trace, are applied in a loop of their own (Reducer::allocate_run). The states are the same.
#pragma once

#include "trace/replay/fetch_chunks.h"
#include "trace/replay/reducer.h"

namespace palloscope::trace {

inline void replay_tape(const EventTape& tape, MemoryState& state) {
  NullJournal none;
  Reducer<NullJournal> reducer(state, none);
  visit_fetching(tape, state, reducer);
}

}  // namespace palloscope::trace
