#include "trace/replay/curve_columns.h"

#include <algorithm>

#include "trace/replay/event_store.h"

namespace palloscope::trace {
namespace {

int level_of(EventNumber per_column) {
  int level = 0;
  while (level + 1 < kCurveLevels && kCurveSteps[level + 1] <= per_column) ++level;
  return level;
}

}  // namespace

std::vector<TrackSample> curve_columns(const Timeline& timeline, EventNumber first, EventNumber last, int columns,
                                       const PiecesOfBlock& pieces_of) {
  std::vector<TrackSample> samples;
  first = std::max<EventNumber>(first, 1);
  last = std::min(last, timeline.size());
  if (first > last || columns <= 0) return samples;
  const EventNumber per_column = (last - first) / static_cast<EventNumber>(columns) + 1;
  const int level = level_of(per_column);

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

  const EventStore& store = timeline.events();
  for (std::size_t block = store.block_of(first); block < store.block_count(); ++block) {
    const EventNumber begin = store.first_event(block);
    // What is found damaged on the way cuts the timeline.
    if (begin > std::min(last, timeline.size())) break;
    const EventNumber end = std::min(begin + store.event_count(block) - 1, timeline.size());
    const bool fits = per_column >= store.event_count(block) && begin >= first && end <= last;
    const BlockPieces found = pieces_of(block, fits ? kWholeBlock : level);
    if (found.pieces.empty()) add(begin, end, nullptr);
    const std::uint32_t step = kCurveSteps[found.level];
    for (std::size_t i = begin < first ? (first - begin) / step : 0; i < found.pieces.size(); ++i) {
      const EventNumber from = begin + i * step;
      if (from > last) break;
      add(from, std::min(from + step - 1, end), &found.pieces[i]);
    }
  }
  return samples;
}

}  // namespace palloscope::trace
