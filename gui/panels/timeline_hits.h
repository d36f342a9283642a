// Where breakpoints that are on hold, as a row of discs on the timeline: apart a disc each, else a bar. Made anew where
// the axis, the list or the counting moved on; then a frame costs the columns of the picture.
#pragma once

#include <imgui.h>

#include <cstdint>
#include <vector>

#include "gui/layout/timeline_layout.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class TimelineHits {
 public:
  void refresh(const Session& session, const TimelineAxis& axis);
  bool empty() const { return spans_.empty(); }
  // The row's upper edge at y.
  void draw(const PanelContext& panel, float x0, float y) const;
  // A line for each breakpoint that holds at that pixel or next to it.
  void say(const PanelContext& panel, float x) const;
  static void draw_sign(const PanelContext& panel, ImVec2 centre);
  static float height(const PanelContext& panel);

 private:
  struct Span {
    float from = 0, to = 0;  // pixels
    EventNumber first = 0, last = 0;
    std::uint32_t breakpoint = 0;
  };
  static constexpr std::size_t kMostBreakpoints = 16;  // that are drawn

  std::vector<Span> spans_;  // by breakpoint, from left to right
  TimelineAxis axis_;
  std::uint64_t counted_ = 0;
  std::size_t on_ = 0;
  std::uint64_t document_ = 0;
};

}  // namespace palloscope::gui
