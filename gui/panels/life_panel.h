// The life of the selected place in memory as a strip: what it was used for from event to event, in the map's shapes
// and colours, with the mistakes made there and the present moment. A click goes to where a stretch began.
#pragma once

#include <imgui.h>

#include <optional>
#include <string>
#include <vector>

#include "gui/layout/life_layout.h"
#include "gui/panels/panel.h"
#include "trace/analysis/chunk_life.h"

namespace palloscope::gui {

class LifePanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  void follow(const PanelContext& panel);
  std::optional<core::Address> selected_place(const PanelContext& panel) const;
  void begin(const PanelContext& panel, core::Address at);
  void search_on(const PanelContext& panel);
  bool shows(const Selection& selection) const;
  void handle_keys(const PanelContext& panel);
  void go_to(const PanelContext& panel, std::size_t segment);

  void draw_head(const PanelContext& panel, float width) const;
  void draw_strip(const PanelContext& panel);
  void draw_segment(const PanelContext& panel, std::size_t i, ImVec2 low, ImVec2 high);
  void draw_tooltip(const PanelContext& panel, const trace::LifeSegment& segment);
  void draw_marks(const PanelContext& panel, float x0, float bottom) const;

  std::optional<trace::ChunkLife> life_;
  bool done_ = false;  // nothing more to search
  std::size_t most_ = trace::ChunkLife::kSegments;
  std::vector<trace::LifeSegment> segments_;
  std::vector<trace::LifeMark> marks_;
  LifeLayout layout_;
  float layout_width_ = 0, layout_em_ = 0;
  Selection followed_;
  EventNumber revealed_ = ~EventNumber{0};   // the cursor that was brought into sight last
  EventNumber told_first_ = 0;               // of the segment whose tooltip was asked for last
  std::optional<core::Address> told_other_;  // its other half

  std::uint64_t document_ = 0;
  EventNumber size_ = 0;
};

// What a stretch is and how it began, in the window's words: "palloc", "lost in the reset of MessageContext".
std::string life_cause_text(const Strings& strings, const trace::LifeSegment& segment);
std::string_view life_use_key(trace::LifeUse use);

}  // namespace palloscope::gui
