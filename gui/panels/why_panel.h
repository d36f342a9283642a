// Why: what the event at the cursor did and by which rule, with this moment's numbers; where a step of the lesson
// begins, the teacher's words.
#pragma once

#include <string>

#include "gui/explain.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class WhyPanel : public Panel {
 public:
  void draw(const PanelContext& context) override;

 private:
  struct Key {
    std::uint64_t serial = 0;
    EventNumber cursor = 0;
    Language language = Language::English;
    friend bool operator==(const Key&, const Key&) = default;
  };
  void refresh(const PanelContext& context);

  Key key_;  // what the following were made for
  Explanation explanation_;
  EventNumber last_change_ = 0;  // where the event itself changes no memory: the last one before it that did
  Explanation before_;
  std::string narration_;
};

}  // namespace palloscope::gui
