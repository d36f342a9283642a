// The text that MemoryContextStats prints, at the cursor; lines that the last step changed stand out.
#pragma once

#include <string>
#include <vector>

#include "gui/panels/panel.h"

namespace palloscope::gui {

class StatisticsPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  void refresh(const PanelContext& panel);

  std::vector<std::string> lines_;
  std::vector<bool> changed_;  // by line: not as it stood before the last step
  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0;
};

}  // namespace palloscope::gui
