// The answer to a question as a table: only the rows in sight are drawn, event numbers lead to their events.
#pragma once

#include <string>
#include <vector>

#include "gui/panels/panel.h"
#include "trace/sql/sliced_question.h"

namespace palloscope::gui {

class QueryAnswer {
 public:
  void reset() { *this = {}; }
  // Fills what is left of the panel. `focused`: Up, Down, comma, full stop and Enter are the table's.
  void draw(const PanelContext& panel, const trace::sql::Answer& answer, bool focused);

 private:
  void measure(const PanelContext& panel, const trace::sql::Answer& answer);
  void take_keys(const PanelContext& panel, const trace::sql::Answer& answer);
  void draw_row(const PanelContext& panel, const trace::sql::Answer& answer, std::size_t row);
  void go_to(const PanelContext& panel, const trace::sql::Answer& answer, std::size_t row, std::size_t column);

  std::vector<float> widths_;  // in em
  std::vector<bool> numbers_;  // aligned right
  std::size_t measured_ = 0;   // rows that the widths are made for
  std::size_t row_ = 0, column_ = 0;
  bool chosen_ = false;  // a row was chosen by key
  bool scroll_ = false;
};

// The whole answer as text: CSV with a comma, for spreadsheets with a tab.
std::string answer_text(const trace::sql::Answer& answer, char separator);

}  // namespace palloscope::gui
