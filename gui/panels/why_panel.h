// Why: what the event at the cursor did and by which rule, with this moment's numbers, under the teacher's words.
#pragma once

#include "gui/panels/panel.h"

namespace palloscope::gui {

class WhyPanel : public Panel {
 public:
  void draw(const PanelContext& context) override;
};

}  // namespace palloscope::gui
