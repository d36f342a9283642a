// What stands beside the picture of a pool: the read request as numbered steps, the freelist in its order, the rings as
// small clocks, the backends with their private pins.
#pragma once

#include "gui/panels/pool_scene.h"

namespace palloscope::gui {

void draw_lookup_steps(const PoolScene& scene);
void draw_freelist_chain(const PoolScene& scene);
void draw_rings(const PoolScene& scene);
void draw_backends(const PoolScene& scene);

}  // namespace palloscope::gui
