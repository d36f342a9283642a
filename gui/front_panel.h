// Which panel an opened document wants in front: what its scenario's head says; else what its events are about.
#pragma once

#include <string_view>

#include "gui/layout/workspace.h"
#include "gui/session.h"

namespace palloscope::gui {

// The panel's id; empty: the map, as usual.
std::string_view front_panel(const Document& document);

// The view of that panel, by the name that the panel gives it; empty: the panel's first.
std::string_view front_view(const Document& document);

// Brings it to the front of its place; where none is wanted the map comes back, if one of these stood there.
void suit_front(WorkspaceState& workspace, const Document& document);

}  // namespace palloscope::gui
