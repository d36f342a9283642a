// Events, and the contexts at every so many events, as rows: what a spreadsheet or a data frame reads.
#pragma once

#include <string>
#include <string_view>

#include "core/version/version_profile.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

inline constexpr std::string_view kEventCsvHead =
    "event,type,context,context_name,block,chunk,at,requested_bytes,granted_bytes,bytes,context_bytes_after,"
    "malloc_bytes_after,summary\n";
// A line of CSV; fields that the event has not are empty. `after` as for event_text.
std::string event_csv(core::EventNumber number, const core::EventBody& event, const MemoryState& after);

inline constexpr std::string_view kStateCsvHead =
    "event,context,parent,name,ident,kind,level,total_bytes,total_nblocks,free_bytes,free_chunks,used_bytes\n";
// The contexts after an event, parents first: a line of CSV, or of JSON with the same names, for each.
std::string state_rows(const MemoryState& state, const core::VersionProfile* profile, bool json);

}  // namespace palloscope::trace
