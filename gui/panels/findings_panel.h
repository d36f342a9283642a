// Findings: what is conspicuous about the memory of the open trace, heaviest first, each a sentence that leads to its
// event and context. The trace is looked through in slices while the panel is in sight. Above the list: the highest
// moment, and where the bytes of the selected context go.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui/panels/panel.h"
#include "trace/findings/waste.h"

namespace palloscope::trace {
class Survey;
}

namespace palloscope::gui {

class FindingsPanel final : public Panel {
 public:
  FindingsPanel();
  ~FindingsPanel() override;
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  void follow(const PanelContext& panel);
  void look_again(const PanelContext& panel);
  void handle_keys(const PanelContext& panel);
  void go_to(const PanelContext& panel, std::size_t finding);
  void draw_progress(const PanelContext& panel);
  void draw_head(const PanelContext& panel);
  void draw_waste(const PanelContext& panel);
  void draw_list(const PanelContext& panel);
  bool draw_finding(const PanelContext& panel, std::size_t i);
  void refresh_waste(const PanelContext& panel);

  std::uint64_t document_ = 0;
  std::unique_ptr<trace::Survey> survey_;
  bool stopped_ = false;
  std::size_t selected_ = 0;
  bool reveal_ = false;  // the selected one is to be brought into sight

  // Where the bytes of this context (none: of all) go at `cursor_`.
  trace::Waste waste_;
  core::ContextSlot waste_of_;
  EventNumber cursor_ = ~EventNumber{0};
};

}  // namespace palloscope::gui
