// A limit of a followed process's context, as a part of the panel of the process: written, armed, taken away; and at
// the moment that was taken because it was passed, the C functions that the process was in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gui/panels/panel.h"
#include "trace/live/growth.h"

namespace palloscope::gui {

class StopView {
 public:
  // `moment`: that at the cursor, an index into the history.
  void draw(const PanelContext& panel, const trace::MomentHistory& history, std::size_t moment);
  // Of the hit that draw() showed, a line each; empty: none was shown.
  std::string stack_text() const;

 private:
  void handle_keys(const PanelContext& panel);
  void draw_rule(const PanelContext& panel);
  void draw_stage(const PanelContext& panel);
  void draw_hit(const PanelContext& panel, const trace::StopHit& hit);
  void arm(const PanelContext& panel);
  void remove(const PanelContext& panel);

  std::uint64_t document_ = 0;
  std::string typed_;
  bool is_wrong_ = false;             // what was typed is no rule
  std::vector<PassedLimit> passed_;   // of the process, also when it was let go
  std::optional<std::size_t> shown_;  // of these
};

}  // namespace palloscope::gui
