// The command palette: type some letters of what you want, Enter does it.
#pragma once

#include <string>

#include "gui/panels/panel.h"

namespace palloscope::gui {

class Palette {
 public:
  void open();
  void draw(const PanelContext& context);

 private:
  std::string text_;
  int chosen_ = 0;
  bool needs_focus_ = false;
};

// How well `text` fits what was typed: every letter of it in order; more for starts of words. Negative: not at all.
int match_score(std::string_view typed, std::string_view text);

}  // namespace palloscope::gui
