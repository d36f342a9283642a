// The freelists of the selected (or current) context: per size class the chain in its order, with count and bytes, and
// where the next request of that size would come from.
#pragma once

#include <vector>

#include "gui/layout/freelist_layout.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class FreelistsPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;

 private:
  void refresh(const PanelContext& panel, core::ContextSlot context);
  void draw_class(const PanelContext& panel, const FreelistRow& row);
  void draw_next(const PanelContext& panel, const FreelistRow& row) const;
  bool draw_link_box(const PanelContext& panel, core::ChunkSlot chunk, bool is_head) const;

  std::vector<FreelistRow> rows_;
  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0;
  ContextKey context_;
};

}  // namespace palloscope::gui
