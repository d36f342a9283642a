// What the list of events lets through: a field for words, groups of kinds, and the selected context alone.
#pragma once

#include <cstdint>
#include <string>

#include "gui/panels/panel.h"
#include "trace/analysis/event_search.h"

namespace palloscope::gui {

class EventFilterRow {
 public:
  // On the panel's title line, at the right end of `width`. True: Enter was pressed in the field.
  bool draw(const PanelContext& panel, float width);
  trace::EventFilter filter(const Session& session) const;
  void clear() { *this = {}; }

 private:
  void draw_menu(const PanelContext& panel);

  std::string words_;
  std::uint32_t groups_ = 0;    // bit: a row of kGroups; 0: all
  bool only_selected_ = false;  // just the events that touch the selected context
};

}  // namespace palloscope::gui
