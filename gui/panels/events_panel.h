// The list of events: what happened, one line each, with the signs and colours of the other panels. The cursor's row
// keeps to the middle third. Lines are made only for what is on the screen, from a second look at the stream
// (Timeline::visit).
#pragma once

#include <imgui.h>

#include <optional>
#include <string>
#include <vector>

#include "gui/panels/panel.h"

namespace palloscope::gui {

class EventsPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  struct Line {
    EventNumber number = 0;
    std::uint8_t tag = 0;
    core::ContextSlot context;
    EventNumber context_born = 0;
    std::string text;
    std::optional<core::FaultFound> fault;  // told in the window's language
  };

  void refresh(const PanelContext& panel, int rows);
  void fill(const PanelContext& panel, EventNumber first, EventNumber last);
  void fill_touching(const PanelContext& panel, ContextKey context, int rows);
  void draw_line(const PanelContext& panel, const Line& line, float height);
  static float draw_fault_links(const PanelContext& panel, const core::FaultFound& fault, ImVec2 right);
  static Line line_of(EventNumber number, const core::EventBody& event, const trace::MemoryState& after);

  bool only_selected_ = false;  // just the events that touch the selected context
  EventNumber first_ = 1;       // of the lines shown
  std::vector<Line> lines_;

  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0, size_ = 0, filled_first_ = 0;
  ContextKey filtered_;
  int rows_ = 0;
};

}  // namespace palloscope::gui
