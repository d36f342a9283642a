// The whole command line: a verb of the table runs here; no verb means the window, which the caller opens.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "core/base/ids.h"
#include "gui/cli/verb.h"
#include "gui/live_view.h"

namespace palloscope::gui::cli {

// `palloscope [FILE [BASE] | LINK] [--at N]`
struct WindowRequest {
  std::optional<std::filesystem::path> file;  // none: the welcome screen
  std::optional<core::EventNumber> at;        // none: where the file opens by itself
  std::filesystem::path base = {};            // compared with; empty: nothing
  std::string link = {};                      // instead of a file: a view of one (gui/view_link.h), checked
  std::optional<AttachRequest> attach = {};   // instead of a file: a running process
  friend bool operator==(const WindowRequest&, const WindowRequest&) = default;
};

// `arguments` without the program's name. An exit status, or what the window is to show.
std::variant<int, WindowRequest> run_command_line(Arguments arguments, Streams io);

// "; did you mean the verb "state"?" and the like, for a word that names no verb.
std::string suggestion_for(const std::string& word);

}  // namespace palloscope::gui::cli
