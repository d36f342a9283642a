// What a colour on the block map stands for: a table of tints, and which tint a chunk has in each colour mode. Pure.
#pragma once

#include "gui/map_surface.h"
#include "gui/theme.h"
#include "trace/replay/memory_state.h"

namespace palloscope::gui {

enum class ColourMode : std::uint8_t { State, Owner, Kind, SizeClass, Age };
inline constexpr int kColourModeCount = 5;

// The owner colour of a context, in the tree as on the map.
int owner_colour_index(core::ContextSlot context);

// The tint of an owner's chunks.
std::uint8_t owner_tint(core::ContextSlot context);

// A tint of MapColours::tints. `chunk` may be none (headers, tail, plain malloc).
std::uint8_t tint_of(const trace::MemoryState& state, ColourMode mode, core::BlockSlot block, core::ChunkSlot chunk);

MapColours map_colours(const Theme& theme, float scale);

// A row of the legend: tint, and a number for its text (size class in bytes; kind; bucket of age).
struct LegendRow {
  std::uint8_t tint = 0;
  int value = 0;
};
std::vector<LegendRow> legend_of(ColourMode mode);

}  // namespace palloscope::gui
