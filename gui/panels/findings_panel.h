// Findings: what is conspicuous about the memory of the open trace. Three pages: the findings themselves, each a
// sentence that leads to its event and context; where the bytes go, over time; allocations, their sizes and lifetimes.
// The trace is looked through in slices while the panel is in sight, again when the user says what a round is.
#pragma once

#include <memory>

#include "gui/panels/finding_cards.h"
#include "gui/panels/panel.h"
#include "gui/panels/round_menu.h"
#include "gui/panels/use_view.h"
#include "gui/panels/waste_view.h"

namespace palloscope::gui {

class FindingsPanel final : public Panel {
 public:
  FindingsPanel();
  ~FindingsPanel() override;
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  enum class Page : std::uint8_t { Findings, Waste, Uses };

  void follow(const PanelContext& panel);
  void look_again(const PanelContext& panel);
  void look_at_news(const PanelContext& panel);
  void handle_keys(const PanelContext& panel);
  void draw_progress(const PanelContext& panel);
  void draw_pages(const PanelContext& panel);
  void draw_foot(const PanelContext& panel);

  std::uint64_t document_ = 0;
  std::unique_ptr<trace::Survey> survey_;
  std::unique_ptr<trace::Survey> newer_;  // with the moments that came since; takes its place when it is done
  bool stopped_ = false;
  Page page_ = Page::Findings;
  RoundMenu rounds_;
  FindingCards cards_;
  WasteView waste_;
  UseView uses_;
};

}  // namespace palloscope::gui
