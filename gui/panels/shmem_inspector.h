// What the inspector says of a piece of shared memory and of a segment, under the names of PostgreSQL's views.
#pragma once

#include <string>

#include "gui/panels/panel.h"

namespace palloscope::gui {

// Both are there at this moment.
void inspect_shmem(const PanelContext& panel, ShmemKey key);
void inspect_segment(const PanelContext& panel, SegmentKey key);

// Its name; without one what kind it is.
std::string segment_text(const PanelContext& panel, const trace::SegmentRecord& segment);

}  // namespace palloscope::gui
