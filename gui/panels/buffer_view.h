// A buffer in the inspector: its descriptor under PostgreSQL's own names, the bits of the state word by field, and what
// it means to people.
#pragma once

#include "gui/panels/panel.h"

namespace palloscope::gui {

void draw_buffer_descriptor(const PanelContext& panel, core::BufferSlot slot);

}  // namespace palloscope::gui
