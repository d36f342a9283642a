// Walker: a MemoryState that moves along a store's events: restores keyframes, replays blocks, and undoes short ways
// back over its journal. A timeline has one for the cursor and one for looking elsewhere.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "trace/replay/blocks_ahead.h"
#include "trace/replay/event_store.h"
#include "trace/replay/fetch_chunks.h"
#include "trace/replay/journal.h"
#include "trace/replay/reducer.h"

namespace palloscope::trace {

class Walker {
 public:
  explicit Walker(const EventStore& store, std::size_t journal_bytes) : store_(&store), journal_(journal_bytes) {}

  const MemoryState& state() const { return state_; }
  void set_journal_budget(std::size_t bytes) { journal_.set_budget(bytes); }
  // Back to the start, with nothing kept.
  void forget();
  std::size_t state_bytes() const;
  const Journal& journal() const { return journal_; }
  EventNumber at() const { return state_.event_number(); }

  // Goes to event n, 0..size(), by the shorter of going on, undoing, and a keyframe. The last `undoable` events before
  // n can then be undone, if they were replayed. False: the way is damaged (problem()); the state is the last one
  // before.
  bool seek(EventNumber n, EventNumber undoable);
  // Stays, but comes again from further back, so that the last `undoable` events can be undone.
  bool rejournal(EventNumber undoable);
  // Undoes the latest event. False if the journal does not have it.
  bool undo();
  // Applies `event`, which is event at() + 1, so that it can be undone.
  void apply(const core::EventBody& event) { state_.apply(event, journal_); }

  // Goes on to n without a journal; before(const E&) sees each event and state() before it, after() the state then.
  template <class Before, class After>
  bool advance(EventNumber n, Before before, After after);
  // The same for whoever only wants to be there: faster.
  bool advance(EventNumber n);

  const std::string& problem() const { return problem_; }
  // What it has cost so far, in events: those replayed, and keyframes as they weigh against them.
  std::uint64_t work() const { return work_; }

 private:
  static constexpr std::size_t kNoBlock = std::numeric_limits<std::size_t>::max();

  // Fewer whole blocks than these are not worth a thread, if there is nothing else to do meanwhile.
  static constexpr std::size_t kBlocksForThreads = 3;

  // Readies events_ at event at() + 1, which exists.
  bool position();
  // Begins to decode the whole blocks between event `from` and event n, if `from` ends a block and there are at least
  // `least` of them; else null.
  std::unique_ptr<BlocksAhead> begin_ahead(EventNumber from, EventNumber n, std::size_t least);
  // Goes to n, tape by tape: apply(tape) is to apply all its events.
  template <class Apply>
  bool run(EventNumber n, Apply apply);
  template <class Apply>
  bool run_ahead(BlocksAhead& ahead, Apply& apply);
  bool replay(EventNumber n, EventNumber undoable);
  void restore_before(EventNumber n);
  bool fail(const core::Error& error) {
    problem_ = error.message;
    block_ = kNoBlock;
    return false;
  }

  const EventStore* store_;
  MemoryState state_;
  Journal journal_;
  BlockEvents events_;
  std::unique_ptr<EventTape> tape_ = std::make_unique<EventTape>();  // of a way too short to be decoded ahead
  BlocksAhead::Room room_;
  std::unique_ptr<BlocksAhead> ahead_;  // of the way behind a keyframe, begun before that was restored
  std::size_t block_ = kNoBlock;        // that events_ reads
  EventNumber next_ = 0;                // the event that events_ reads next
  std::string problem_;
  std::uint64_t work_ = 0;
};

template <class Apply>
bool Walker::run_ahead(BlocksAhead& ahead, Apply& apply) {
  block_ = kNoBlock;
  while (!ahead.done()) {
    const EventNumber here = at();
    const BlocksAhead::Block block = ahead.next();
    apply(*block.tape);
    work_ += at() - here;
    if (!block.status) return fail(block.status.error());
  }
  return true;
}

template <class Apply>
bool Walker::run(EventNumber n, Apply apply) {
  while (at() < n) {
    std::unique_ptr<BlocksAhead> ahead = std::move(ahead_);
    if (!ahead || ahead->next_block() != store_->block_of(at() + 1)) {
      ahead = nullptr;  // before another one uses its room
      ahead = begin_ahead(at(), n, kBlocksForThreads);
    }
    if (ahead) {
      if (!run_ahead(*ahead, apply)) return false;
      continue;
    }
    if (!position()) return false;
    const EventNumber here = at();
    const EventNumber wanted = n - here;
    const std::uint32_t count = wanted < events_.left() ? static_cast<std::uint32_t>(wanted) : events_.left();
    tape_->clear();
    const core::Status status = events_.visit(count, [this](const auto& e) { tape_->put(e); });
    apply(std::as_const(*tape_));
    next_ += at() - here;
    work_ += at() - here;
    if (!status) return fail(status.error());
  }
  return true;
}

template <class Before, class After>
bool Walker::advance(EventNumber n, Before before, After after) {
  if (at() < n) journal_.clear();
  return run(n, [&](const EventTape& tape) {
    visit_fetching(
        tape, state_, [&](const auto& e) __attribute__((always_inline)) {
          before(e);
          state_.apply_typed(e);
          after();
        });
  });
}

}  // namespace palloscope::trace
