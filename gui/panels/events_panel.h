// The list of events: what happened, one line each, with the signs and colours of the other panels. The cursor's row
// keeps to the middle third. Lines are made only for what is on the screen, from a second look at the stream
// (Timeline::visit). With a filter the events that it lets through are searched for in slices, from the cursor both
// ways.
#pragma once

#include <imgui.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui/panels/event_filter_row.h"
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
  void refresh_found(const PanelContext& panel, const trace::EventFilter& filter, int rows);
  void look_on(const PanelContext& panel);
  void fill(const PanelContext& panel, EventNumber first, EventNumber last);
  void take_keys(const PanelContext& panel);
  void go(const PanelContext& panel, std::int64_t by);
  void draw_search_state(const PanelContext& panel);
  void draw_line(const PanelContext& panel, const Line& line, float height);
  static float draw_fault_links(const PanelContext& panel, const core::FaultFound& fault, ImVec2 right);
  static Line line_of(EventNumber number, const core::EventBody& event, const trace::MemoryState& after);

  EventFilterRow filter_;
  std::unique_ptr<trace::EventSearch> search_;  // null: nothing is filtered
  bool searching_ = false;
  EventNumber first_ = 1;      // of the lines shown, where nothing is filtered
  std::size_t top_ = 0;        // of the lines shown, among what was found
  std::int64_t scrolled_ = 0;  // lines that the wheel moved, with a filter
  std::vector<Line> lines_;

  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0, size_ = 0, filled_first_ = 0;
  int rows_ = 0;
};

}  // namespace palloscope::gui
