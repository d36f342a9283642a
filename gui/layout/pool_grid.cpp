#include "gui/layout/pool_grid.h"

#include <algorithm>
#include <cmath>

namespace palloscope::gui {
namespace {

constexpr float kSmallestTile = 3;
constexpr float kTilePitches[] = {4, 5, 6, 8, 10, 12, 16, 20, 26};  // at text size 16
constexpr float kCompactWidth = 3.3f, kCompactHeight = 2.4f;        // of the text size
constexpr float kFullWidth = 7.2f, kFullHeight = 4.3f;

}  // namespace

std::vector<PoolZoom> pool_zooms(float em, std::uint32_t buffers) {
  std::vector<PoolZoom> zooms;
  std::uint32_t per_tile = 1;
  while (per_tile < 1024 && buffers / per_tile > 4096) per_tile *= 2;
  for (; per_tile > 1; per_tile /= 2)
    for (const float px : {kSmallestTile, kSmallestTile + 1}) zooms.push_back({PoolDetail::Tiles, px, px, per_tile});
  zooms.push_back({PoolDetail::Tiles, kSmallestTile, kSmallestTile, 1});
  for (const float pitch : kTilePitches) {
    const float px = std::round(pitch * std::max(1.0f, em / 16));
    if (px > zooms.back().width_px) zooms.push_back({PoolDetail::Tiles, px, px, 1});
  }
  zooms.push_back({PoolDetail::Compact, std::round(kCompactWidth * em), std::round(kCompactHeight * em), 1});
  for (const float larger : {1.0f, 1.3f, 1.7f, 2.2f})
    zooms.push_back({PoolDetail::Full, std::round(kFullWidth * em * larger), std::round(kFullHeight * em * larger), 1});
  return zooms;
}

PoolGrid::PoolGrid(std::uint32_t buffers, PoolZoom zoom, float width, float height)
    : buffers_(buffers), zoom_(zoom), room_height_(height) {
  const auto fit = static_cast<std::uint32_t>(std::max(1.0f, std::floor(width / zoom.width_px)));
  // Round numbers of columns make rows begin at round numbers of buffers.
  const std::uint32_t round_to = zoom.detail == PoolDetail::Tiles ? 16 : 4;
  columns_ = fit >= round_to ? fit / round_to * round_to : fit;
  if (zoom.detail != PoolDetail::Tiles && columns_ == 3) columns_ = 2;
  columns_ = std::clamp<std::uint32_t>(columns_, 1, std::max<std::uint32_t>(1, tiles()));
  rows_ = (tiles() + columns_ - 1) / columns_;
  // Labelled cells take the room that is left over, up to half as wide again.
  if (zoom.detail != PoolDetail::Tiles)
    zoom_.width_px = std::floor(std::min(width / static_cast<float>(columns_), zoom.width_px * 1.5f));
}

RectF PoolGrid::rect(std::uint32_t buffer) const {
  const std::uint32_t tile = buffer / zoom_.per_tile;
  const auto row = tile / columns_;
  return {static_cast<float>(tile % columns_) * zoom_.width_px, static_cast<float>(row) * zoom_.height_px,
          zoom_.width_px, zoom_.height_px};
}

std::optional<std::uint32_t> PoolGrid::at(float x, float y) const {
  if (x < 0 || y < 0) return std::nullopt;
  const auto column = static_cast<std::uint32_t>(x / zoom_.width_px),
             row = static_cast<std::uint32_t>(y / zoom_.height_px);
  if (column >= columns_ || row >= rows_) return std::nullopt;
  const std::uint32_t buffer = (row * columns_ + column) * zoom_.per_tile;
  return buffer < buffers_ ? std::optional(buffer) : std::nullopt;
}

PoolGrid::Rows PoolGrid::rows_between(float y0, float y1) const {
  const auto row = [&](float y) {
    return std::min(rows_, static_cast<std::uint32_t>(std::max(0.0f, y / zoom_.height_px)));
  };
  return {row(y0), std::min(rows_, row(y1) + 1)};
}

float PoolGrid::scroll_to(std::uint32_t buffer, float scroll, float height) const {
  const RectF cell = rect(buffer);
  if (cell.y < scroll) scroll = cell.y;
  if (cell.y + cell.height > scroll + height) scroll = cell.y + cell.height - height;
  return std::clamp(scroll, 0.0f, std::max(0.0f, height_px() - height));
}

std::size_t fitting_zoom(const std::vector<PoolZoom>& zooms, std::uint32_t buffers, float width, float height) {
  for (std::size_t i = zooms.size(); i-- > 0;)
    if (PoolGrid(buffers, zooms[i], width, height).fits()) return i;
  return 0;
}

}  // namespace palloscope::gui
