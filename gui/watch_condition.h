// The condition that watches what is selected: "chunk 0x55d0c0de1000 touched".
#pragma once

#include <string>

#include "gui/session.h"

namespace palloscope::gui {

// Of a context, a block, a chunk, an address or a buffer; empty for anything else.
std::string watch_condition(const Session& session);
// The freelist of that class of the context runs empty, or gets its first chunk.
std::string watch_freelist(ContextKey context, int size_class);

}  // namespace palloscope::gui
