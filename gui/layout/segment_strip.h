// A stretch of a segment as a strip that is folded into rows, to scale: byte after byte from left to right, row below
// row. What is too narrow to be seen is joined with its neighbours into a box that stands for many, so the number of
// boxes is bounded by the pixels. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace palloscope::gui {

// In order of `from`, without overlaps. `kind`: the caller's number.
struct StripPart {
  std::uint64_t from = 0, to = 0;
  int kind = 0;
};

struct StripBox {
  int part = 0;   // index of the (first) part
  int count = 1;  // parts that it stands for
  int row = 0;
  float x0 = 0, x1 = 0;
  bool begins = false, ends = false;  // the part's first or last byte is in this box
};

struct StripView {
  std::uint64_t from = 0, to = 1;  // bytes shown; to > from
  int rows = 1;
  float width_px = 800;
  float smallest_px = 3;
  double bytes_per_row() const { return static_cast<double>(to - from) / rows; }
};

std::vector<StripBox> lay_out_strip(std::span<const StripPart> parts, const StripView& view);

// The byte under (row, x).
std::uint64_t byte_at(const StripView& view, int row, float x);

// The view after zooming by `factor` (below 1: closer) with the byte under the mouse kept there; inside [0, bytes).
StripView zoom_strip(const StripView& view, double factor, std::uint64_t around, std::uint64_t bytes);
// Moved by so many bytes, inside [0, bytes).
StripView move_strip(const StripView& view, double by, std::uint64_t bytes);

}  // namespace palloscope::gui
