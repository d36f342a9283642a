// The tree of contexts as the rows of pg_backend_memory_contexts (spec 9.3): 14 to 17 depth-first with the parent's
// name, 18 breadth-first with type and path. For who writes them as CSV and who answers questions with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event_sink.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

struct ContextRow {
  ContextSlot context;
  ContextSlot parent;       // none: the top of the picture
  std::uint64_t level = 0;  // of the top: 0, from 18 on 1
  std::string path;         // from 18 on: "{1,3}"
  ReportedCounters counters;
};

// Has 18's columns; a version that is not known has those of 14 to 17.
bool has_context_path(const core::StreamDescription& description);

// In the server's order. Of a dump: those that it reported.
std::vector<ContextRow> context_rows(const MemoryState& state, const core::StreamDescription& description);

// As the view shows them: what stands for the name is no ident; idents are cut at 1023 bytes.
std::optional<std::string_view> shown_ident(const ContextRecord& context);
std::string_view shown_type(const ContextRecord& context);  // "AllocSet", "???"

}  // namespace palloscope::trace
