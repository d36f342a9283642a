#include "trace/replay/track_curve.h"

#include <algorithm>

#include "trace/replay/curve_columns.h"
#include "trace/replay/walker.h"

namespace palloscope::trace {
namespace {

constexpr std::int64_t kReplayPerCall = 384 * 1024;  // events that samples() replays at most: some 10 ms

}  // namespace

TrackCurve::TrackCurve(const Timeline& timeline, CurveTrack track)
    : timeline_(&timeline), track_(track), walker_(std::make_unique<Walker>(timeline.events(), 0)) {}
TrackCurve::~TrackCurve() = default;

std::uint64_t TrackCurve::work() const { return walker_->work(); }

// Goes on where the last call stopped: a block that grows is replayed as it comes.
bool TrackCurve::replay(std::size_t block) {
  const EventStore& store = timeline_->events();
  const EventNumber first = store.first_event(block);
  if (block != block_ || walker_->at() != first - 1 + points_.size()) {
    points_.clear();
    block_ = kNoBlock;
    if (!walker_->seek(first - 1, 0)) return false;
    block_ = block;
    pen_.emplace(track_, walker_->state());
  }
  return walker_->advance(
      std::min(first + store.event_count(block) - 1, timeline_->size()),
      [&](const auto& e) { pen_->before(e, walker_->state()); },
      [&] { points_.push_back(pen_->after(walker_->state())); });
}

// Null where they are not known and the budget is used up, or the stream is damaged.
const std::vector<CurveExtremes>* TrackCurve::pieces(std::size_t block, int level, std::int64_t& budget,
                                                     std::vector<CurveExtremes>& room) {
  const bool grows = timeline_->events().is_open(block);
  if (!grows)
    if (const auto* known = curve_.find(block, level)) return known;
  if (budget <= 0 || damaged_.contains(block)) return nullptr;
  const std::uint64_t before = work();
  const bool whole = replay(block);
  budget -= static_cast<std::int64_t>(work() - before);
  if (!whole) {
    damaged_.insert(block);
    return nullptr;
  }
  note_pool();
  if (grows) {
    room = in_pieces(points_, kCurveSteps[level]);
    return &room;
  }
  curve_.put(block, points_);
  return curve_.find(block, level);
}

// The furthest event that was replayed decides.
void TrackCurve::note_pool() {
  const PoolRecord* pool = curve_pool(walker_->state().server());
  if (pool == nullptr || walker_->at() < pool_known_at_) return;
  pool_known_at_ = walker_->at();
  pool_buffers_ = pool->buffers;
}

std::vector<TrackSample> TrackCurve::samples(EventNumber first, EventNumber last, int columns) {
  if (track_ == CurveTrack::Heap) {
    // The timeline keeps those, and blocks' summaries tell them of whole traces at once.
    auto samples = timeline_->samples(first, last, columns);
    complete_ = timeline_->samples_complete();
    return samples;
  }
  complete_ = true;
  std::int64_t budget = kReplayPerCall;
  std::vector<CurveExtremes> room;
  return curve_columns(*timeline_, first, last, columns, [&](std::size_t block, int level) -> BlockPieces {
    if (const auto* found = pieces(block, level, budget, room)) return {*found, level};
    complete_ = complete_ && budget > 0;  // what is damaged stays unknown
    return {};
  });
}

}  // namespace palloscope::trace
