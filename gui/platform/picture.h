// PNG files by libpng: those that it writes are small, and it reads any.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "gui/picture/picture.h"

namespace palloscope::gui {

core::Status write_png(const std::filesystem::path& file, const Picture& picture);
core::Result<Picture> read_png(const std::filesystem::path& file);

}  // namespace palloscope::gui
