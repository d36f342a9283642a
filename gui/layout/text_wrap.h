// Breaking a paragraph into lines, for text that mixes Chinese and Latin: between Chinese signs anywhere, but no line
// begins with a closing mark or ends with an opening one. Pure; the caller knows how wide a character is.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace palloscope::gui {

// Views into `text` (UTF-8), without the blanks at their ends. A word wider than `width` is broken where it must be.
std::vector<std::string_view> wrap_text(std::string_view text, float width,
                                        const std::function<float(char32_t)>& advance);

// Columns of a terminal: ideographs and full-width signs take two.
std::size_t columns_of(std::string_view text);

}  // namespace palloscope::gui
