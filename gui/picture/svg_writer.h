// What ImGui drew as SVG: shapes as paths, text as outlines of the program's own fonts (so it looks the same where
// those are not installed), maps as pictures inside. Sharp at any size; meant for frames drawn without anti-aliasing,
// which ImGui makes of faint edges of their own.
#pragma once

#include <string>

#include "gui/layout/workspace.h"
#include "gui/picture/software_renderer.h"

namespace palloscope::gui {

// `part`: what of it is shown; `title`: what it is, for those who cannot see it.
std::string svg_text(const ImDrawData& data, Color ground, const TexturePictures& pictures, RectF part,
                     const std::string& title);

}  // namespace palloscope::gui
