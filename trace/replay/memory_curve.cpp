#include "trace/replay/memory_curve.h"

#include <algorithm>

namespace palloscope::trace {
namespace {

// How many blocks each level keeps: with 16 Ki events a block some 2 MB each, but for the coarser ones, which are kept
// for all: 2 kB a block, an eighth of a byte an event.
constexpr std::size_t kKeptBlocks[kCurveLevels] = {4, 64, std::size_t{1} << 32, std::size_t{1} << 32};

}  // namespace

void CurveExtremes::add(const CurvePoint& point) {
  add(CurveExtremes{point.whole, point.whole, point.part, point.other});
}

void CurveExtremes::add(const CurveExtremes& piece) {
  whole_min = std::min(whole_min, piece.whole_min);
  whole_max = std::max(whole_max, piece.whole_max);
  part_max = std::max(part_max, piece.part_max);
  other_max = std::max(other_max, piece.other_max);
}

std::vector<CurveExtremes> in_pieces(std::span<const CurvePoint> points, std::uint32_t step) {
  std::vector<CurveExtremes> pieces((points.size() + step - 1) / step);
  for (std::size_t i = 0; i < points.size(); ++i) pieces[i / step].add(points[i]);
  return pieces;
}

void MemoryCurve::set_budget(std::size_t bytes) {
  budget_bytes_ = bytes;
  fit();
}

void MemoryCurve::forget_quarter(std::map<std::size_t, Entry>& entries) {
  std::vector<std::uint64_t> used;
  for (const auto& [block, entry] : entries) used.push_back(entry.used);
  const auto quarter = used.begin() + static_cast<std::ptrdiff_t>(used.size() / 4);
  std::nth_element(used.begin(), quarter, used.end());
  std::erase_if(entries, [&](const auto& kept) {
    if (kept.second.used > *quarter) return false;
    bytes_ -= bytes_of(kept.second);
    return true;
  });
}

void MemoryCurve::fit() {
  for (auto& entries : levels_)
    while (bytes_ > budget_bytes_ && entries.size() > 1) forget_quarter(entries);
}

void MemoryCurve::put(std::size_t block, std::span<const CurvePoint> points) {
  for (int level = 0; level < kCurveLevels; ++level) {
    auto& entries = levels_[level];
    Entry& entry = entries[block];
    if (entry.used != 0) bytes_ -= bytes_of(entry);
    entry = {in_pieces(points, kCurveSteps[level]), ++clock_};
    bytes_ += bytes_of(entry);
    if (entries.size() <= kKeptBlocks[level]) continue;
    const auto oldest = std::min_element(entries.begin(), entries.end(),
                                         [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
    bytes_ -= bytes_of(oldest->second);
    entries.erase(oldest);
  }
  fit();
}

const std::vector<CurveExtremes>* MemoryCurve::find(std::size_t block, int level) {
  auto found = levels_[level].find(block);
  if (found == levels_[level].end()) return nullptr;
  found->second.used = ++clock_;
  return &found->second.pieces;
}

}  // namespace palloscope::trace
