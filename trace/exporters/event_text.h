// What an event says, in one line for people: the event list of the window and `palloscope events` show it.
#pragma once

#include <string>
#include <string_view>

#include "core/events/event.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// `after`: the state after the event, by which slots get their names (records of what just went are still readable
// there). "palloc ExecutorState 100 -> 128 @0x55d0c0de1000". Always one line of valid UTF-8.
std::string event_text(const core::EventBody& event, const MemoryState& after);

// The kind's name as in core/events/event.h: "ChunkAllocated".
std::string_view event_kind_name(const core::EventBody& event);
std::string_view event_kind_name(std::uint8_t tag);  // "?" for a tag that is none

std::string_view fault_kind_name(core::FaultKind kind);      // "double free"
std::string_view context_kind_name(core::ContextKind kind);  // "AllocSet"; Unknown: "unknown"
std::string_view block_role_name(core::BlockRole role);      // "keeper"

// As PostgreSQL prints it: a context named dynahash goes by its ident (spec 9.1).
std::string_view printed_name(const ContextRecord& context);

}  // namespace palloscope::trace
