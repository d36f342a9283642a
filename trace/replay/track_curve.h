// TrackCurve: one track of a stream over time, in columns. Each block of events is replayed once, in slices; what a
// column needs of it is kept, so that a picture costs its columns and blocks, not its events.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "trace/replay/memory_curve.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

class Walker;

// Extremes of the track's points over events first..last.
struct TrackSample {
  EventNumber first = 0, last = 0;
  CurveExtremes points;
  bool known = true;  // false: not replayed yet, the numbers mean nothing
};

class TrackCurve {
 public:
  // `timeline` must outlive it, and be the one that samples() is asked of.
  TrackCurve(const Timeline& timeline, CurveTrack track);
  ~TrackCurve();

  CurveTrack track() const { return track_; }
  // As Timeline::samples(): at most `columns` that cover first..last without gaps. complete() is false until further
  // calls have filled in what is not known.
  std::vector<TrackSample> samples(EventNumber first, EventNumber last, int columns);
  bool complete() const { return complete_; }

 private:
  std::vector<TrackSample> heap_samples(EventNumber first, EventNumber last, int columns);
  // The block's pieces of this level; null if they are not known and the budget of events to replay is used up.
  const std::vector<CurveExtremes>* pieces(std::size_t block, int level, std::int64_t& budget,
                                           std::vector<CurveExtremes>& room);
  std::optional<std::vector<CurvePoint>> replayed(EventNumber first, EventNumber last);

  const Timeline* timeline_;
  CurveTrack track_;
  std::unique_ptr<Walker> walker_;
  MemoryCurve curve_;
  bool complete_ = true;
};

}  // namespace palloscope::trace
