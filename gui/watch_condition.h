// The condition that watches what is selected: "chunk 0x55d0c0de1000 touched".
#pragma once

#include <string>

#include "gui/session.h"

namespace palloscope::gui {

// Of a context, a chunk, an address or a buffer; empty for anything else.
std::string watch_condition(const Session& session);

}  // namespace palloscope::gui
