// A Chinese font of the machine, for signs in the user's own data that the embedded subset lacks. Mapped, not read.
#pragma once

#include <span>

namespace palloscope::gui {

// Empty where none is found. Mapped once, until the program ends.
std::span<const unsigned char> system_chinese_font();

}  // namespace palloscope::gui
