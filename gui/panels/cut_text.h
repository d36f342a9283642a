// Text in a place that may be too narrow for it: cut between two signs, with an ellipsis behind. The one way to cut
// text in the window; where the whole cannot be read elsewhere, the caller says it on hover.
#pragma once

#include <imgui.h>

#include <string>
#include <string_view>

#include "gui/theme.h"

namespace palloscope::gui {

// How many bytes of it fit: all, or those in front of the ellipsis.
std::size_t fitting_bytes(ImFont* font, float size, std::string_view text, float width);
std::string cut_to_width(ImFont* font, float size, std::string_view text, float width);

// Draws it, or nothing where not one sign fits, up to the right edge of `clip` (left, top, right, bottom). True:
// something was cut off.
bool add_cut_text(ImDrawList* draw, ImFont* font, float size, ImVec2 at, Color color, std::string_view text,
                  const ImVec4& clip);
// Up to `right`, however high.
bool add_cut_text(ImDrawList* draw, ImFont* font, float size, ImVec2 at, Color color, std::string_view text,
                  float right);

}  // namespace palloscope::gui
