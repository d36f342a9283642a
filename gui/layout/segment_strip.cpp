#include "gui/layout/segment_strip.h"

#include <algorithm>
#include <cmath>

namespace palloscope::gui {
namespace {

constexpr double kLeastBytes = 64;  // no closer

}  // namespace

std::vector<StripBox> lay_out_strip(std::span<const StripPart> parts, const StripView& view) {
  std::vector<StripBox> boxes;
  if (view.to <= view.from || view.rows < 1 || view.width_px < 1) return boxes;
  const double per_row = view.bytes_per_row(), scale = static_cast<double>(view.width_px) / per_row;
  const auto first = std::lower_bound(parts.begin(), parts.end(), view.from,
                                      [](const StripPart& part, std::uint64_t from) { return part.to <= from; });
  for (auto part = first; part != parts.end() && part->from < view.to; ++part) {
    const double from = static_cast<double>(std::max(part->from, view.from) - view.from);
    const double to = static_cast<double>(std::min(part->to, view.to) - view.from);
    const int first_row = std::min(view.rows - 1, static_cast<int>(from / per_row));
    const int last_row = std::clamp(static_cast<int>(std::ceil(to / per_row)) - 1, first_row, view.rows - 1);
    for (int row = first_row; row <= last_row; ++row) {
      StripBox box;
      box.part = static_cast<int>(part - parts.begin());
      box.row = row;
      box.x0 = static_cast<float>(std::max(0.0, (from - row * per_row) * scale));
      box.x1 = static_cast<float>(std::min(per_row, to - row * per_row) * scale);
      box.begins = row == first_row && part->from >= view.from;
      box.ends = row == last_row && part->to <= view.to;
      // Neighbours that are too narrow become one box, until it is wide enough.
      const bool narrow = box.x1 - box.x0 < view.smallest_px;
      if (!boxes.empty() && boxes.back().row == row) {
        StripBox& before = boxes.back();
        const bool before_is_narrow = before.x1 - before.x0 < view.smallest_px;
        const bool touches = box.x0 - before.x1 < 1;
        if (touches && (before_is_narrow || (narrow && before.count > 1)) && narrow) {
          before.x1 = std::max(before.x1, box.x1);
          before.ends = box.ends;
          ++before.count;
          continue;
        }
      }
      boxes.push_back(box);
    }
  }
  return boxes;
}

std::uint64_t byte_at(const StripView& view, int row, float x) {
  const double share = std::clamp(static_cast<double>(x) / static_cast<double>(view.width_px), 0.0, 1.0);
  const double at = (std::clamp(row, 0, view.rows - 1) + share) * view.bytes_per_row();
  const std::uint64_t byte = view.from + static_cast<std::uint64_t>(std::max(0.0, at));
  return std::min(byte, view.to - 1);
}

StripView zoom_strip(const StripView& view, double factor, std::uint64_t around, std::uint64_t bytes) {
  StripView zoomed = view;
  if (bytes == 0) return zoomed;
  const double whole = static_cast<double>(bytes), old_length = static_cast<double>(view.to - view.from);
  const double length = std::clamp(old_length * factor, std::min(kLeastBytes, whole), whole);
  const double share = static_cast<double>(around - std::min(around, view.from)) / old_length;
  const double from = std::clamp(static_cast<double>(around) - share * length, 0.0, whole - length);
  zoomed.from = static_cast<std::uint64_t>(from);
  zoomed.to =
      std::min(bytes, zoomed.from + std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(length))));
  return zoomed;
}

StripView move_strip(const StripView& view, double by, std::uint64_t bytes) {
  StripView moved = view;
  const std::uint64_t length = view.to - view.from;
  if (length >= bytes) return moved;
  const double from = std::clamp(static_cast<double>(view.from) + by, 0.0, static_cast<double>(bytes - length));
  moved.from = static_cast<std::uint64_t>(from);
  moved.to = moved.from + length;
  return moved;
}

}  // namespace palloscope::gui
