#include "gui/layout/map_image.h"

#include <algorithm>
#include <cmath>

namespace palloscope::gui {
namespace {

// Chunks closer than this are drawn as a mix without edges: edges would be all that one sees.
constexpr double kSmallestChunkWithEdgePx = 4;
// Of narrower blocks only an average is shown.
constexpr double kSmallestBlockWithInsidePx = 2;
// The frames of narrower blocks would hide what is in them.
constexpr double kSmallestBlockWithFramePx = 5;

std::uint8_t share(std::uint64_t part, std::uint64_t whole) {
  if (part == 0) return 0;
  return static_cast<std::uint8_t>(std::clamp<std::uint64_t>(part * 255 / whole, 1, 255));
}

std::uint8_t role_marks(const trace::BlockRecord& block) {
  switch (block.role) {
    case core::BlockRole::Keeper:
      return kMarkKeeper;
    case core::BlockRole::External:
      return kMarkExternal;
    case core::BlockRole::Recycled:
      return kMarkRecycled;
    default:
      return 0;
  }
}

MapTexel mixed(const ByteMix& mix, std::uint64_t bytes) {
  MapTexel texel;
  texel.live = share(mix[ByteUse::Live] + mix[ByteUse::Undivided], bytes);
  texel.rounding = share(mix[ByteUse::Rounding], bytes);
  texel.free = share(mix[ByteUse::Free], bytes);
  texel.tail = share(mix[ByteUse::Tail], bytes);
  texel.header = share(mix[ByteUse::ContextHeader] + mix[ByteUse::BlockHeader] + mix[ByteUse::ChunkHeader], bytes);
  texel.other = share(mix[ByteUse::Plain] + mix[ByteUse::Recycled] + mix[ByteUse::Dead], bytes);
  return texel;
}

// A column that several blocks share keeps the larger share's tint and adds up the rest.
void add(MapTexel& to, const MapTexel& from, double weight) {
  auto sum = [&](std::uint8_t& a, std::uint8_t b) {
    a = static_cast<std::uint8_t>(std::min(255.0, a + b * weight + 0.5));
  };
  sum(to.live, from.live);
  sum(to.rounding, from.rounding);
  sum(to.free, from.free);
  sum(to.tail, from.tail);
  sum(to.header, from.header);
  sum(to.other, from.other);
  to.tint = from.tint;
  to.marks |= from.marks;
}

void paint_span(MapTexel* row, int width, const MapSpan& span, const trace::BlockRecord& block, const MapView& view,
                const MapPaint& paint, const BlockIndex& index) {
  const double average_chunk_px =
      index.chunk_count() == 0
          ? 0
          : static_cast<double>(block.bytes) / static_cast<double>(index.chunk_count()) / view.bytes_per_px;
  const bool edges = average_chunk_px >= kSmallestChunkWithEdgePx;
  const int first = static_cast<int>(std::floor(span.x0)), last = std::min(width, static_cast<int>(std::ceil(span.x1)));
  const bool is_framed = static_cast<double>(block.bytes) / view.bytes_per_px >= kSmallestBlockWithFramePx;
  const std::uint8_t role = is_framed || block.role == core::BlockRole::Recycled ? role_marks(block) : 0;
  std::uint64_t from = span.begin;
  core::ChunkSlot seen;
  for (int x = first; x < last; ++x) {
    const double right = std::min(span.x1, x + 1.0);
    auto to = span.begin + static_cast<std::uint64_t>(std::llround((right - span.x0) * view.bytes_per_px));
    to = std::clamp(to, from, span.end);
    if (x + 1 == last) to = span.end;
    // Zoomed in so far that a column is less than a byte, it shows the byte it is part of.
    const std::uint64_t begin = to > from ? from : std::min(from, span.end - 1), end = std::max(to, begin + 1);
    const std::uint64_t middle = begin + (end - begin) / 2;
    const core::ChunkSlot chunk = index.chunk_at(middle);
    MapTexel texel = mixed(index.mix(begin, end), end - begin);
    texel.tint = paint.tint(span.block, chunk);
    texel.marks = static_cast<std::uint8_t>(role | paint.marks(span.block, chunk));
    if (edges && chunk && chunk != seen && index.chunks_beginning(begin, end) > 0) texel.marks |= kMarkChunkEdge;
    if (is_framed && ((begin == 0 && x == first) || (end >= block.bytes && x + 1 == last)))
      texel.marks |= kMarkBlockEdge;
    seen = chunk;
    const double covered = std::min(right, x + 1.0) - std::max(span.x0, static_cast<double>(x));
    if (covered > 0.999)
      row[x] = texel;
    else
      add(row[x], texel, covered);
    from = std::max(from, to);
  }
}

void paint_row(MapImage& image, std::size_t at, const BlockMapLayout& layout, const trace::MemoryState& state,
               const MapPaint& paint) {
  const MapView& view = layout.view();
  const auto offset = at * static_cast<std::size_t>(image.width);
  for (const MapSpan& span : layout.spans(layout.lanes()[image.shown[at].lane], image.shown[at].row)) {
    const trace::BlockRecord& block = *state.block(span.block);
    const bool is_narrow = static_cast<double>(block.bytes) / view.bytes_per_px < kSmallestBlockWithInsidePx;
    if (is_narrow && paint.outline)
      paint_span(&image.texels[offset], image.width, span, block, view, paint, paint.outline(span.block));
    else
      paint_span(&image.texels[offset], image.width, span, block, view, paint, paint.index(span.block));
  }
}

}  // namespace

MapImage paint_map(const BlockMapLayout& layout, const trace::MemoryState& state, const MapPaint& paint,
                   double scroll_px, int height_px) {
  MapImage image;
  const MapView& view = layout.view();
  image.width = std::max(1, static_cast<int>(view.width_px));
  image.row_height = static_cast<int>(view.row_height_px);
  image.lines.resize(static_cast<std::size_t>(std::max(0, height_px)));
  const double pitch = layout.row_pitch_px();
  auto [first, last] = layout.lanes_between(scroll_px, scroll_px + height_px);
  for (std::size_t i = first; i < last; ++i) {
    const MapLane& lane = layout.lanes()[i];
    const double above = std::max(0.0, scroll_px - lane.rows_top_px);
    for (auto row = static_cast<std::uint64_t>(above / pitch); row < lane.row_count; ++row) {
      const double top = lane.rows_top_px + static_cast<double>(row) * pitch - scroll_px;
      if (top >= height_px) break;
      image.texels.resize(image.texels.size() + static_cast<std::size_t>(image.width));
      image.shown.push_back({i, row});
      paint_row(image, image.shown.size() - 1, layout, state, paint);
      const int y0 = static_cast<int>(std::lround(top));
      for (int y = std::max(0, y0); y < std::min(height_px, y0 + image.row_height); ++y)
        image.lines[static_cast<std::size_t>(y)] = {static_cast<std::int16_t>(image.rows),
                                                    static_cast<std::int16_t>(y - y0)};
      ++image.rows;
    }
  }
  return image;
}

void repaint_map(MapImage& image, const BlockMapLayout& layout, const trace::MemoryState& state, const MapPaint& paint,
                 std::span<const core::BlockSlot> changed) {
  std::vector<std::size_t> rows;
  for (const core::BlockSlot block : changed) {
    const auto of = layout.rows(block);
    if (!of) continue;
    auto shown = std::lower_bound(image.shown.begin(), image.shown.end(), MapRow{of->lane, of->first});
    for (; shown != image.shown.end() && *shown <= MapRow{of->lane, of->last}; ++shown)
      rows.push_back(static_cast<std::size_t>(shown - image.shown.begin()));
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  for (const std::size_t row : rows) {
    const auto begin = image.texels.begin() + static_cast<std::ptrdiff_t>(row * static_cast<std::size_t>(image.width));
    std::fill(begin, begin + image.width, MapTexel{});
    paint_row(image, row, layout, state, paint);
  }
}

}  // namespace palloscope::gui
