// Which context an event is about: for colours, for clicking an event through to its context. Pure.
#pragma once

#include "trace/replay/memory_state.h"

namespace palloscope::gui {

// At the state after the event; none if it is about no context, or about one that is no more.
core::ContextSlot touched_context(const core::EventBody& event, const trace::MemoryState& after);

}  // namespace palloscope::gui
