// Walker: a MemoryState that moves along a store's events: restores keyframes, replays blocks, and undoes short ways
// back over its journal. A timeline has one for the cursor and one for looking elsewhere.
#pragma once

#include <limits>
#include <string>

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

  const std::string& problem() const { return problem_; }
  // What it has cost so far, in events: those replayed, and keyframes as they weigh against them.
  std::uint64_t work() const { return work_; }

 private:
  static constexpr std::size_t kNoBlock = std::numeric_limits<std::size_t>::max();

  // Fewer whole blocks than these are not worth a thread.
  static constexpr std::size_t kBlocksForThreads = 3;

  // Readies events_ at event at() + 1, which exists.
  bool position();
  // The last block that ends at or before n, if that and at() + 1 being the start of a block makes a way long enough to
  // be decoded ahead; else kNoBlock.
  std::size_t last_block_ahead(EventNumber n) const;
  template <class Visitor, class Done>
  bool run_ahead(std::size_t last, Visitor& visitor, Done& done);
  // Visits the events up to n; done() is called where the visitor must have applied all that it saw.
  template <class Visitor, class Done>
  bool run(EventNumber n, Visitor visitor, Done done);
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
  std::size_t block_ = kNoBlock;  // that events_ reads
  EventNumber next_ = 0;          // the event that events_ reads next
  std::string problem_;
  std::uint64_t work_ = 0;
};

template <class Visitor, class Done>
bool Walker::run_ahead(std::size_t last, Visitor& visitor, Done& done) {
  BlocksAhead ahead(*store_, store_->block_of(at() + 1), last);
  block_ = kNoBlock;
  while (!ahead.done()) {
    const EventNumber here = at();
    const BlocksAhead::Block block = ahead.next();
    visit_fetching(*block.tape, state_, visitor);
    done();
    work_ += at() - here;
    if (!block.status) return fail(block.status.error());
  }
  return true;
}

template <class Visitor, class Done>
bool Walker::run(EventNumber n, Visitor visitor, Done done) {
  while (at() < n) {
    if (const std::size_t last = last_block_ahead(n); last != kNoBlock) {
      if (!run_ahead(last, visitor, done)) return false;
      continue;
    }
    if (!position()) return false;
    const EventNumber here = at();
    const EventNumber wanted = n - here;
    const std::uint32_t count = wanted < events_.left() ? static_cast<std::uint32_t>(wanted) : events_.left();
    const core::Status status = events_.visit(count, visitor);
    done();
    next_ += at() - here;
    work_ += at() - here;
    if (!status) return fail(status.error());
  }
  return true;
}

template <class Before, class After>
bool Walker::advance(EventNumber n, Before before, After after) {
  if (at() < n) journal_.clear();
  return run(
      n,
      [&](const auto& e) {
        before(e);
        state_.apply_typed(e);
        after();
      },
      [] {});
}

}  // namespace palloscope::trace
