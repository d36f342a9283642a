// The policy laboratory in the window: what the recorded requests would have cost under other replacement policies, at
// the cursor, and how it came to that.
#pragma once

#include <memory>

#include "gui/panels/panel.h"
#include "trace/analysis/policy_run.h"

namespace palloscope::gui {

class PoolLab {
 public:
  // Reads on in slices while it is drawn.
  void draw(const PanelContext& panel);

 private:
  void follow(const PanelContext& panel);
  void draw_table(const PanelContext& panel) const;
  void draw_curve(const PanelContext& panel) const;
  // Of every policy up to the cursor; null: no request so far.
  const trace::PolicySample* now(const PanelContext& panel) const { return run_->at(panel.session.cursor()); }

  std::unique_ptr<trace::PolicyRun> run_;
  std::uint64_t document_ = 0;
  EventNumber size_ = 0;
  bool done_ = false;
};

}  // namespace palloscope::gui
