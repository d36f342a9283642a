// An event with all its fields as one line of JSON, for programs.
#pragma once

#include <string>

#include "core/events/event.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// {"event":12,"type":"Malloc","summary":"...","block":3,"at":"0x55d0...","bytes":8192}. Fields have the names they have
// in core/events/event.h; addresses are text in hex, slots numbers (null: none), bytes hex digits. Texts that are not
// UTF-8 are written with \x escapes (printable.h). `after` as for event_text.
std::string event_json(core::EventNumber number, const core::EventBody& event, const MemoryState& after);

}  // namespace palloscope::trace
