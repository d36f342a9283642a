// Memory over time (private, the buffer pool's, shared: what suits the trace, another by A), with the cursor: drag to
// scrub, wheel to zoom from everything to single events, lanes with what happened to contexts, and flags for the
// lesson's steps, errors, snapshots, notes and bookmarks; above the curve where breakpoints hold. A dump's events have
// no order in time: of it the moments are shown.
#pragma once

#include <optional>
#include <vector>

#include "gui/layout/timeline_layout.h"
#include "gui/layout/timeline_track.h"
#include "gui/panels/moments_view.h"
#include "gui/panels/panel.h"
#include "gui/panels/timeline_hits.h"

namespace palloscope::gui {

class TimelinePanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  void next_track(const PanelContext& panel);
  void draw_legend(const PanelContext& panel, float width) const;
  void refresh(const PanelContext& panel, float width);
  void handle_mouse(const PanelContext& panel, float x0);
  void draw_curve(const PanelContext& panel, float x0, float y0, float width, float height) const;
  void draw_compared(const PanelContext& panel, float x0, float y0, float width, float height);
  void draw_difference(const PanelContext& panel, float x0, float y0, float width, float height);
  void draw_marks(const PanelContext& panel, float x0, float y0, float height) const;
  void draw_grid(const PanelContext& panel, float x0, float y0, float width, float height) const;
  void draw_tooltip(const PanelContext& panel, core::EventNumber event, float x) const;
  void say_marks(const PanelContext& panel, float x) const;

  TimelineAxis axis_;
  TimelineHits hits_;
  bool whole_ = true;  // shows everything, and goes on doing so while the stream grows
  std::vector<trace::TrackSample> samples_;
  std::vector<trace::TimelineMark> marks_;
  CurveTrack track_ = CurveTrack::Heap;
  std::optional<trace::TrackCurve> curve_;
  trace::CurvePoint now_;   // at the cursor
  std::uint64_t top_ = 1;   // of the scale
  bool has_other_ = false;  // the third series is drawn somewhere

  // What the base of a comparison holds, for the line that tells it.
  std::uint64_t base_ = 0, base_bytes_ = 0;
  MomentsView moments_;  // of a dump

  std::uint64_t document_ = 0;
  EventNumber size_ = 0, cursor_ = 0;
  std::optional<TimelineAxis> sampled_;
};

}  // namespace palloscope::gui
