// What the list of events lets through: a field for words or a condition, groups of kinds, and the selected context
// alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gui/panels/panel.h"
#include "trace/analysis/event_search.h"
#include "trace/query/typed_filter.h"

namespace palloscope::gui {

class EventFilterRow {
 public:
  // On the panel's title line, at the right end of `width`. True: Enter was pressed in the field.
  bool draw(const PanelContext& panel, float width);
  // While what is typed is no condition yet, that of the last text that was one.
  trace::EventFilter filter(const Session& session) const;
  const std::optional<trace::ConditionMistake>& mistake() const { return read_.mistake; }
  const std::string& typed() const { return typed_; }
  void clear() { *this = {}; }

 private:
  void draw_menu(const PanelContext& panel);
  void read();
  void underline_mistake(const PanelContext& panel) const;

  std::string typed_;
  trace::TypedFilter read_, good_;  // what is typed; the last that was without mistake
  std::uint32_t groups_ = 0;        // bit: a row of kGroups; 0: all
  bool only_selected_ = false;      // just the events that touch the selected context
};

}  // namespace palloscope::gui
