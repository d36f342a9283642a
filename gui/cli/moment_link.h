// A moment of what a verb looks at as a link (gui/view_link.h): the window, and palloscope shot, open it there.
#pragma once

#include <string>

#include "gui/cli/arguments.h"
#include "gui/selection.h"

namespace palloscope::gui::cli {

// `source` as it was given to the verb: a file, or one of the program's own scenarios.
std::string moment_link(const std::string& source, EventNumber at, const Selection& selection = {});

// --link: "with each moment a link that opens it".
void add_link_flag(Usage& usage, bool& link);

}  // namespace palloscope::gui::cli
