// The block map: every block to scale, down to the bytes. Layout and image come from gui/layout; this file keeps what
// belongs to the view (zoom, scroll, caches by key) and draws labels over the picture where there is room for them.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "gui/layout/block_index.h"
#include "gui/layout/block_map_layout.h"
#include "gui/layout/map_image.h"
#include "gui/layout/map_tint.h"
#include "gui/panels/map_tooltip.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

// What part of the heap the map shows: all of it, one context's blocks, one block.
struct MapFocus {
  ContextKey context;
  BlockKey block;
  friend bool operator==(const MapFocus&, const MapFocus&) = default;
};

class MapBlocks {
 public:
  void draw(const PanelContext& panel, MapFocus& focus, ColourMode mode);
  void zoom(double factor) { wanted_zoom_ *= factor; }
  void fit() { fitted_ = fitting_ = true; }

 private:
  struct Key {
    std::uint64_t document = 0;
    EventNumber size = 0;
    MapView view;
    int scroll_px = 0, height_px = 0;
    ColourMode mode = ColourMode::Owner;
    EventNumber aged_to = 0;  // where ages are what is shown
    Selection selection;
    MapColours colours;
    friend bool operator==(const Key&, const Key&) = default;
  };

  void follow(const PanelContext& panel);
  void follow_faults(const PanelContext& panel);
  void touch(core::BlockSlot block);
  void forget_indices();
  static MapView focused_view(const PanelContext& panel, const MapFocus& focus);
  MapView choose_view(const PanelContext& panel, float width, float height) const;
  void lay_out(const PanelContext& panel, const MapFocus& focus, float width, float height);
  void handle_mouse(const PanelContext& panel, MapFocus& focus, float x0, float y0, float height);
  void reveal_selection(const PanelContext& panel, float height);
  void repaint(const PanelContext& panel, ColourMode mode, float height);
  const BlockIndex& index(const PanelContext& panel, core::BlockSlot block);
  const BlockIndex& whole_index(const PanelContext& panel, core::BlockSlot block);
  std::uint8_t marks(const PanelContext& panel, core::BlockSlot block, core::ChunkSlot chunk) const;
  static float gutter_width(const PanelContext& panel, float width);
  void draw_lane_labels(const PanelContext& panel, float x0, float y0, float gutter, float height);
  void draw_captions(const PanelContext& panel, float x0, float y0, float height);
  void draw_faults(const PanelContext& panel, float x0, float y0, float height) const;
  void draw_chunk_labels(const PanelContext& panel, float x0, float y0, float height);

  // View.
  bool fitted_ = true;   // all is in sight
  bool fitting_ = true;  // the scale is to be chosen anew
  double bytes_per_px_ = 16, wanted_zoom_ = 1;
  double scroll_px_ = 0;
  float panel_width_ = 0, panel_height_ = 0, em_ = 0;
  Selection revealed_;

  // Caches.
  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0;
  MapFocus focus_;
  std::optional<BlockMapLayout> layout_;
  std::vector<core::BlockSlot> touched_;  // by the last step: since the last frame
  std::unordered_map<core::BlockSlot, BlockIndex> indices_;
  std::size_t indexed_ = 0, indexed_now_ = 0;  // chunks, in all and for this frame
  bool waiting_ = false;                       // some blocks are painted as outlines until their turn comes
  BlockIndex outline_;
  std::unordered_map<core::ChunkSlot, std::uint8_t> changed_chunks_;
  VariableLabels variables_;
  std::vector<std::pair<core::BlockSlot, std::uint64_t>> faults_;  // block and offset of mistakes that still matter
  std::size_t known_faults_ = 0;
  std::optional<Key> painted_;
  MapImage image_;
  std::uint64_t texture_ = 0;
};

}  // namespace palloscope::gui
