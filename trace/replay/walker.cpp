#include "trace/replay/walker.h"

#include <utility>

#include "trace/replay/bulk_replay.h"

namespace palloscope::trace {
namespace {

// A restored keyframe costs about as much as replaying this many events, and one more for each of its chunks.
constexpr EventNumber kKeyframeCost = 16 * 1024;
EventNumber keyframe_cost(const HeapTotals& totals) {
  return kKeyframeCost + totals.live_chunk_count + totals.free_chunk_count;
}
// Blocks of more events (we write none) could take much memory if several were decoded at once.
constexpr std::uint32_t kMostAhead = 4 * kEventsPerBlock;

}  // namespace

void Walker::forget() {
  journal_.clear();
  state_ = MemoryState{};
  block_ = kNoBlock;
  room_ = {};
  tape_ = std::make_unique<EventTape>();
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

std::unique_ptr<BlocksAhead> Walker::begin_ahead(EventNumber from, EventNumber n, std::size_t least) {
  if (n - from < least * kEventsPerBlock) return nullptr;
  const std::size_t first = store_->block_of(from + 1);
  if (store_->first_event(first) != from + 1) return nullptr;
  std::size_t end = first;
  const auto whole = [&](std::size_t block) {
    const std::uint32_t count = store_->event_count(block);
    return count <= kMostAhead && store_->first_event(block) + count - 1 <= n && !store_->is_open(block);
  };
  while (end < store_->block_count() && whole(end)) ++end;
  if (end - first < least) return nullptr;
  return std::make_unique<BlocksAhead>(*store_, first, end - 1, BlocksAhead::useful_threads(), &room_);
}

void Walker::restore_before(EventNumber n) {
  journal_.clear();
  block_ = kNoBlock;
  // A damaged keyframe only makes the way longer.
  for (EventNumber keyframe = store_->keyframe_before(n); keyframe != 0;
       keyframe = store_->keyframe_before(keyframe - 1)) {
    ahead_ = nullptr;
    ahead_ = begin_ahead(keyframe, n, 1);
    if (auto state = store_->restore(keyframe, std::move(state_))) {
      state_ = std::move(*state);
      work_ += keyframe_cost(state_.totals());
      return;
    }
  }
  ahead_ = nullptr;
  state_ = MemoryState{};
}

bool Walker::advance(EventNumber n) {
  if (at() < n) journal_.clear();
  return run(n, [this](const EventTape& tape) { replay_tape(tape, state_); });
}

bool Walker::replay(EventNumber n, EventNumber undoable) {
  const EventNumber journal_from = n > undoable ? n - undoable : 0;
  const bool there = at() >= journal_from || advance(journal_from);
  ahead_ = nullptr;
  if (!there) return false;
  Reducer<Journal> reducer(state_, journal_);
  return run(n, [&](const EventTape& tape) {
    EventTape::Reader reader(tape);
    reader.visit(reader.left(), reducer);
  });
}

bool Walker::undo() { return journal_.undo(state_); }

bool Walker::seek(EventNumber n, EventNumber undoable) {
  if (n < at() && at() - n <= journal_.size()) {
    while (at() > n) core::check(undo(), "a journaled event can be undone");
    return true;
  }
  const EventNumber from = n > undoable ? n - undoable : 0;
  const EventNumber near = at() + keyframe_cost(state_.totals());
  if (n < at() || (from > near && store_->keyframe_before(from) > near)) {
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
