// A small pool as a clock face: buffers around the circle with their usage as bars, the hand, what it did last, and
// how often it came round.
#pragma once

#include "gui/panels/pool_scene.h"

namespace palloscope::gui {

// The whole content region of the current child window.
void draw_pool_clock(const PoolScene& scene);

}  // namespace palloscope::gui
