// Memory over time, with the cursor: drag to scrub, wheel to zoom from everything to single events, lanes with what
// happened to contexts, and flags for the lesson's steps, errors, snapshots and bookmarks.
#pragma once

#include <optional>
#include <vector>

#include "gui/layout/timeline_layout.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class TimelinePanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;

 private:
  void refresh(const PanelContext& panel, float width);
  void handle_mouse(const PanelContext& panel, float x0);
  void draw_curve(const PanelContext& panel, float x0, float y0, float width, float height) const;
  void draw_marks(const PanelContext& panel, float x0, float y0, float height) const;
  void draw_grid(const PanelContext& panel, float x0, float y0, float width, float height) const;
  void draw_tooltip(const PanelContext& panel, core::EventNumber event) const;

  TimelineAxis axis_;
  bool whole_ = true;  // shows everything, and goes on doing so while the stream grows
  std::vector<trace::TimelineSample> samples_;
  std::vector<trace::TimelineMark> marks_;
  std::uint64_t peak_ = 1;

  std::uint64_t document_ = 0;
  EventNumber size_ = 0, cursor_ = 0;
  std::optional<TimelineAxis> sampled_;
};

}  // namespace palloscope::gui
