// Where everything lies on the block map. Each owner has a lane: its blocks one after another, to scale, oldest first
// (so that a step never moves what is already there), wrapped into rows at the panel's width. Rows are computed, not
// kept: a layout holds one entry a block and nothing that grows with the number of chunks or rows. A step that changes
// few blocks is followed at the cost of their lanes, however many others there are. Pure.
//
//   position of byte b of a block, on its lane's endless line:  p = block.line_px + b / bytes_per_px
//   on the screen:                                              row = floor(p / width), x = p - row * width
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
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

struct MapLane {
  LaneOwner owner = LaneOwner::Context;
  core::ContextSlot context;
  double top_px = 0;       // of the label
  double rows_top_px = 0;  // of the first row
  std::uint64_t row_count = 0;
  std::uint64_t bytes = 0;
  std::size_t first_line = 0, last_line = 0;  // the layout's own: whose blocks it shows; last is one past
};

// Part of a block within one row. Where blocks are so narrow that many share a column, one of them stands for its
// neighbours: x1 is then the next one's x0.
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

  // The same view of the state that came of the laid out one by changing these blocks. False: nothing has moved.
  bool follow(const trace::MemoryState& state, std::span<const core::BlockSlot> changed);
  // The same blocks in another view of the same part of the heap (same only_context, only_block).
  void arrange(const MapView& view);

  const MapView& view() const { return view_; }
  // Of each owner, also when they share one lane.
  std::vector<double> owner_bytes() const;
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

  // Where the block lies: its lane, the first and the last of its rows.
  struct Rows {
    std::size_t lane = 0;
    std::uint64_t first = 0, last = 0;
  };
  std::optional<Rows> rows(core::BlockSlot block) const;

  // The scale at which everything shown takes about `rows` rows.
  static double fitting_bytes_per_px(std::uint64_t bytes, double width_px, double rows);

 private:
  // Whose blocks lie on a line together: the kind of owner, then its age. Contexts come first.
  using Owner = std::pair<LaneOwner, core::EventNumber>;
  struct Block {
    core::BlockSlot slot;
    core::EventNumber born = 0;
    std::uint64_t bytes = 0;
    double line_px = 0;  // from the line's begin
  };
  struct Line {
    Owner owner;
    core::ContextSlot context;
    std::uint64_t bytes = 0;
    double begin_px = 0;                // on its lane
    double length_px = 0, next_px = 0;  // to the last block's end, to where a next block would begin
    std::vector<Block> blocks;          // oldest first
  };
  // Where a block is now; bytes == 0 and born == 0: nowhere.
  struct Place {
    Owner owner;
    core::EventNumber born = 0;
    std::uint64_t bytes = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };

  struct LinePlace {
    std::size_t lane = 0;
    double begin_px = 0, length_px = 0;
  };

  std::optional<LinePlace> line_place(core::BlockSlot slot) const;
  Place place_of(const trace::MemoryState& state, core::BlockSlot slot) const;
  std::vector<Line>::iterator line_of(const Owner& owner);
  void put(const trace::MemoryState& state, core::BlockSlot slot, const Place& place);
  void take(core::BlockSlot slot, const Place& place);
  void measure(Line& line) const;
  void stack();
  double length_px(const Block& block) const { return static_cast<double>(block.bytes) / view_.bytes_per_px; }

  MapView view_;
  std::vector<Line> lines_;    // by owner
  std::vector<Place> places_;  // by block slot
  std::vector<MapLane> lanes_;
  double height_ = 0;
};

}  // namespace palloscope::gui
