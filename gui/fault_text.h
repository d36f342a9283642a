// The program's mistakes in the window's words, and which of them concern a piece of memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gui/session.h"
#include "gui/strings.h"

namespace palloscope::gui {

std::string_view fault_key(core::FaultKind kind);  // of the string table: "fault.double_free"

// "double free at 7f12 3456 7890 (8 B)"
std::string fault_text(const Strings& strings, const core::FaultFound& fault);
// "memory from #12, freed #30"; empty where neither is known.
std::string fault_origin_text(const Strings& strings, const core::FaultFound& fault);

// Those up to the cursor that concern the bytes or name the use `born` of a chunk; 0: of none. The latest first.
std::vector<trace::FoundFault> faults_about(const Session& session, Address at, std::uint64_t bytes, EventNumber born);

}  // namespace palloscope::gui
