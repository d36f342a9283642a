// Which pairs of triangles in ImGui's draw lists are upright rectangles of one colour: glyphs, pictures, plain fills.
#pragma once

#include <imgui.h>

namespace palloscope::gui {

// `index`: of six corners. Then the rectangle reaches from the first to the third of them.
inline bool is_upright_box(const ImDrawVert* v, const ImDrawIdx* index) {
  if (index[3] != index[0] || index[4] != index[2]) return false;
  const ImDrawVert &a = v[index[0]], &b = v[index[1]], &c = v[index[2]], &d = v[index[5]];
  return a.pos.y == b.pos.y && b.pos.x == c.pos.x && c.pos.y == d.pos.y && d.pos.x == a.pos.x && a.col == b.col &&
         b.col == c.col && c.col == d.col && a.uv.y == b.uv.y && b.uv.x == c.uv.x && c.uv.y == d.uv.y &&
         d.uv.x == a.uv.x && a.pos.x <= c.pos.x && a.pos.y <= c.pos.y;
}

}  // namespace palloscope::gui
