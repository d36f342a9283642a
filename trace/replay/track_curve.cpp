#include "trace/replay/track_curve.h"

#include <algorithm>

#include "trace/replay/walker.h"

namespace palloscope::trace {
namespace {

constexpr std::int64_t kReplayPerCall = 384 * 1024;  // events that samples() replays at most: some 10 ms

}  // namespace

TrackCurve::TrackCurve(const Timeline& timeline, CurveTrack track)
    : timeline_(&timeline), track_(track), walker_(std::make_unique<Walker>(timeline.events(), 0)) {}
TrackCurve::~TrackCurve() = default;

// None where the stream is damaged.
std::optional<std::vector<CurvePoint>> TrackCurve::replayed(EventNumber first, EventNumber last) {
  if (!walker_->seek(first - 1, 0)) return std::nullopt;
  std::vector<CurvePoint> points;
  points.reserve(last - first + 1);
  CurvePen pen(track_, walker_->state());
  const bool whole = walker_->advance(
      last, [&](const auto& e) { pen.before(e, walker_->state()); },
      [&] { points.push_back(pen.after(walker_->state())); });
  if (!whole) return std::nullopt;
  return points;
}

const std::vector<CurveExtremes>* TrackCurve::pieces(std::size_t block, int level, std::int64_t& budget,
                                                     std::vector<CurveExtremes>& room) {
  const EventStore& store = timeline_->events();
  const EventNumber first = store.first_event(block);
  const EventNumber last = std::min(first + store.event_count(block) - 1, timeline_->size());
  const bool grows = store.is_open(block);
  if (!grows)
    if (const auto* known = curve_.find(block, level)) return known;
  if (budget <= 0) return nullptr;
  budget -= store.event_count(block);
  const auto points = replayed(first, last);
  if (!points) return nullptr;
  if (grows) {
    room = in_pieces(*points, kCurveSteps[level]);
    return &room;
  }
  curve_.put(block, *points);
  return curve_.find(block, level);
}

// The timeline keeps those, and blocks' summaries tell them of whole traces at once.
std::vector<TrackSample> TrackCurve::heap_samples(EventNumber first, EventNumber last, int columns) {
  std::vector<TrackSample> samples;
  for (const TimelineSample& sample : timeline_->samples(first, last, columns))
    samples.push_back(
        {sample.first,
         sample.last,
         {sample.context_bytes_min, sample.context_bytes_max, sample.granted_bytes_max, sample.malloc_bytes_max},
         true});
  complete_ = timeline_->samples_complete();
  return samples;
}

std::vector<TrackSample> TrackCurve::samples(EventNumber first, EventNumber last, int columns) {
  if (track_ == CurveTrack::Heap) return heap_samples(first, last, columns);
  complete_ = true;
  std::vector<TrackSample> samples;
  first = std::max<EventNumber>(first, 1);
  last = std::min(last, timeline_->size());
  if (first > last || columns <= 0) return samples;
  const EventNumber per_column = (last - first) / static_cast<EventNumber>(columns) + 1;

  // Pieces go to the column that their first event lies in.
  EventNumber column = 0;
  const auto add = [&](EventNumber from, EventNumber to, const CurveExtremes* piece) {
    const EventNumber wanted = from <= first ? 0 : (from - first) / per_column;
    if (samples.empty() || wanted != column) samples.push_back({from, to, {}, false});
    column = wanted;
    TrackSample& sample = samples.back();
    sample.last = to;
    if (piece == nullptr) return;
    sample.points.add(*piece);
    sample.known = true;
  };

  const EventStore& store = timeline_->events();
  int level = 0;
  while (level + 1 < kCurveLevels && kCurveSteps[level + 1] <= per_column) ++level;
  std::int64_t budget = kReplayPerCall;
  std::vector<CurveExtremes> room;
  for (std::size_t block = store.block_of(first); block < store.block_count(); ++block) {
    const EventNumber begin = store.first_event(block);
    if (begin > last) break;
    const EventNumber end = std::min(begin + store.event_count(block) - 1, timeline_->size());
    // A block smaller than a column is one piece.
    const int wanted = per_column >= store.event_count(block) && begin >= first && end <= last ? kWholeBlock : level;
    const auto* found = pieces(block, wanted, budget, room);
    if (found == nullptr) {
      complete_ = complete_ && budget > 0;  // what is damaged stays unknown
      add(begin, end, nullptr);
      continue;
    }
    const std::uint32_t step = kCurveSteps[wanted];
    for (std::size_t i = begin < first ? (first - begin) / step : 0; i < found->size(); ++i) {
      const EventNumber from = begin + i * step;
      if (from > last) break;
      add(from, std::min(from + step - 1, end), &(*found)[i]);
    }
  }
  return samples;
}

}  // namespace palloscope::trace
