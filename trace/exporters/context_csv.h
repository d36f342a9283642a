// The tree of contexts as rows of pg_backend_memory_contexts, as COPY ... CSV HEADER writes them (spec 9.3): 14 to 17
// depth-first with the parent's name, 18 breadth-first with type and path.
#pragma once

#include <iosfwd>

#include "core/events/event_sink.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// Of a version that is not known: the columns of 14 to 17.
void write_context_csv(const MemoryState& state, const core::StreamDescription& description, std::ostream& out);

}  // namespace palloscope::trace
