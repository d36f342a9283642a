#include "trace/replay/curve_track.h"

#include <algorithm>

namespace palloscope::trace {
namespace {

CurvePoint pool_point(const ServerState& server) {
  const PoolRecord* pool = curve_pool(server);
  return pool == nullptr ? CurvePoint{} : CurvePoint{pool->tagged, pool->dirty, pool->pinned};
}

bool belongs(CurveTrack track, const SegmentRecord& segment) {
  const bool dynamic = segment.kind == core::SegmentKind::Dynamic || segment.kind == core::SegmentKind::Preallocated;
  return track == CurveTrack::Dynamic ? dynamic
                                      : track == CurveTrack::Shared && segment.kind == core::SegmentKind::Main;
}

CurvePoint segment_point(CurveTrack track, const SegmentRecord& segment) {
  if (track == CurveTrack::Dynamic) return {segment.bytes, segment.attached.empty() ? 0 : segment.bytes, 1};
  return {segment.bytes, segment.allocated_bytes, 0};
}

}  // namespace

const PoolRecord* curve_pool(const ServerState& server) {
  if (const PoolRecord* shared = server.shared_pool()) return shared;
  const auto found =
      std::find_if(server.pools.begin(), server.pools.end(), [](const PoolRecord& pool) { return pool.born != 0; });
  return found == server.pools.end() ? nullptr : &*found;
}

CurvePen::CurvePen(CurveTrack track, const MemoryState& before) : track_(track) {
  if (track == CurveTrack::Pool) point_ = pool_point(before.server());
  const std::size_t segments = before.server().segments.size();
  for (std::size_t i = 0; i < segments; ++i) take(before, SegmentSlot{static_cast<std::uint32_t>(i)}, true);
  if (track != CurveTrack::Shared) return;
  for (std::size_t i = 0; i < before.server().nodes.size(); ++i)
    point_.other += placed_on(before, static_cast<std::uint32_t>(i));
}

std::uint64_t CurvePen::placed_on(const MemoryState& state, std::uint32_t node) {
  const auto& nodes = state.server().nodes;
  return node < nodes.size() && nodes[node].born != 0 ? nodes[node].placed_bytes : 0;
}

// Counts a segment in, or out.
void CurvePen::take(const MemoryState& state, SegmentSlot slot, bool in) {
  const SegmentRecord* segment = state.server().segment(slot);
  if (segment == nullptr || !belongs(track_, *segment)) return;
  const CurvePoint of_it = segment_point(track_, *segment);
  const auto count = [&](std::uint64_t& sum, std::uint64_t by) { sum = in ? sum + by : sum - by; };
  count(point_.whole, of_it.whole);
  count(point_.part, of_it.part);
  count(point_.other, of_it.other);
}

CurvePoint CurvePen::after(const MemoryState& state) {
  if (track_ == CurveTrack::Heap) return heap_point(state.totals());
  if (!touched_) return point_;
  touched_ = false;
  if (track_ == CurveTrack::Pool) return point_ = pool_point(state.server());
  if (segment_) take(state, segment_, true);
  segment_ = {};
  if (track_ == CurveTrack::Shared && node_had_ != kNotPlaced) point_.other += placed_on(state, node_) - node_had_;
  node_had_ = kNotPlaced;
  return point_;
}

CurvePoint curve_point(const MemoryState& state, CurveTrack track) { return CurvePen(track, state).after(state); }

}  // namespace palloscope::trace
