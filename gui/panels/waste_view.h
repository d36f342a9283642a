// The page of Findings that tells where the bytes go: of the selected context's path, or of all, over time and at the
// cursor; and who held them at the highest moment.
#pragma once

#include <vector>

#include "gui/panels/panel.h"
#include "trace/findings/survey.h"

namespace palloscope::gui {

class WasteView {
 public:
  void draw(const PanelContext& panel, const trace::Survey& survey);
  void handle_keys(const PanelContext& panel, const trace::Survey& survey);
  void forget();  // another survey comes

 private:
  void refresh(const PanelContext& panel, const trace::Survey& survey);
  void draw_holders(const PanelContext& panel, const trace::Survey& survey);
  void go_to(const PanelContext& panel, const trace::Survey& survey, std::size_t holder);

  bool all_ = false;  // not only the selected context's
  int chosen_ = -1;   // of the holders
  bool reveal_ = false;
  trace::PathNumber path_ = trace::kNoPath;  // that is shown; none: all
  bool sampled_ = false;
  std::vector<trace::SurveySample> samples_;

  // Where the bytes of this context (none: of all) go at `cursor_`.
  trace::Waste waste_;
  core::ContextSlot waste_of_;
  EventNumber cursor_ = ~EventNumber{0};
};

}  // namespace palloscope::gui
