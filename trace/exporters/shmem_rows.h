// The rows of pg_shmem_allocations at a moment: the main segment's named structures in the order of their offsets, then
// the two rows for what has no name: "<anonymous>" and the space that nobody has taken.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/events/event_sink.h"
#include "trace/replay/server_state.h"

namespace palloscope::trace {

struct ShmemRow {
  std::optional<std::string> name;  // none: the space that is left
  std::optional<std::uint64_t> offset;
  std::uint64_t bytes = 0, allocated_bytes = 0;
  EventNumber born = 0;  // the event that allocated it; 0: not one structure
};

// None where no main segment is known, or no offsets are (an import of the view by node alone).
std::vector<ShmemRow> shmem_rows(const ServerState& server, const core::StreamDescription& description);

std::optional<SegmentSlot> main_segment(const ServerState& server);

}  // namespace palloscope::trace
