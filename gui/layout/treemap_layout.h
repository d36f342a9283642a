// Treemap of contexts: area is bytes, nesting is the tree. Squarified (rectangles kept near to square), with a title
// strip for every context that has children and room for one. Contexts too small to be seen are folded into their
// parent's rectangle, so the result is bounded by the area and not by the number of contexts. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/ids.h"

namespace palloscope::gui {

struct TreemapNode {
  core::ContextSlot context;
  int parent = -1;  // index of the parent in the input; parents stand before children
  std::uint64_t own_bytes = 0;
  std::uint64_t inclusive_bytes = 0;
};

struct TreemapRect {
  int node = 0;  // index into the input
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  int depth = 0;
  bool own = false;     // the context's own bytes; else the frame around it and its children
  bool titled = false;  // a strip of title_px at the top is left for its name
  int folded = 0;       // so many children were too small to be drawn
};

struct TreemapView {
  float width_px = 800, height_px = 600;
  float title_px = 18;
  float padding_px = 2;
  float smallest_px = 3;  // nothing with a side smaller than this
};

// Parents before children, so drawing in order paints nesting right.
std::vector<TreemapRect> lay_out_treemap(const std::vector<TreemapNode>& nodes, const TreemapView& view);

}  // namespace palloscope::gui
