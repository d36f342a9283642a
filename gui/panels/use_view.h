// The page of Findings about allocations: how large, how long they lived, by context what became of them, and which
// were freed before anything else was allocated.
#pragma once

#include <vector>

#include "gui/panels/panel.h"
#include "trace/findings/survey.h"

namespace palloscope::gui {

class UseView {
 public:
  void draw(const PanelContext& panel, const trace::Survey& survey);
  void handle_keys(const PanelContext& panel, const trace::Survey& survey);
  void forget() { known_ = false; }

 private:
  void refresh(const trace::Survey& survey);
  void draw_histogram(const PanelContext& panel, const char* id, const char* title, const trace::Histogram& histogram,
                      float width, float height) const;
  void draw_table(const PanelContext& panel, const trace::Survey& survey);
  void go_to(const PanelContext& panel, const trace::Survey& survey, int row);

  bool known_ = false;
  std::vector<trace::PathNumber> paths_;  // most allocations first
  int chosen_ = -1;
  bool reveal_ = false;
};

}  // namespace palloscope::gui
