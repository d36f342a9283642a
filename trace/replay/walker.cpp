#include "trace/replay/walker.h"

#include <utility>

#include "trace/replay/bulk_replay.h"

namespace palloscope::trace {
namespace {

// A restored keyframe costs about as much as replaying this many events.
constexpr EventNumber kKeyframeCost = 32 * 1024;
// Blocks of more events (we write none) could take much memory if several were decoded at once.
constexpr std::uint32_t kMostAhead = 4 * kEventsPerBlock;

}  // namespace

void Walker::forget() {
  journal_.clear();
  state_ = MemoryState{};
  block_ = kNoBlock;
}

std::size_t Walker::state_bytes() const {
  return state_.contexts().capacity() * sizeof(ContextRecord) + state_.blocks().capacity() * sizeof(BlockRecord) +
         state_.chunks().capacity() * sizeof(ChunkRecord);
}

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

std::size_t Walker::last_block_ahead(EventNumber n) const {
  const EventNumber from = at() + 1;
  if (n - at() < kBlocksForThreads * kEventsPerBlock) return kNoBlock;
  const std::size_t first = store_->block_of(from);
  if (store_->first_event(first) != from) return kNoBlock;
  std::size_t end = first;
  const auto whole = [&](std::size_t block) {
    const std::uint32_t count = store_->event_count(block);
    return count <= kMostAhead && store_->first_event(block) + count - 1 <= n && !store_->is_open(block);
  };
  while (end < store_->block_count() && whole(end)) ++end;
  return end - first >= kBlocksForThreads ? end - 1 : kNoBlock;
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
