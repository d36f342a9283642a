// What a server process writes over its arguments, taken apart: "postgres: main: bob shop 10.0.0.1(5544) idle". Names
// may hold blanks, so that the client, whose form is known, is where the rest is found from.
#pragma once

#include <string_view>

#include "trace/live/backend_list.h"

namespace palloscope::trace {

// `title` without "postgres: "; sets kind, user, database, client and activity.
void apply_title(std::string_view title, Backend& backend);

}  // namespace palloscope::trace
