// The real window: GLFW, event-driven. Draws when something happened or moves, and sleeps otherwise.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "gui/live_view.h"

namespace palloscope::gui {

struct WindowOptions {
  std::optional<std::filesystem::path> file;  // none: the welcome screen
  std::optional<core::EventNumber> at;
  std::filesystem::path base;                // compared with; empty: nothing
  std::string link;                          // instead of a file; empty: none
  std::optional<AttachRequest> attach = {};  // instead of a file: a running process
};

// Until the window is closed.
core::Status run_window(const WindowOptions& options);

}  // namespace palloscope::gui
