// The findings as cards, heaviest first: what kind, how much, the sentence, what to do, and for what grows the curve
// over the rounds. A card leads to its first event, a point of its curve to the end of that round.
#pragma once

#include "gui/panels/panel.h"
#include "trace/findings/survey.h"

namespace palloscope::gui {

class FindingCards {
 public:
  void draw(const PanelContext& panel, const trace::Survey& survey);
  void handle_keys(const PanelContext& panel, const trace::Survey& survey);
  void forget() { selected_ = 0; }

 private:
  bool draw_card(const PanelContext& panel, const trace::Finding& finding, std::size_t i);
  void draw_evidence(const PanelContext& panel, const trace::Finding& finding, float indent);
  void go_to(const PanelContext& panel, const trace::Survey& survey, std::size_t i);

  std::size_t selected_ = 0;
  bool reveal_ = false;        // the selected one is to be brought into sight
  EventNumber round_end_ = 0;  // of the round that the mouse points at in a curve; 0: none
};

}  // namespace palloscope::gui
