// Where each buffer of a pool lies in the grid, at every zoom from "all" to single labelled cells: row after row, as
// the clock hand goes. Where there are more buffers than room, a tile stands for several. Nothing is kept per buffer.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gui/layout/workspace.h"

namespace palloscope::gui {

// How much of a buffer is drawn.
enum class PoolDetail : std::uint8_t {
  Tiles,    // a picture: a coloured square a buffer, or several buffers a square
  Compact,  // number and marks
  Full,     // number, relation and block, usage, pins
};

struct PoolZoom {
  PoolDetail detail = PoolDetail::Tiles;
  float width_px = 4, height_px = 4;  // of a tile, its gap included
  std::uint32_t per_tile = 1;         // buffers
  friend bool operator==(const PoolZoom&, const PoolZoom&) = default;
};

// All zooms for a text size, from the farthest to the nearest.
std::vector<PoolZoom> pool_zooms(float em, std::uint32_t buffers);

class PoolGrid {
 public:
  PoolGrid() = default;
  // `width` and `height`: the room there is.
  PoolGrid(std::uint32_t buffers, PoolZoom zoom, float width, float height);

  const PoolZoom& zoom() const { return zoom_; }
  std::uint32_t buffers() const { return buffers_; }
  std::uint32_t columns() const { return columns_; }  // tiles in a row
  std::uint32_t rows() const { return rows_; }
  std::uint32_t tiles() const { return (buffers_ + zoom_.per_tile - 1) / zoom_.per_tile; }
  std::uint32_t per_row() const { return columns_ * zoom_.per_tile; }
  float height_px() const { return static_cast<float>(rows_) * zoom_.height_px; }
  bool fits() const { return height_px() <= room_height_; }

  // Of the tile that shows this buffer, scrolling not taken off.
  RectF rect(std::uint32_t buffer) const;
  // The first buffer of the tile there; none: beside the grid.
  std::optional<std::uint32_t> at(float x, float y) const;
  // Rows that show anything between these heights: first and one past the last.
  struct Rows {
    std::uint32_t first = 0, end = 0;
  };
  Rows rows_between(float y0, float y1) const;
  // The scroll that brings the buffer into `height` pixels with as little movement as needed.
  float scroll_to(std::uint32_t buffer, float scroll, float height) const;

 private:
  std::uint32_t buffers_ = 0, columns_ = 1, rows_ = 0;
  PoolZoom zoom_;
  float room_height_ = 0;
};

// The nearest zoom with which the whole pool is in sight (an index into `zooms`); `most`: not nearer than this.
std::size_t fitting_zoom(const std::vector<PoolZoom>& zooms, std::uint32_t buffers, float width, float height);

}  // namespace palloscope::gui
