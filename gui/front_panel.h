// Which panel a file belongs in the front of: shared memory or a buffer pool that comes without any memory context.
#pragma once

#include <string_view>

#include "gui/layout/workspace.h"
#include "trace/replay/memory_state.h"

namespace palloscope::gui {

// The panel's id; empty: the map, as usual.
std::string_view front_panel(const trace::MemoryState& state);

// Brings it to the front of its place. Where there are contexts the map comes back, if one of these stood there.
void suit_front(WorkspaceState& workspace, const trace::MemoryState& state);

}  // namespace palloscope::gui
