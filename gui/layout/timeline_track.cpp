#include "gui/layout/timeline_track.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "gui/format_text.h"
#include "gui/front_panel.h"
#include "gui/layout/timeline_layout.h"

namespace palloscope::gui {
namespace {

constexpr TrackLook kLooks[] = {
    {"timeline.track.heap", "timeline.heap.whole", "timeline.heap.part", "timeline.heap.other"},
    {"timeline.track.pool", "timeline.pool.whole", "timeline.pool.part", "timeline.pool.other", true},
    {"timeline.track.shared", "timeline.shared.whole", "timeline.shared.part", "timeline.shared.other"},
    {"timeline.track.dynamic", "timeline.dynamic.whole", "timeline.dynamic.part", "timeline.dynamic.other", false,
     false}};
static_assert(std::size(kLooks) == trace::kCurveTrackCount);

}  // namespace

const TrackLook& look_of(CurveTrack track) { return kLooks[static_cast<std::size_t>(track)]; }

std::string track_value(CurveTrack track, std::uint64_t value) {
  return look_of(track).is_count ? format_count(value) : format_bytes(value);
}

CurveTrack track_of(const Document& document) {
  const std::string_view panel = front_panel(document);
  if (panel == "buffers") return CurveTrack::Pool;
  if (panel != "shmem") return CurveTrack::Heap;
  return front_view(document) == "dynamic" ? CurveTrack::Dynamic : CurveTrack::Shared;
}

std::vector<CurveTrack> tracks_of(const trace::MemoryState& state, CurveTrack shown) {
  const trace::ServerState& server = state.server();
  std::vector<CurveTrack> tracks = {CurveTrack::Heap};
  if (!server.pools.empty() || shown == CurveTrack::Pool) tracks.push_back(CurveTrack::Pool);
  const bool segments = !server.segments.empty() || shown == CurveTrack::Shared || shown == CurveTrack::Dynamic;
  if (segments) tracks.insert(tracks.end(), {CurveTrack::Shared, CurveTrack::Dynamic});
  return tracks;
}

std::uint64_t track_top(CurveTrack track, std::span<const trace::TrackSample> samples, std::uint64_t pool_buffers) {
  std::uint64_t top = 1;
  for (const trace::TrackSample& sample : samples) {
    top = std::max({top, sample.points.whole_max, sample.points.part_max});
    if (look_of(track).draws_other) top = std::max(top, sample.points.other_max);
  }
  if (track == CurveTrack::Pool && pool_buffers <= 2 * top) top = std::max(top, pool_buffers);
  // A file may say any size.
  return top + std::min(std::max<std::uint64_t>(top / 12, 1), ~top);
}

std::uint64_t track_grid_step(CurveTrack track, std::uint64_t top) {
  const double third = static_cast<double>(top) / 3;
  const double step = look_of(track).is_count ? round_step(third) : std::exp2(std::ceil(std::log2(third)));
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(step));
}

}  // namespace palloscope::gui
