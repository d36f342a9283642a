// The process behind the moments: how the copy was made, what the process holds (its resident memory as a waterfall),
// which contexts hold most or grow fastest, and what cannot be known of a server from outside. Of a dump, which says
// nothing of the process, the growth alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gui/layout/held_memory.h"
#include "gui/panels/panel.h"
#include "gui/panels/stop_view.h"
#include "trace/live/growth.h"

namespace palloscope::gui {

class ProcessPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  void refresh(const PanelContext& panel);
  void draw_about(const PanelContext& panel, float width);
  void draw_facts(const PanelContext& panel, const trace::MomentUse& moment);
  void draw_waterfall(const PanelContext& panel, const HeldMemory& held, float width);
  void draw_unknown(const PanelContext& panel, const trace::MomentUse& moment);
  void draw_growth(const PanelContext& panel);
  void draw_growth_row(const PanelContext& panel, const trace::GrowthRow& row, bool is_chosen);
  void draw_curve(const PanelContext& panel, std::uint32_t path);
  void copy_rows(const PanelContext& panel) const;

  std::uint64_t document_ = 0;
  trace::MomentHistory history_;
  std::optional<std::size_t> moment_;  // index into history_.moments() at the cursor
  EventNumber shown_ = 0;              // the event of that moment, for which rows_ were made
  trace::GrowthOrder order_ = trace::GrowthOrder::Total, made_order_ = trace::GrowthOrder::Total;
  std::vector<trace::GrowthRow> rows_;
  StopView stop_;
  bool is_small_ = false;  // there is little height: one line of facts, narrow rows
};

}  // namespace palloscope::gui
