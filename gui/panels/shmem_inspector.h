// What the inspector says of a piece of shared memory and of a segment, under the names of PostgreSQL's views.
#pragma once

#include "gui/panels/panel.h"

namespace palloscope::gui {

// Both are there at this moment.
void inspect_shmem(const PanelContext& panel, ShmemKey key);
void inspect_segment(const PanelContext& panel, SegmentKey key);

}  // namespace palloscope::gui
