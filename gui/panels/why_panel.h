// Why: what the event at the cursor did and by which rule, with this moment's numbers; the call that it is part of;
// where a step of the lesson begins, the teacher's words.
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
    EventNumber cursor = 0, count = 0;
    Language language = Language::English;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Shown {
    trace::Card card;
    Explanation words;
  };
  void refresh(const PanelContext& context);
  void draw_card(const PanelContext& context, const Shown& shown, bool is_main);
  void draw_call(const PanelContext& context, const Shown& shown);
  void draw_links(const PanelContext& context, const Shown& shown);

  Key key_;  // what the following were made for
  Shown shown_;
  EventNumber last_change_ = 0;  // where the event itself changes no memory: the last one before it that did
  Shown before_;
  std::string narration_;
};

}  // namespace palloscope::gui
