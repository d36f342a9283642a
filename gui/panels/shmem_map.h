// The main segment as a picture: by area (a treemap: size is bytes) or by address (a strip folded into rows, to scale,
// zoomed by wheel and keys), and one structure from near. Colours say the area or the node of the machine; a letter or
// a pattern says it too.
#pragma once

#include <imgui.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gui/layout/node_bands.h"
#include "gui/layout/segment_strip.h"
#include "gui/layout/shmem_model.h"
#include "gui/layout/treemap_layout.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

// What is looked at: nothing named: the whole segment; an area; or one structure of it, by the event of its birth.
struct ShmemFocus {
  std::optional<trace::ShmemArea> area;
  EventNumber item = 0;
  friend bool operator==(const ShmemFocus&, const ShmemFocus&) = default;
};

// One letter an area, the same in every language, as on the list's badges.
char shmem_area_letter(trace::ShmemArea area);
Color shmem_area_colour(const Theme& theme, trace::ShmemArea area);
Color node_colour(const Theme& theme, std::uint32_t node);
// The letter on a rounded square; upper left corner at `at`.
void draw_area_badge(const PanelContext& panel, ImVec2 at, float side, trace::ShmemArea area);
// Ground of a place on this node: colour, stripes that differ from node to node, and the digit where there is room.
void fill_node(const PanelContext& panel, ImVec2 low, ImVec2 high, std::uint32_t node);
// Narrower stretches of one node are told as a mix.
inline constexpr float kNarrowestBand = 3;
// A band at `at`, `height` high: several nodes one above the other, as their shares are.
void draw_node_band(const PanelContext& panel, const NodeBand& band, ImVec2 at, float height);
// What is said of a structure on hover, and in the inspector: use, sizes, offset, share.
std::string shmem_use_text(const Strings& strings, const ShmemItem& item);

class ShmemMap {
 public:
  void draw(const PanelContext& panel, const ShmemModel& model, ShmemFocus& focus);
  void draw_legend(const PanelContext& panel, const ShmemModel& model, float width) const;

  bool by_address() const { return by_address_; }
  void set_by_address(bool by_address) { by_address_ = by_address; }
  bool by_node() const { return by_node_; }
  void set_by_node(bool by_node) { by_node_ = by_node; }
  // Of the strip: closer (below 1) or farther; around the selected structure if there is one.
  void zoom(const ShmemModel& model, double factor, int around_item);
  void move(const ShmemModel& model, double shares);
  void fit() { view_.from = view_.to = 0; }

 private:
  void draw_treemap(const PanelContext& panel, const ShmemModel& model, ShmemFocus& focus, ImVec2 origin, ImVec2 space);
  void draw_strip(const PanelContext& panel, const ShmemModel& model, ShmemFocus& focus, ImVec2 origin, ImVec2 space);
  void draw_overview(const PanelContext& panel, const ShmemModel& model, ImVec2 low, ImVec2 high);
  void draw_structure(const PanelContext& panel, const ShmemModel& model, const ShmemItem& item, ImVec2 origin,
                      ImVec2 space);
  void draw_buffers(const PanelContext& panel, ImVec2 low, ImVec2 high);
  void draw_cell(const PanelContext& panel, const ShmemModel& model, int item, ImVec2 low, ImVec2 high,
                 bool whole) const;
  void tooltip(const PanelContext& panel, const ShmemModel& model, int item) const;
  void rebuild_treemap(const PanelContext& panel, const ShmemModel& model, const ShmemFocus& focus, ImVec2 space);

  bool by_address_ = false, by_node_ = false;
  StripView view_{0, 0, 1, 0, 0};  // to == 0: all

  // The treemap's nodes: what each stands for.
  struct Cell {
    int item = -1;  // index of the model's item; -1: the free rest or an area
    std::optional<trace::ShmemArea> area;
  };
  std::vector<Cell> cells_;
  std::vector<TreemapRect> rects_;
  struct Key {
    std::uint64_t document = 0;
    EventNumber cursor = 0;
    ShmemFocus focus;
    float width = 0, height = 0, em = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  Key treemap_key_, strip_key_;
  std::vector<StripPart> parts_;
  std::vector<StripBox> boxes_;
  std::vector<std::vector<NodeBand>> bands_;  // by row
  StripView boxes_view_;

  // Buffers of the pool in cells, each standing for `per_cell_` of them.
  struct BufferCell {
    std::uint32_t tagged = 0, dirty = 0, pinned = 0, all = 0;
  };
  std::vector<BufferCell> buffers_;
  std::uint64_t buffers_document_ = 0;
  EventNumber buffers_cursor_ = ~EventNumber{0};
  std::uint32_t per_cell_ = 1;
  std::size_t most_cells_ = 0;
};

}  // namespace palloscope::gui
