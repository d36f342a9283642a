// A picture in memory, and PNG files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/result.h"

namespace palloscope::gui {

struct Picture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgba;  // top row first
  friend bool operator==(const Picture&, const Picture&) = default;
};

core::Status write_png(const std::filesystem::path& file, const Picture& picture);
core::Result<Picture> read_png(const std::filesystem::path& file);

}  // namespace palloscope::gui
