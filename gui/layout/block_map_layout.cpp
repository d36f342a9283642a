#include "gui/layout/block_map_layout.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/check.h"

namespace palloscope::gui {
namespace {

// Blocks narrower than this touch each other: a gap would be larger than what it parts.
constexpr double kSmallestBlockWithGapPx = 12, kBlockGapPx = 4;
// Narrower blocks are not shown one by one.
constexpr double kNarrowestPx = 0.5;

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

BlockMapLayout::Place BlockMapLayout::place_of(const trace::MemoryState& state, core::BlockSlot slot) const {
  const trace::BlockRecord& block = state.blocks()[slot.value];
  if (!shown(block, slot, view_)) return {};
  const trace::ContextRecord* context = state.context(block.context);
  return {{owner_of(block), context == nullptr ? 0 : context->born}, block.born, block.bytes};
}

BlockMapLayout::BlockMapLayout(const trace::MemoryState& state, const MapView& view) : view_(view) {
  const auto count = static_cast<std::uint32_t>(state.blocks().size());
  places_.resize(count);
  std::map<Owner, Line> lines;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Place place = places_[i] = place_of(state, {i});
    if (place.born == 0) continue;
    Line& line = lines[place.owner];
    line.owner = place.owner;
    line.context = state.blocks()[i].context;
    line.bytes += place.bytes;
    line.blocks.push_back({{i}, place.born, place.bytes});
  }
  lines_.reserve(lines.size());
  for (auto& [owner, line] : lines) {
    std::sort(line.blocks.begin(), line.blocks.end(), [](const Block& a, const Block& b) { return a.born < b.born; });
    measure(line);
    lines_.push_back(std::move(line));
  }
  stack();
}

void BlockMapLayout::arrange(const MapView& view) {
  const bool same_scale = view.bytes_per_px == view_.bytes_per_px;
  view_ = view;
  if (!same_scale)
    for (Line& line : lines_) measure(line);
  stack();
}

std::vector<BlockMapLayout::Line>::iterator BlockMapLayout::line_of(const Owner& owner) {
  return std::partition_point(lines_.begin(), lines_.end(), [&](const Line& line) { return line.owner < owner; });
}

void BlockMapLayout::put(const trace::MemoryState& state, core::BlockSlot slot, const Place& place) {
  auto line = line_of(place.owner);
  if (line == lines_.end() || line->owner != place.owner) {
    line = lines_.insert(line, Line{});
    line->owner = place.owner;
    line->context = state.blocks()[slot.value].context;
  }
  const auto at = std::partition_point(line->blocks.begin(), line->blocks.end(),
                                       [&](const Block& block) { return block.born < place.born; });
  line->blocks.insert(at, {slot, place.born, place.bytes});
  line->bytes += place.bytes;
}

// Its line stays, perhaps without blocks, until follow() has seen all.
void BlockMapLayout::take(core::BlockSlot slot, const Place& place) {
  const auto line = line_of(place.owner);
  const auto at = std::partition_point(line->blocks.begin(), line->blocks.end(),
                                       [&](const Block& block) { return block.born < place.born; });
  core::check(at != line->blocks.end() && at->slot == slot, "a block lies where it was put");
  line->blocks.erase(at);
  line->bytes -= place.bytes;
}

bool BlockMapLayout::follow(const trace::MemoryState& state, std::span<const core::BlockSlot> changed) {
  std::vector<Owner> touched;
  for (const core::BlockSlot slot : changed) {
    if (slot.value >= places_.size()) places_.resize(state.blocks().size());
    const Place now = slot.value < state.blocks().size() ? place_of(state, slot) : Place{};
    Place& before = places_[slot.value];
    if (now == before) continue;
    if (before.born != 0) {
      take(slot, before);
      touched.push_back(before.owner);
    }
    if (now.born != 0) {
      put(state, slot, now);
      touched.push_back(now.owner);
    }
    before = now;
  }
  if (touched.empty()) return false;
  for (const Owner& owner : touched)
    if (const auto line = line_of(owner); line != lines_.end() && line->owner == owner) {
      if (line->blocks.empty())
        lines_.erase(line);
      else
        measure(*line);
    }
  stack();
  return true;
}

// Where the blocks lie on their line.
void BlockMapLayout::measure(Line& line) const {
  line.length_px = line.next_px = 0;
  for (Block& block : line.blocks) {
    block.line_px = line.next_px;
    const double length = length_px(block);
    line.length_px = line.next_px + length;
    line.next_px = line.length_px + (length >= kSmallestBlockWithGapPx ? kBlockGapPx : 0);
  }
}

// Lines become lanes, one below the other; in a packed view one behind the other on one lane.
void BlockMapLayout::stack() {
  lanes_.clear();
  double y = 0;
  const auto add = [&](MapLane lane, double length_px) {
    lane.row_count = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(length_px / view_.width_px)));
    lane.top_px = y;
    lane.rows_top_px = y + (view_.packed ? 0 : view_.label_height_px);
    y = lane.rows_top_px + static_cast<double>(lane.row_count) * row_pitch_px() + view_.lane_gap_px;
    lanes_.push_back(lane);
  };
  if (view_.packed) {
    MapLane all{LaneOwner::Everything, {}, 0, 0, 0, 0, 0, lines_.size()};
    double next = 0, length = 0;
    for (Line& line : lines_) {
      line.begin_px = next;
      length = next + line.length_px;
      next += line.next_px;
      all.bytes += line.bytes;
    }
    if (!lines_.empty()) add(all, length);
  } else {
    lanes_.reserve(lines_.size());
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      lines_[i].begin_px = 0;
      add({lines_[i].owner.first, lines_[i].context, 0, 0, 0, lines_[i].bytes, i, i + 1}, lines_[i].length_px);
    }
  }
  height_ = y;
}

std::vector<double> BlockMapLayout::owner_bytes() const {
  std::vector<double> bytes;
  bytes.reserve(lines_.size());
  for (const Line& line : lines_) bytes.push_back(static_cast<double>(line.bytes));
  return bytes;
}

std::vector<MapSpan> BlockMapLayout::spans(const MapLane& lane, std::uint64_t row) const {
  std::vector<MapSpan> spans;
  const double from = static_cast<double>(row) * view_.width_px, to = from + view_.width_px;
  const auto last_line = lines_.begin() + static_cast<std::ptrdiff_t>(lane.last_line);
  auto line = std::partition_point(lines_.begin() + static_cast<std::ptrdiff_t>(lane.first_line), last_line,
                                   [&](const Line& l) { return l.begin_px + l.length_px <= from; });
  double reached = from;  // blocks that end before are stood for by the one before them
  for (; line != last_line && line->begin_px < to; ++line) {
    if (line->begin_px + line->length_px <= reached) continue;
    auto block = line->blocks.begin();
    const auto ends_before = [&](const Block& b) { return line->begin_px + b.line_px + length_px(b) <= reached; };
    for (;;) {
      block = std::partition_point(block, line->blocks.end(), ends_before);
      if (block == line->blocks.end()) break;
      const double line_px = line->begin_px + block->line_px, length = length_px(*block);
      if (line_px >= to) break;
      const double begin = std::max(reached, line_px), end = std::min(to, line_px + length);
      MapSpan span{block->slot, begin - from, end - from, 0, 0};
      span.begin = static_cast<std::uint64_t>(std::llround((begin - line_px) * view_.bytes_per_px));
      span.end = std::min(block->bytes, static_cast<std::uint64_t>(std::llround((end - line_px) * view_.bytes_per_px)));
      reached = end;
      if (length < kNarrowestPx) {  // a crowd
        span.begin = 0;
        span.end = block->bytes;
        reached = std::min(to, begin + kNarrowestPx);
        span.x1 = reached - from;
      }
      if (span.begin < span.end) spans.push_back(span);
      ++block;
    }
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

// On its lane's endless line; none if the block is not shown.
std::optional<BlockMapLayout::LinePlace> BlockMapLayout::line_place(core::BlockSlot slot) const {
  if (slot.value >= places_.size() || places_[slot.value].born == 0) return std::nullopt;
  const Place& place = places_[slot.value];
  const auto line =
      std::partition_point(lines_.begin(), lines_.end(), [&](const Line& l) { return l.owner < place.owner; });
  const auto block = std::partition_point(line->blocks.begin(), line->blocks.end(),
                                          [&](const Block& b) { return b.born < place.born; });
  return LinePlace{view_.packed ? 0 : static_cast<std::size_t>(line - lines_.begin()), line->begin_px + block->line_px,
                   length_px(*block)};
}

std::optional<BlockMapLayout::Point> BlockMapLayout::find(core::BlockSlot slot, std::uint64_t offset) const {
  const auto place = line_place(slot);
  if (!place) return std::nullopt;
  const double px = place->begin_px + static_cast<double>(offset) / view_.bytes_per_px;
  const double row = std::floor(px / view_.width_px);
  return Point{px - row * view_.width_px, lanes_[place->lane].rows_top_px + row * row_pitch_px()};
}

std::optional<BlockMapLayout::Rows> BlockMapLayout::rows(core::BlockSlot slot) const {
  const auto place = line_place(slot);
  if (!place) return std::nullopt;
  return Rows{place->lane, static_cast<std::uint64_t>(place->begin_px / view_.width_px),
              static_cast<std::uint64_t>((place->begin_px + place->length_px) / view_.width_px)};
}

double BlockMapLayout::fitting_bytes_per_px(std::uint64_t bytes, double width_px, double rows) {
  return std::max(1.0 / 64, static_cast<double>(bytes) / std::max(1.0, width_px * rows));
}

}  // namespace palloscope::gui
