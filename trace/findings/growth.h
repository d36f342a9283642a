// Growth: what stays of each round, by context path. After each round the bytes that a path's live chunks take (and how
// many contexts it has) are noted; at the end, or when the last context of the path ends, growth is told only where
//   - the least of each of several stretches of rounds is more than that of the stretch before, from first to last;
//   - the second half grows at least half as fast as the first: a cache that fills levels off, and is no leak;
//   - chunks of every quarter are still there: a queue that grows longer hands on, and is none either.
// The first eighth of the rounds is warming up and does not count. Growth may also begin later, and last for a quarter
// of the other rounds or more.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "trace/file/block_summary.h"
#include "trace/findings/context_paths.h"
#include "trace/findings/rounds.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct Growth {
  PathNumber path = kNoPath;
  bool of_contexts = false;  // contexts pile up; else chunks
  std::uint64_t rounds = 0;  // over which it was looked at, warming up left out
  std::uint64_t first_round = 0, last_round = 0;
  EventNumber from = 0, until = 0;      // the ends of those two rounds
  std::uint64_t before = 0, after = 0;  // bytes (contexts: how many) at those ends
  std::uint64_t bytes = 0;              // what came to stay in between
  std::uint64_t rises = 0, falls = 0;   // rounds that left more, or less, than the one before
  std::uint64_t survivors = 0;          // chunks (or contexts) born in between that are still there
  EventNumber first_survivor = 0;       // the event that made the first of them
  EventNumber example_born = 0;         // of the context that holds it (or is it)
  ContextSlot example;
  std::uint64_t times = 1;       // lives of the path in which it was seen; the numbers are of the worst
  std::vector<RoundNote> curve;  // bytes (contexts: how many) after each round, or every so many; with those before

  double per_round() const { return rounds == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(rounds); }
  // Share of the rounds after which nothing had been given back.
  double monotone_share() const {
    return falls >= rounds ? 0 : 1 - static_cast<double>(falls) / static_cast<double>(rounds);
  }
  // 0 to 1: how sure it is: the monotone share, less for few rounds.
  double score() const { return rounds == 0 ? 0 : monotone_share() * (1 - 1.0 / static_cast<double>(rounds)); }
};

// The values of one path over its rounds; where nothing is noted, the value before holds. At most kMost notes: then
// every second is dropped.
class RoundSeries {
 public:
  static constexpr std::size_t kMost = 1024;
  void restart(std::uint64_t round, EventNumber event, std::uint64_t value);
  void note(std::uint64_t round, EventNumber event, std::uint64_t value);
  bool empty() const { return notes_.empty(); }
  std::uint64_t first_round() const { return notes_.empty() ? 0 : notes_.front().round; }
  std::uint64_t rises() const { return rises_; }
  std::uint64_t falls() const { return falls_; }
  // The note that holds after this round.
  const RoundNote& at(std::uint64_t round) const;
  // From the first round to this, `most` points or fewer.
  std::vector<RoundNote> curve_until(std::uint64_t round, std::size_t most) const;

  // Does it grow, and not level off, up to this round? The first and last round that count.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> grows_until(std::uint64_t round) const;

 private:
  bool rises_in(std::uint64_t first, std::uint64_t last, std::uint64_t stretches) const;
  std::uint64_t last_at_most(std::uint64_t value) const;
  std::uint64_t least(std::uint64_t first, std::uint64_t last) const;

  std::vector<RoundNote> notes_;
  std::uint64_t rises_ = 0, falls_ = 0;
};

class GrowthWatch {
 public:
  static constexpr std::uint64_t kLeastBytes = 1024;  // less is not told
  static constexpr std::size_t kCurvePoints = 64;

  // Before the event; paths below a context that moves are the caller's to forget.
  template <class E>
  void before(EventNumber n, const E& e, const MemoryState& state, ContextPaths& paths) {
    for_each_touched(state, e, [&](ContextSlot slot) { accounts_.touch(slot); });
    if constexpr (std::is_same_v<E, core::ContextReset> || std::is_same_v<E, core::ContextDeleted>)
      life_ends(n, e.context, state, paths);
    if constexpr (std::is_same_v<E, core::ContextCreated>) created(n, e.context);
  }
  // The round ended with event n; this is the state after it.
  void end_round(EventNumber n, const MemoryState& state, ContextPaths& paths);
  void finish(const MemoryState& state, ContextPaths& paths);

  std::uint64_t rounds() const { return round_; }
  EventNumber first_round_end() const { return first_end_; }
  EventNumber last_round_end() const { return last_end_; }
  const std::vector<Growth>& growths() const { return growths_; }  // by path, after finish()
  // The path whose contexts end in (nearly) every round, once if possible, and live longest: what would have freed in
  // time what stays of a round in `path`. kNoPath: there is none.
  PathNumber cure_for(PathNumber path, const ContextPaths& paths) const;

 private:
  struct Path {
    RoundSeries bytes, contexts;
    std::uint64_t rounds_with_end = 0, last_round_with_end = ~std::uint64_t{0};
    std::uint64_t ends = 0, lived_events = 0;
    bool changed = false;
  };
  void created(EventNumber n, ContextSlot slot);
  void life_ends(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths);
  void look(PathNumber path, const MemoryState& state, ContextPaths& paths, ContextSlot only);
  bool survive(Growth& growth, const RoundSeries& series, const MemoryState& state, ContextPaths& paths,
               ContextSlot only) const;
  void keep(Growth growth);
  Path& room(PathNumber path) {
    if (path >= paths_.size()) paths_.resize(std::size_t{path} + 1);
    return paths_[path];
  }

  PathAccounts accounts_;
  std::vector<Path> paths_;
  std::vector<PathNumber> changed_;
  std::vector<EventNumber> life_began_;  // by context slot: created or reset last
  std::uint64_t round_ = 0;
  EventNumber first_end_ = 0, last_end_ = 0;
  std::vector<Growth> growths_;
};

}  // namespace palloscope::trace
