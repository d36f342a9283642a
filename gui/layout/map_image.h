// MapImage: the block map as the screen will show it, before colours: one texel a column of a row. Its size, and the
// cost of making it, depend on the panel's pixels and not on the number of chunks. The shader (shaders/block_map.frag)
// and the pictures of the tests read the same image. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "gui/layout/block_index.h"
#include "gui/layout/block_map_layout.h"

namespace palloscope::gui {

// Shares of 255 by use, and what stands out. Where bytes of several uses meet, a column shows their mix.
struct MapTexel {
  std::uint8_t live = 0, rounding = 0, free = 0, tail = 0;
  std::uint8_t header = 0;  // context, block and chunk headers
  std::uint8_t other = 0;   // plain malloc, recycled, dead
  std::uint8_t tint = 0;    // row of the palette: owner, kind, size class, age (as the colour mode says)
  std::uint8_t marks = 0;   // MapMark bits
  friend bool operator==(const MapTexel&, const MapTexel&) = default;
};
static_assert(sizeof(MapTexel) == 8, "one RG32UI texel");

enum MapMark : std::uint8_t {
  kMarkChunkEdge = 1,  // a chunk begins in this column (and chunks are wide enough to be told apart)
  kMarkBlockEdge = 2,  // the block begins or ends here
  kMarkSelected = 4,
  kMarkNew = 8,     // handed out by the last step
  kMarkFreed = 16,  // freed by the last step
  kMarkKeeper = 32,
  kMarkExternal = 64,
  kMarkRecycled = 128,  // waits in a recycled-context list
};

// For each line of pixels: which row of texels it shows, and where in the row it lies (-1: between rows).
struct MapLine {
  std::int16_t row = -1;
  std::int16_t y = 0;
};

// Which row of the layout a row of the image shows.
struct MapRow {
  std::size_t lane = 0;
  std::uint64_t row = 0;
  friend auto operator<=>(const MapRow&, const MapRow&) = default;
};

struct MapImage {
  int width = 0, rows = 0;
  std::vector<MapTexel> texels;  // rows * width
  std::vector<MapLine> lines;    // one a pixel of the panel's height
  std::vector<MapRow> shown;     // one a row, in order
  int row_height = 0;
};

// What the image needs to know beside the layout.
struct MapPaint {
  std::function<const BlockIndex&(core::BlockSlot)> index;
  std::function<BlockIndex(core::BlockSlot)> outline;  // for blocks so narrow that nothing within them is seen
  std::function<std::uint8_t(core::BlockSlot, core::ChunkSlot)> tint;   // chunk may be none
  std::function<std::uint8_t(core::BlockSlot, core::ChunkSlot)> marks;  // Selected, New, Freed; chunk may be none
};

MapImage paint_map(const BlockMapLayout& layout, const trace::MemoryState& state, const MapPaint& paint,
                   double scroll_px, int height_px);

// Paints the rows of the image anew that show one of these blocks: all that a step changes, if the layout is the same.
void repaint_map(MapImage& image, const BlockMapLayout& layout, const trace::MemoryState& state, const MapPaint& paint,
                 std::span<const core::BlockSlot> changed);

}  // namespace palloscope::gui
