// Where everything lies on the block map. Each owner has a lane: its blocks one after another, to scale, oldest first
// (so that a step never moves what is already there), wrapped into rows at the panel's width. Rows are computed, not
// kept: a layout holds one entry a block and nothing that grows with the number of chunks or rows. Pure.
//
//   position of byte b of a block, on its lane's endless line:  p = block.line_px + b / bytes_per_px
//   on the screen:                                              row = floor(p / width), x = p - row * width
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "trace/replay/memory_state.h"

namespace palloscope::gui {

struct MapView {
  double bytes_per_px = 16;
  double width_px = 800;
  double row_height_px = 22;
  double row_gap_px = 4;
  double label_height_px = 20;  // above each lane; 0 in packed views
  double lane_gap_px = 8;
  bool packed = false;             // all owners share one lane without labels: the whole heap at a glance
  core::ContextSlot only_context;  // show just this one's blocks
  core::BlockSlot only_block;      // show just this one
  friend bool operator==(const MapView&, const MapView&) = default;
};

enum class LaneOwner : std::uint8_t { Context, Malloc, Recycled, Everything };

struct MapBlock {
  core::BlockSlot block;
  double line_px = 0;
  std::uint64_t bytes = 0;
};

struct MapLane {
  LaneOwner owner = LaneOwner::Context;
  core::ContextSlot context;
  double top_px = 0;       // of the label
  double rows_top_px = 0;  // of the first row
  std::uint64_t row_count = 0;
  std::uint64_t bytes = 0;
  std::vector<MapBlock> blocks;  // by line_px
};

// Part of a block within one row.
struct MapSpan {
  core::BlockSlot block;
  double x0 = 0, x1 = 0;
  std::uint64_t begin = 0, end = 0;  // bytes of the block
};

struct MapPlace {
  std::size_t lane = 0;
  core::BlockSlot block;
  std::uint64_t offset = 0;
};

class BlockMapLayout {
 public:
  BlockMapLayout() = default;
  BlockMapLayout(const trace::MemoryState& state, const MapView& view);

  const MapView& view() const { return view_; }
  const std::vector<MapLane>& lanes() const { return lanes_; }
  double height_px() const { return height_; }
  double row_pitch_px() const { return view_.row_height_px + view_.row_gap_px; }

  // The parts of blocks in row `row` of the lane, left to right.
  std::vector<MapSpan> spans(const MapLane& lane, std::uint64_t row) const;
  // Lanes that show anything between these heights: first and one past the last.
  std::pair<std::size_t, std::size_t> lanes_between(double y0, double y1) const;

  std::optional<MapPlace> at(double x, double y) const;  // in the map's own pixels, scrolling already added
  // Upper left corner of this byte; none if the block is not shown.
  struct Point {
    double x = 0, y = 0;
  };
  std::optional<Point> find(core::BlockSlot block, std::uint64_t offset) const;

  // The scale at which everything shown takes about `rows` rows.
  static double fitting_bytes_per_px(std::uint64_t bytes, double width_px, double rows);

 private:
  MapView view_;
  std::vector<MapLane> lanes_;
  double height_ = 0;
};

}  // namespace palloscope::gui
