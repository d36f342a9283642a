// What Findings takes for a round: a line that says it, and a menu to choose another: what the trace repeats, the
// user's breakpoints (each hit ends a round), or what is typed, as `palloscope report --rounds` takes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gui/panels/panel.h"
#include "trace/findings/survey.h"

namespace palloscope::gui {

class RoundMenu {
 public:
  // Another trace: `rule` is what its lesson says, if it does.
  void restart(std::optional<trace::RoundRule> rule);
  // Goes on looking for what the trace repeats, while that is wanted.
  void follow(const PanelContext& panel);
  // The next of what could be chosen, or (types) the menu with its field. True: the rule is another now.
  bool handle_keys(const PanelContext& panel, bool types);
  // At the right end of the line, at most so wide. True: the rule is another now.
  bool draw(const PanelContext& panel, const trace::Survey& survey, float width);

  const std::optional<trace::RoundRule>& rule() const { return rule_; }  // none: what the trace repeats

 private:
  std::vector<trace::RoundChoice> choices(const PanelContext& panel) const;
  bool draw_popup(const PanelContext& panel);
  bool take(std::optional<trace::RoundRule> rule);

  std::optional<trace::RoundRule> lesson_, rule_;
  std::optional<trace::RoundFinder> finder_;
  std::vector<trace::RoundChoice> found_;
  bool is_found_ = false, opens_ = false, wants_keys_ = false;
  std::string typed_, mistake_;
};

}  // namespace palloscope::gui
