// The treemap of contexts: area is bytes, nesting is the tree. All that can be drawn of a dump, and the first look at a
// heap with thousands of contexts. Layout from gui/layout/treemap_layout; made anew only when the cursor or size
// changes.
#pragma once

#include <vector>

#include "gui/layout/treemap_layout.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class MapTreemap {
 public:
  // `root`: the context whose subtree fills the picture; none: everything. A double click asks for another root.
  void draw(const PanelContext& panel, ContextKey& root);

 private:
  void rebuild(const PanelContext& panel, const ContextKey& root, float width, float height);
  void draw_rect(const PanelContext& panel, const TreemapRect& rect, float x0, float y0, bool hovered) const;
  void draw_tooltip(const PanelContext& panel, const TreemapRect& rect) const;
  int hovered_rect(float x, float y) const;

  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0;
  ContextKey root_;
  TreemapView view_;
  bool valid_ = false;
  std::vector<TreemapNode> nodes_;
  std::vector<TreemapRect> rects_;
  std::vector<bool> changed_;  // by node
};

}  // namespace palloscope::gui
