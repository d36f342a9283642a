// The main segment at a moment as the server's views show it: rows of pg_shmem_allocations (name, off, size,
// allocated_size; the two special rows last) and of pg_shmem_allocations_numa (name, numa_node, size). The views
// themselves come in hash order; here rows stand in the order of their offsets.
#pragma once

#include <iosfwd>

#include "core/events/event_sink.h"
#include "trace/replay/server_state.h"

namespace palloscope::trace {

// Only the header if no main segment is known, or no offsets are (an import of the view by node alone).
void write_shmem_csv(const ServerState& server, const core::StreamDescription& description, std::ostream& out);
// What a server reported, node by node; else where the segment's pages were placed, each structure widened to whole
// pages as the view does it.
void write_shmem_numa_csv(const ServerState& server, std::ostream& out);

}  // namespace palloscope::trace
