// How the timeline shows each track of trace/replay/curve_track.h: the words of its three series, their unit and scale,
// and which track suits what is open. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gui/session.h"
#include "trace/replay/track_curve.h"

namespace palloscope::gui {

using trace::CurveTrack;

struct TrackLook {
  std::string_view title;               // of the string table
  std::string_view whole, part, other;  // names of the series
  bool is_count = false;                // buffers, not bytes
  bool draws_other = true;              // false: a number of another unit, said but not drawn
};
const TrackLook& look_of(CurveTrack track);

// "12", "8 kB".
std::string track_value(CurveTrack track, std::uint64_t value);

// What the panel in front is about; private memory where it is about none of these.
CurveTrack track_of(const Document& document);
// Those with something to show: private memory always, `shown`, and what the state knows of.
std::vector<CurveTrack> tracks_of(const trace::MemoryState& state, CurveTrack shown);

// The scale: the highest point with room above it; of a small pool its size.
std::uint64_t track_top(CurveTrack track, std::span<const trace::TrackSample> samples, std::uint64_t pool_buffers);
// Distance of the grid's lines: about three, at round numbers.
std::uint64_t track_grid_step(CurveTrack track, std::uint64_t top);

}  // namespace palloscope::gui
