#include "trace/replay/walker.h"

#include <utility>

#include "trace/replay/bulk_replay.h"

namespace palloscope::trace {
namespace {

// A restored keyframe costs about as much as replaying this many events.
constexpr EventNumber kKeyframeCost = 32 * 1024;

}  // namespace

bool Walker::position() {
  const EventNumber wanted = at() + 1;
  // An open block that was closed since has moved.
  const bool moved = block_ != kNoBlock && events_.is_open() && !store_->is_open(block_);
  if (block_ != kNoBlock && !moved && next_ == wanted && events_.left() != 0) return true;
  block_ = store_->block_of(wanted);
  if (auto status = store_->begin(block_, events_); !status) return fail(status.error());
  const EventNumber first = store_->first_event(block_);
  if (auto status = events_.skip(static_cast<std::uint32_t>(wanted - first)); !status) return fail(status.error());
  next_ = wanted;
  return true;
}

void Walker::restore_before(EventNumber n) {
  journal_.clear();
  // A damaged keyframe only makes the way longer.
  for (EventNumber keyframe = store_->keyframe_before(n); keyframe != 0;
       keyframe = store_->keyframe_before(keyframe - 1)) {
    work_ += kKeyframeCost;
    if (auto state = store_->restore(keyframe)) {
      state_ = std::move(*state);
      return;
    }
  }
  state_ = MemoryState{};
}

bool Walker::replay(EventNumber n, EventNumber undoable) {
  const EventNumber journal_from = n > undoable ? n - undoable : 0;
  if (at() < journal_from) {
    journal_.clear();
    BulkReplay bulk(state_);
    if (!run(
            journal_from, [&](const auto& e) { bulk(e); }, [&] { bulk.flush(); }))
      return false;
  }
  Reducer<Journal> reducer(state_, journal_);
  return run(
      n, [&](const auto& e) { reducer(e); }, [] {});
}

bool Walker::undo() { return journal_.undo(state_); }

bool Walker::seek(EventNumber n, EventNumber undoable) {
  if (n < at() && at() - n <= journal_.size()) {
    while (at() > n) core::check(undo(), "a journaled event can be undone");
    return true;
  }
  const EventNumber from = n > undoable ? n - undoable : 0;
  if (n < at() || (from > at() + kKeyframeCost && store_->keyframe_before(from) > at() + kKeyframeCost)) {
    restore_before(from);
  }
  return replay(n, undoable);
}

bool Walker::rejournal(EventNumber undoable) {
  const EventNumber n = at();
  restore_before(n > undoable ? n - undoable : 0);
  return replay(n, undoable);
}

}  // namespace palloscope::trace
