// The context tree: who owns memory, whose children are large, what is used and what only kept, and what just changed.
#pragma once

#include <vector>

#include "gui/layout/tree_layout.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class ContextsPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  void refresh(const PanelContext& panel);
  void draw_row(const PanelContext& panel, const TreeRow& row, int index);
  void draw_name(const PanelContext& panel, const TreeRow& row, int index);
  void toggle(const TreeRow& row);
  void handle_keys(const PanelContext& panel);

  TreeRequest request_;
  std::vector<TreeRow> rows_;
  std::uint64_t largest_ = 1;  // own bytes, for the bars
  int scroll_to_ = -1;
  Selection revealed_;

  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0;
  bool stale_ = true;
};

}  // namespace palloscope::gui
