// Look: the one place where a Theme and a text scale become ImGui's style and fonts.
#pragma once

#include <span>

#include "gui/panels/panel.h"
#include "gui/theme.h"

namespace palloscope::gui {

inline constexpr float kBaseTextPx = 16;

// The embedded fonts, into the current ImGui context's atlas; sizes are chosen later, glyphs drawn when first used.
// `system_chinese`: a font of the machine for signs that the embedded subset lacks (kept by the caller); may be empty.
Fonts load_fonts(std::span<const unsigned char> system_chinese = {});

// Sizes of `fonts` and of the style for text of `em` pixels; colours of the theme.
void apply_look(const Theme& theme, float em, Fonts& fonts);

}  // namespace palloscope::gui
