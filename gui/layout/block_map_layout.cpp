#include "gui/layout/block_map_layout.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace palloscope::gui {
namespace {

// Blocks narrower than this touch each other: a gap would be larger than what it parts.
constexpr double kSmallestBlockWithGapPx = 12, kBlockGapPx = 4;

bool shown(const trace::BlockRecord& block, core::BlockSlot slot, const MapView& view) {
  if (block.born == 0) return false;
  if (view.only_block) return slot == view.only_block;
  return !view.only_context || block.context == view.only_context;
}

LaneOwner owner_of(const trace::BlockRecord& block) {
  if (block.role == core::BlockRole::Recycled) return LaneOwner::Recycled;
  return block.context ? LaneOwner::Context : LaneOwner::Malloc;
}

}  // namespace

BlockMapLayout::BlockMapLayout(const trace::MemoryState& state, const MapView& view) : view_(view) {
  // A lane's place: kind of owner, then the owner's age. Contexts come first.
  using LaneKey = std::pair<LaneOwner, core::EventNumber>;
  std::map<LaneKey, MapLane> lanes;
  const auto& blocks = state.blocks();
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    const core::BlockSlot slot{i};
    if (!shown(blocks[i], slot, view)) continue;
    const LaneOwner owner = owner_of(blocks[i]);
    const trace::ContextRecord* context = state.context(blocks[i].context);
    MapLane& lane = lanes[{owner, context == nullptr ? 0 : context->born}];
    lane.owner = owner;
    lane.context = blocks[i].context;
    lane.bytes += blocks[i].bytes;
    lane.blocks.push_back({slot, 0, blocks[i].bytes});
  }
  for (auto& [key, lane] : lanes)
    std::sort(lane.blocks.begin(), lane.blocks.end(), [&](const MapBlock& a, const MapBlock& b) {
      return blocks[a.block.value].born < blocks[b.block.value].born;
    });
  if (view.packed) {
    MapLane all{LaneOwner::Everything, {}, 0, 0, 0, 0, {}};
    for (auto& [key, lane] : lanes) {
      all.bytes += lane.bytes;
      all.blocks.insert(all.blocks.end(), lane.blocks.begin(), lane.blocks.end());
    }
    if (!all.blocks.empty()) lanes_.push_back(std::move(all));
  } else {
    for (auto& [key, lane] : lanes) lanes_.push_back(std::move(lane));
  }
  double y = 0;
  for (MapLane& lane : lanes_) {
    double line = 0, next = 0;  // ends of the last block and of the gap behind it
    for (MapBlock& block : lane.blocks) {
      block.line_px = next;
      const double length = static_cast<double>(block.bytes) / view.bytes_per_px;
      line = next + length;
      next = line + (length >= kSmallestBlockWithGapPx ? kBlockGapPx : 0);
    }
    lane.row_count = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(line / view.width_px)));
    lane.top_px = y;
    lane.rows_top_px = y + (view.packed ? 0 : view.label_height_px);
    y = lane.rows_top_px + static_cast<double>(lane.row_count) * row_pitch_px() + view.lane_gap_px;
  }
  height_ = y;
}

std::vector<MapSpan> BlockMapLayout::spans(const MapLane& lane, std::uint64_t row) const {
  std::vector<MapSpan> spans;
  const double from = static_cast<double>(row) * view_.width_px, to = from + view_.width_px;
  auto length = [&](const MapBlock& b) { return static_cast<double>(b.bytes) / view_.bytes_per_px; };
  auto block = std::partition_point(lane.blocks.begin(), lane.blocks.end(),
                                    [&](const MapBlock& b) { return b.line_px + length(b) <= from; });
  for (; block != lane.blocks.end() && block->line_px < to; ++block) {
    const double begin = std::max(from, block->line_px), end = std::min(to, block->line_px + length(*block));
    MapSpan span{block->block, begin - from, end - from, 0, 0};
    span.begin = static_cast<std::uint64_t>(std::llround((begin - block->line_px) * view_.bytes_per_px));
    span.end =
        std::min(block->bytes, static_cast<std::uint64_t>(std::llround((end - block->line_px) * view_.bytes_per_px)));
    if (span.begin < span.end) spans.push_back(span);
  }
  return spans;
}

std::pair<std::size_t, std::size_t> BlockMapLayout::lanes_between(double y0, double y1) const {
  auto bottom = [&](const MapLane& lane) {
    return lane.rows_top_px + static_cast<double>(lane.row_count) * row_pitch_px();
  };
  auto first =
      std::partition_point(lanes_.begin(), lanes_.end(), [&](const MapLane& lane) { return bottom(lane) <= y0; });
  auto last = std::partition_point(first, lanes_.end(), [&](const MapLane& lane) { return lane.top_px < y1; });
  return {static_cast<std::size_t>(first - lanes_.begin()), static_cast<std::size_t>(last - lanes_.begin())};
}

std::optional<MapPlace> BlockMapLayout::at(double x, double y) const {
  if (x < 0 || x >= view_.width_px) return std::nullopt;
  auto [first, last] = lanes_between(y, y + 1);
  for (std::size_t i = first; i < last; ++i) {
    const MapLane& lane = lanes_[i];
    if (y < lane.rows_top_px) continue;
    const auto row = static_cast<std::uint64_t>((y - lane.rows_top_px) / row_pitch_px());
    if (row >= lane.row_count) continue;
    for (const MapSpan& span : spans(lane, row)) {
      if (x < span.x0 || x >= span.x1) continue;
      const auto within = static_cast<std::uint64_t>((x - span.x0) * view_.bytes_per_px);
      return MapPlace{i, span.block, std::min(span.begin + within, span.end - 1)};
    }
  }
  return std::nullopt;
}

std::optional<BlockMapLayout::Point> BlockMapLayout::find(core::BlockSlot slot, std::uint64_t offset) const {
  for (const MapLane& lane : lanes_)
    for (const MapBlock& block : lane.blocks) {
      if (block.block != slot) continue;
      const double line = block.line_px + static_cast<double>(offset) / view_.bytes_per_px;
      const double row = std::floor(line / view_.width_px);
      return Point{line - row * view_.width_px, lane.rows_top_px + row * row_pitch_px()};
    }
  return std::nullopt;
}

double BlockMapLayout::fitting_bytes_per_px(std::uint64_t bytes, double width_px, double rows) {
  return std::max(1.0 / 64, static_cast<double>(bytes) / std::max(1.0, width_px * rows));
}

}  // namespace palloscope::gui
