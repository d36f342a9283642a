// The freelists of the selected (or current) context: per size class the chain in its order, with count and bytes, and
// where the next request of that size would come from. Below, the process's two lists of recycled contexts.
#pragma once

#include <array>
#include <vector>

#include "gui/layout/freelist_layout.h"
#include "gui/panels/panel.h"
#include "trace/analysis/recycled_contexts.h"

namespace palloscope::gui {

class FreelistsPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;

 private:
  void refresh(const PanelContext& panel, core::ContextSlot context);
  void draw_context(const PanelContext& panel);
  void draw_recycled(const PanelContext& panel);
  void draw_recycled_list(const PanelContext& panel, int list);
  void draw_class(const PanelContext& panel, const FreelistRow& row);
  void draw_next(const PanelContext& panel, const FreelistRow& row) const;
  bool draw_link_box(const PanelContext& panel, core::ChunkSlot chunk, bool is_head) const;

  std::vector<FreelistRow> rows_;
  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0;
  ContextKey context_;
  std::array<std::vector<trace::RecycledContext>, trace::kRecycledLists> recycled_;
  std::uint64_t recycled_document_ = 0;
  EventNumber recycled_cursor_ = 0;
};

}  // namespace palloscope::gui
