// What a colour in the picture of a buffer pool stands for, in each mode. Pure.
#pragma once

#include <string>
#include <vector>

#include "gui/layout/pool_image.h"
#include "gui/pool_surface.h"
#include "gui/theme.h"

namespace palloscope::gui {

PoolColours pool_colours(const Theme& theme);

// The fill of a single buffer drawn by ImGui; the shapes (dots, hatch, square) come on top.
Color pool_fill(const Theme& theme, PoolTint tint);

// A row of the legend: its colour and what to say: a string of the table, or `text` as it is.
struct PoolLegendRow {
  std::uint8_t tint = kNoTint;
  LearnedState shape = LearnedState::Clean;
  std::string key, text;
};
std::vector<PoolLegendRow> pool_legend(const PoolCells& cells, const trace::ServerState& state, PoolMode mode);

// "orders", or the relation's number where nobody said its name.
std::string relation_name(const trace::ServerState& state, const core::PageTag& tag);

}  // namespace palloscope::gui
