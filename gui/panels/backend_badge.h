// A backend as a sign: a shape, a letter and a colour, so that it is known again wherever it stands, without its colour
// too.
#pragma once

#include <imgui.h>

#include <string>

#include "gui/panels/panel.h"
#include "trace/replay/server_state.h"

namespace palloscope::gui {

// "A" for slot 0, "Z" for 25, "A1" for 26.
std::string backend_letter(core::BackendSlot slot);

// `size`: the shape's height. No backend ("the nameless one"): an empty disc.
void draw_backend_badge(const PanelContext& context, ImVec2 centre, float size, core::BackendSlot slot);

// "backend 1", "checkpointer (pid 4711)"; the letter if nobody named it.
std::string backend_text(const PanelContext& context, core::BackendSlot slot);

}  // namespace palloscope::gui
