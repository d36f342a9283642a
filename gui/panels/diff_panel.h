// Differences: the tree of contexts at the cursor (B) against that of a marked moment or another file (A). Signed bars,
// to scale: to the right and filled what grew, to the left and hatched what shrank; the number says it too. A click
// selects the context everywhere. Of a dump with several moments each can be A or B. Counted in slices between frames,
// and again only when one of the two moments changes.
#pragma once

#include <optional>
#include <vector>

#include "gui/layout/diff_rows.h"
#include "gui/panels/panel.h"
#include "trace/analysis/dump_moments.h"

namespace palloscope::gui {

class DiffPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  void refresh(const PanelContext& panel);
  void handle_keys(const PanelContext& panel);
  void draw_head(const PanelContext& panel);
  void draw_side(const PanelContext& panel, const char* letter, const std::string& text, float width);
  void draw_moments(const PanelContext& panel, bool for_a);
  Color shade(const PanelContext& panel, std::int64_t change) const;
  void draw_row(const PanelContext& panel, const DiffRow& row, int index);
  void draw_bar(const PanelContext& panel, const DiffRow& row) const;
  void choose(const PanelContext& panel, const DiffRow& row) const;
  void toggle(const DiffRow& row);
  void next_measure();
  int selected_row(const PanelContext& panel) const;
  std::string amount(std::uint64_t value) const;
  std::string change(std::int64_t value) const;

  DiffRequest request_;
  DiffRows rows_;
  std::optional<trace::PathTable> table_;    // that rows_ are of
  std::vector<std::uint32_t> places_;        // by context slot: node of table_
  std::optional<trace::PathTable> counted_;  // being counted for the cursor
  std::optional<trace::PathReader> reader_;
  bool stale_ = true;  // the request changed
  int scroll_to_ = -1;
  Selection revealed_;

  std::vector<trace::DumpMoment> moments_;  // of the open document
  std::uint64_t seen_ = 0;

  std::uint64_t base_ = 0, document_ = 0;
  EventNumber cursor_ = 0;
};

}  // namespace palloscope::gui
