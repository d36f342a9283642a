#include "trace/replay/memory_curve.h"

#include <algorithm>

namespace palloscope::trace {
namespace {

// How many blocks each level keeps: with 16 Ki events a block some 2 MB each, but for the coarsest, which is kept for
// all: 2 kB a block, an eighth of a byte an event.
constexpr std::size_t kKeptBlocks[kCurveLevels] = {4, 64, std::size_t{1} << 32};

}  // namespace

void HeapExtremes::add(const HeapPoint& point) {
  context_bytes_min = std::min(context_bytes_min, point.context_bytes);
  context_bytes_max = std::max(context_bytes_max, point.context_bytes);
  malloc_bytes_max = std::max(malloc_bytes_max, point.malloc_bytes);
  granted_bytes_max = std::max(granted_bytes_max, point.granted_bytes);
}

void HeapExtremes::add(const HeapExtremes& other) {
  context_bytes_min = std::min(context_bytes_min, other.context_bytes_min);
  context_bytes_max = std::max(context_bytes_max, other.context_bytes_max);
  malloc_bytes_max = std::max(malloc_bytes_max, other.malloc_bytes_max);
  granted_bytes_max = std::max(granted_bytes_max, other.granted_bytes_max);
}

std::vector<HeapExtremes> in_pieces(std::span<const HeapPoint> points, std::uint32_t step) {
  std::vector<HeapExtremes> pieces((points.size() + step - 1) / step);
  for (std::size_t i = 0; i < points.size(); ++i) pieces[i / step].add(points[i]);
  return pieces;
}

void MemoryCurve::put(std::size_t block, std::span<const HeapPoint> points) {
  for (int level = 0; level < kCurveLevels; ++level) {
    auto& entries = levels_[level];
    entries[block] = {in_pieces(points, kCurveSteps[level]), ++clock_};
    if (entries.size() <= kKeptBlocks[level]) continue;
    entries.erase(std::min_element(entries.begin(), entries.end(),
                                   [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
}

const std::vector<HeapExtremes>* MemoryCurve::find(std::size_t block, int level) {
  auto found = levels_[level].find(block);
  if (found == levels_[level].end()) return nullptr;
  found->second.used = ++clock_;
  return &found->second.pieces;
}

}  // namespace palloscope::trace
