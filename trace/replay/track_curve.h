// TrackCurve: one track of a stream over time, in columns. Events are replayed in slices, and what pictures from afar
// need of each block is kept, so that they cost their columns and blocks, not events; of pictures from near, which need
// more, the latest blocks. A block that still grows is replayed as it comes.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "trace/replay/memory_curve.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

class Walker;

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
  // Of the pool that the track is about, after the furthest event that was replayed; 0: none was met.
  std::uint32_t pool_buffers() const { return pool_buffers_; }
  // What it has replayed so far, in events (Walker::work()).
  std::uint64_t work() const;

 private:
  static constexpr std::size_t kNoBlock = ~std::size_t{0};

  const std::vector<CurveExtremes>* pieces(std::size_t block, int level, std::int64_t& budget,
                                           std::vector<CurveExtremes>& room);
  bool replay(std::size_t block);
  void note_pool();

  const Timeline* timeline_;
  CurveTrack track_;
  std::unique_ptr<Walker> walker_;
  MemoryCurve curve_;
  std::set<std::size_t> damaged_;  // blocks, which are not tried again
  bool complete_ = true;

  // The block replayed last: its points so far, and the pen to go on with.
  std::size_t block_ = kNoBlock;
  std::vector<CurvePoint> points_;
  std::optional<CurvePen> pen_;

  std::uint32_t pool_buffers_ = 0;
  EventNumber pool_known_at_ = 0;
};

}  // namespace palloscope::trace
