// Memory over time in pieces of several sizes, block by block of a stream: the finest of a few blocks, the coarser of
// many, so that a picture of any stretch needs about as many pieces as it has columns.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// The memory after one event.
struct HeapPoint {
  std::uint64_t context_bytes = 0, malloc_bytes = 0, granted_bytes = 0;
};
inline HeapPoint heap_point(const HeapTotals& totals) {
  return {totals.context_bytes, totals.malloc_bytes, totals.granted_bytes};
}

// The extremes after each of some successive events.
struct HeapExtremes {
  std::uint64_t context_bytes_min = ~std::uint64_t{0}, context_bytes_max = 0, malloc_bytes_max = 0,
                granted_bytes_max = 0;
  void add(const HeapPoint& point);
  void add(const HeapExtremes& other);
};

inline constexpr std::uint32_t kCurveSteps[] = {1, 16, 256};  // events per piece
inline constexpr int kCurveLevels = 3;

// Points of a block, in pieces of `step` events (the last may be shorter).
std::vector<HeapExtremes> in_pieces(std::span<const HeapPoint> points, std::uint32_t step);

class MemoryCurve {
 public:
  void put(std::size_t block, std::span<const HeapPoint> points);
  // Null if it is not (or no longer) known.
  const std::vector<HeapExtremes>* find(std::size_t block, int level);

 private:
  struct Entry {
    std::vector<HeapExtremes> pieces;
    std::uint64_t used = 0;
  };
  std::map<std::size_t, Entry> levels_[kCurveLevels];
  std::uint64_t clock_ = 0;
};

}  // namespace palloscope::trace
