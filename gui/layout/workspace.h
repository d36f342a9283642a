// The one-screen layout: three columns of fixed places with movable walls. Pure: (what is visible, sizes) ->
// rectangles. Panels that share a place are its tabs. When text is large against the window, places merge into tabs
// instead of shrinking until they clip.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace palloscope::gui {

enum class Place : std::uint8_t {
  LeftTop,
  LeftBottom,
  CentreTop,
  CentreMiddle,
  CentreLower,
  CentreBottom,
  RightTop,
  RightBottom
};
inline constexpr int kPlaceCount = 8;

enum class Preset : std::uint8_t { Teach, Debug, Server };
inline constexpr int kPresetCount = 3;

struct RectF {
  float x = 0, y = 0, width = 0, height = 0;
  friend bool operator==(const RectF&, const RectF&) = default;
};

// Where a panel lives and when it is there; a row per panel, in display order.
struct PanelPlacement {
  std::string_view id;
  Place place = Place::LeftTop;
  std::array<bool, kPresetCount> visible{};  // by Preset
};

// What the user changed. Widths are shares of the window, heights shares of their column: they survive another window
// size and text scale.
struct WorkspaceState {
  Preset preset = Preset::Teach;
  float left_share = 0.24f, right_share = 0.22f;
  std::array<float, kPlaceCount> weight{1.2f, 1.0f, 1.8f, 0.8f, 0.8f, 1.0f, 1.3f, 1.0f};  // within the column
  std::map<std::string, bool> visible;         // panel id -> shown or not, where it differs from the preset
  std::map<std::string, bool> folded;          // only the title line is drawn
  std::array<std::string, kPlaceCount> front;  // panel id of the tab in front; empty: the first
  std::string full_screen;                     // panel id; empty: none
  friend bool operator==(const WorkspaceState&, const WorkspaceState&) = default;
};

struct WorkspaceCell {
  Place place = Place::LeftTop;
  RectF rect;
  std::vector<std::string_view> tabs;  // panel ids, at least one
  std::string_view front;              // one of them
  bool folded = false;
};

// A wall that can be dragged. Vertical walls move a column's width, horizontal ones share height between two places.
struct Splitter {
  enum class Kind : std::uint8_t { LeftColumn, RightColumn, Rows };
  Kind kind = Kind::Rows;
  Place above = Place::LeftTop, below = Place::LeftTop;  // Rows only
  RectF rect;
};

struct WorkspaceLayout {
  std::vector<WorkspaceCell> cells;
  std::vector<Splitter> splitters;
};

bool is_visible(const WorkspaceState& state, const PanelPlacement& panel);

// `em` is the text size in pixels, `title_height` that of a folded place.
WorkspaceLayout lay_out(const WorkspaceState& state, std::span<const PanelPlacement> panels, RectF area, float em,
                        float title_height);

// The state after a wall was dragged by so many pixels; sizes stay within what can be read.
WorkspaceState drag(const WorkspaceState& state, const WorkspaceLayout& layout, const Splitter& splitter, RectF area,
                    float em, float delta_px);

// Brings a panel to sight: visible, in front of its place, not folded.
void show_panel(WorkspaceState& state, const PanelPlacement& panel);

}  // namespace palloscope::gui
