// One track over time in pieces of several sizes, block by block of a stream: the finest of a few blocks, the coarser
// of many, so that a picture of any stretch needs about as many pieces as it has columns.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "trace/replay/curve_track.h"

namespace palloscope::trace {

// The extremes after each of some successive events.
struct CurveExtremes {
  std::uint64_t whole_min = ~std::uint64_t{0}, whole_max = 0, part_max = 0, other_max = 0;
  void add(const CurvePoint& point);
  void add(const CurveExtremes& piece);
  friend bool operator==(const CurveExtremes&, const CurveExtremes&) = default;
};

// One column of a picture over time: extremes over events first..last.
struct TrackSample {
  EventNumber first = 0, last = 0;
  CurveExtremes points;
  bool known = true;  // false: not replayed yet, the numbers mean nothing
};

inline constexpr std::uint32_t kCurveSteps[] = {1, 16, 256, 1u << 31};  // events per piece; the last: the block is one
inline constexpr int kCurveLevels = 4, kWholeBlock = kCurveLevels - 1;

// Points of a block, in pieces of `step` events (the last may be shorter).
std::vector<CurveExtremes> in_pieces(std::span<const CurvePoint> points, std::uint32_t step);

class MemoryCurve {
 public:
  // What does not fit goes, the finest of it first, the longest unused first.
  void set_budget(std::size_t bytes);
  std::size_t bytes() const { return bytes_; }

  void put(std::size_t block, std::span<const CurvePoint> points);
  // Null if it is not (or no longer) known.
  const std::vector<CurveExtremes>* find(std::size_t block, int level);

 private:
  struct Entry {
    std::vector<CurveExtremes> pieces;
    std::uint64_t used = 0;
  };
  static std::size_t bytes_of(const Entry& entry) {
    return sizeof(entry) + 64 + entry.pieces.size() * sizeof(CurveExtremes);
  }
  // A quarter of a level, so that it costs little each.
  void forget_quarter(std::map<std::size_t, Entry>& entries);
  void fit();

  std::map<std::size_t, Entry> levels_[kCurveLevels];
  std::size_t budget_bytes_ = ~std::size_t{0}, bytes_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace palloscope::trace
