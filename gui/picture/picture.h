// A picture in memory.
#pragma once

#include <cstdint>
#include <vector>

namespace palloscope::gui {

struct Picture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgba;  // top row first
  friend bool operator==(const Picture&, const Picture&) = default;
};

}  // namespace palloscope::gui
