#include "gui/layout/pool_image.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace palloscope::gui {
namespace {

std::uint8_t share(std::uint32_t part, std::uint32_t whole) {
  return static_cast<std::uint8_t>((part * 255 + whole / 2) / whole);
}

// The value of a ramp mode, in steps of the ramp.
std::uint32_t ramp_value(const PoolCell& cell, PoolMode mode) {
  switch (mode) {
    case PoolMode::Usage:
      return cell.usage;
    case PoolMode::Pins:
      return std::min<std::uint32_t>(kMostPinsShown, cell.pins);
    case PoolMode::Age:
      return cell.age;
    default:
      return 0;
  }
}

std::uint8_t ramp_tint(PoolMode mode) {
  return mode == PoolMode::Usage ? kUsageTint : mode == PoolMode::Pins ? kPinsTint : kAgeTint;
}

std::uint8_t relation_tint(int tint) {
  return tint < 0 ? kOthersTint : static_cast<std::uint8_t>(kRelationTint + tint);
}

}  // namespace

PoolTint tint_of(const PoolCells& cells, const PoolCell& cell, PoolMode mode) {
  if (mode == PoolMode::State) return {static_cast<std::uint8_t>(kStateTint + static_cast<int>(cell.state())), 0};
  if ((cell.flags & kHasPage) == 0 && mode != PoolMode::Pins) return {};
  if (mode == PoolMode::Relation) return {relation_tint(cells.tint_of(cell)), 0};
  return {static_cast<std::uint8_t>(ramp_tint(mode) + ramp_value(cell, mode)), 0};
}

PoolTexel paint_tile(const PoolCells& cells, std::uint32_t first, std::uint32_t count, PoolMode mode) {
  PoolTexel texel;
  const auto end = std::min<std::uint64_t>(cells.size(), std::uint64_t{first} + count);
  if (first >= end) return texel;
  texel.used = 1;
  const auto number = static_cast<std::uint32_t>(end - first);
  if (number == 1) {
    const PoolCell& cell = cells[first];
    const LearnedState state = cell.state();
    texel.free = state == LearnedState::Free ? 255 : 0;
    texel.clean = state == LearnedState::Clean ? 255 : 0;
    texel.dirty = (cell.flags & kDirtyPage) != 0 ? 255 : 0;
    texel.pinned = state == LearnedState::Pinned ? 255 : 0;
    const PoolTint tint = tint_of(cells, cell, mode);
    texel.tint = tint.tint;
    texel.blend = tint.blend;
    texel.strength = 255;
    return texel;
  }
  std::uint32_t states[kLearnedStateCount] = {}, dirty = 0, with_page = 0, sum = 0;
  std::array<std::uint32_t, kRelationTints + 1> by_tint{};
  for (auto i = std::uint64_t{first}; i < end; ++i) {
    const PoolCell& cell = cells[i];
    ++states[static_cast<std::size_t>(cell.state())];
    if ((cell.flags & kDirtyPage) != 0) ++dirty;
    if ((cell.flags & kHasPage) == 0) continue;
    ++with_page;
    if (mode == PoolMode::Relation) {
      const int tint = cells.tint_of(cell);
      ++by_tint[static_cast<std::size_t>(tint < 0 ? kRelationTints : tint)];
    } else {
      sum += ramp_value(cell, mode);
    }
  }
  texel.free = share(states[static_cast<int>(LearnedState::Free)], number);
  texel.clean = share(states[static_cast<int>(LearnedState::Clean)], number);
  texel.dirty = share(dirty, number);
  texel.pinned = share(states[static_cast<int>(LearnedState::Pinned)], number);
  if (mode == PoolMode::State || with_page == 0) return texel;
  if (mode == PoolMode::Relation) {
    const auto most = std::max_element(by_tint.begin(), by_tint.end());
    const auto tint = static_cast<int>(most - by_tint.begin());
    texel.tint = relation_tint(tint == kRelationTints ? -1 : tint);
    texel.strength = share(*most, number);
    return texel;
  }
  const float mean = static_cast<float>(sum) / static_cast<float>(with_page), low = std::floor(mean);
  texel.tint = static_cast<std::uint8_t>(ramp_tint(mode) + static_cast<int>(low));
  texel.blend = static_cast<std::uint8_t>((mean - low) * 255);
  texel.strength = share(with_page, number);
  return texel;
}

PoolImage paint_pool(const PoolCells& cells, const PoolGrid& grid, PoolGrid::Rows rows, PoolMode mode) {
  PoolImage image;
  image.columns = static_cast<int>(grid.columns());
  image.rows = static_cast<int>(rows.end - rows.first);
  image.pitch_px = static_cast<int>(grid.zoom().width_px);
  image.by_state = mode == PoolMode::State;
  const std::uint32_t per_tile = grid.zoom().per_tile;
  const std::uint64_t first = std::uint64_t{rows.first} * grid.columns();
  const auto count = static_cast<std::size_t>(image.columns) * static_cast<std::size_t>(image.rows);
  image.texels.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t buffer = (first + i) * per_tile;
    if (buffer >= cells.size()) break;
    image.texels[i] = paint_tile(cells, static_cast<std::uint32_t>(buffer), per_tile, mode);
  }
  return image;
}

void repaint_pool(PoolImage& image, const PoolCells& cells, const PoolGrid& grid, PoolGrid::Rows rows, PoolMode mode,
                  std::span<const std::uint32_t> changed) {
  const std::uint32_t per_tile = grid.zoom().per_tile;
  for (const std::uint32_t buffer : changed) {
    const std::uint32_t tile = buffer / per_tile, row = tile / grid.columns();
    if (row < rows.first || row >= rows.end) continue;
    const std::size_t texel = tile - std::size_t{rows.first} * grid.columns();
    if (texel < image.texels.size()) image.texels[texel] = paint_tile(cells, tile * per_tile, per_tile, mode);
  }
}

}  // namespace palloscope::gui
