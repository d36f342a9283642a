// What `palloscope attach` was asked for. It is the one verb that needs the window, so command_line.cpp hands it on.
#pragma once

#include <variant>

#include "gui/cli/verb.h"
#include "gui/live_view.h"

namespace palloscope::gui::cli {

// An exit status (--help, or a mistake that was told), or what the window is to look into.
std::variant<int, AttachRequest> read_attach(Arguments arguments, Streams io);

}  // namespace palloscope::gui::cli
