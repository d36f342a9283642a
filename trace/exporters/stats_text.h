// The tree of contexts as PostgreSQL prints it (spec 9.1, 9.2). Of a dump: exactly what the server printed. Of a
// simulated process: what MemoryContextStats(TopMemoryContext) would print, children and levels beyond 100 summed up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/events/event_sink.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// The top context of the picture: of a dump the first one (dump_events.h), else TopMemoryContext, the oldest.
ContextSlot top_context(const MemoryState& state, const core::StreamDescription& description);

// One context's line, without indentation and newline.
std::string stats_line(const MemoryState& state, const ContextRecord& context,
                       const core::StreamDescription& description);

// Indented text with the Grand total. Empty if there is no context yet.
std::string stats_text(const MemoryState& state, const core::StreamDescription& description);

// The same as the messages of pg_log_backend_memory_contexts, a line each. `first_line`: where it was not English.
std::string log_text(const MemoryState& state, const core::StreamDescription& description, std::uint32_t pid,
                     std::string_view first_line = {});

}  // namespace palloscope::trace
