// What the timeline shows of a dump, whose events are lines of a file and no course of time: each moment that it tells
// of as a column (used and free), or of a single moment the contexts that hold most. A click goes to the moment, or
// selects the context.
#pragma once

#include <memory>
#include <vector>

#include "gui/panels/panel.h"
#include "trace/analysis/dump_moments.h"
#include "trace/findings/survey.h"

namespace palloscope::gui {

class MomentsView {
 public:
  void draw(const PanelContext& panel);

 private:
  void refresh(const PanelContext& panel);
  void draw_labels(const PanelContext& panel) const;
  void draw_holders(const PanelContext& panel) const;

  std::uint64_t document_ = 0;
  std::unique_ptr<trace::Survey> survey_;
  // Of a stream that has grown since: takes its place when it is through. While moments keep coming, one is begun so
  // seldom that it takes a small part of the time.
  std::unique_ptr<trace::Survey> next_;
  EventNumber surveyed_ = 0;  // events that the newest of the two knows
  double begun_s_ = 0, due_s_ = 0;
  std::vector<trace::DumpMoment> moments_;
};

}  // namespace palloscope::gui
