// PoolImage: the grid of a buffer pool before colours: one texel a tile. Its size depends on the panel's pixels, not on
// the pool; after a step only the tiles of changed buffers are made again. The shader (shaders/pool_grid.frag) and the
// tests read the same image. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gui/layout/pool_cells.h"
#include "gui/layout/pool_grid.h"

namespace palloscope::gui {

enum class PoolMode : std::uint8_t { State, Relation, Usage, Pins, Age };
inline constexpr int kPoolModeCount = 5;

// Rows of the palette (PoolColours::tints).
inline constexpr std::uint8_t kStateTint = 0, kRelationTint = 4, kOthersTint = 12, kUsageTint = 13, kPinsTint = 19,
                              kAgeTint = 25, kNoTint = 31;
inline constexpr int kMostPinsShown = 5;

// Shares of 255 by learned state, and the colour of the mode: between rows `tint` and `tint` + 1 of the palette at
// `blend`; `strength` less than 255 where the tile stands for a mixture.
struct PoolTexel {
  std::uint8_t free = 0, clean = 0, dirty = 0, pinned = 0;  // dirty: of all, pinned or not; the others as learned
  std::uint8_t tint = kNoTint, blend = 0, strength = 0;
  std::uint8_t used = 0;  // 0: there is no such tile
  friend bool operator==(const PoolTexel&, const PoolTexel&) = default;
};
static_assert(sizeof(PoolTexel) == 8, "one RG32UI texel");

struct PoolImage {
  int columns = 0, rows = 0;
  int pitch_px = 1;
  bool by_state = true;  // colours from the shares; else from tint and blend
  std::vector<PoolTexel> texels;
};

// The mode's colour of a single buffer; free buffers have none (kNoTint) but by state and pins.
struct PoolTint {
  std::uint8_t tint = kNoTint, blend = 0;
};
PoolTint tint_of(const PoolCells& cells, const PoolCell& cell, PoolMode mode);

// What a tile of these buffers shows.
PoolTexel paint_tile(const PoolCells& cells, std::uint32_t first, std::uint32_t count, PoolMode mode);

// Rows first_row..end_row of the grid.
PoolImage paint_pool(const PoolCells& cells, const PoolGrid& grid, PoolGrid::Rows rows, PoolMode mode);
// Only the tiles of these buffers (indices in the pool) again.
void repaint_pool(PoolImage& image, const PoolCells& cells, const PoolGrid& grid, PoolGrid::Rows rows, PoolMode mode,
                  std::span<const std::uint32_t> changed);

}  // namespace palloscope::gui
