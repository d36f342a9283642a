// The map: where memory is. Two pictures of one heap, the treemap of contexts and the blocks to scale, with a
// breadcrumb that says what part is shown and leads back.
#pragma once

#include "gui/panels/map_blocks.h"
#include "gui/panels/map_treemap.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class MapPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  enum class Picture : std::uint8_t { Automatic, Blocks, Treemap };

  bool shows_treemap(const PanelContext& panel) const;
  void draw_breadcrumb(const PanelContext& panel);
  void draw_legend(const PanelContext& panel, float width);
  void handle_keys(const PanelContext& panel);

  std::uint64_t document_ = 0;
  Picture picture_ = Picture::Automatic;
  ColourMode mode_ = ColourMode::Owner;
  MapFocus focus_;
  MapBlocks blocks_;
  MapTreemap treemap_;
};

}  // namespace palloscope::gui
