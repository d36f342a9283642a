// How long chunks live and how large they are: counts for pictures, chunks that are freed before anything else is
// allocated, and chunks that are freed one by one when a shorter-lived context ends, which would have freed them all.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include "trace/findings/context_paths.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// Column 0: value 0; column k: values from 2^(k-1) to 2^k - 1.
struct Histogram {
  static constexpr std::size_t kColumns = 48;
  std::array<std::uint64_t, kColumns> counts{};
  void add(std::uint64_t value) {
    ++counts[std::min<std::size_t>(kColumns - 1, static_cast<std::size_t>(std::bit_width(value)))];
  }
  std::size_t columns() const;       // up to the last that counts something
  std::size_t first_column() const;  // that does; columns(): none
  friend bool operator==(const Histogram&, const Histogram&) = default;
};
inline std::uint64_t histogram_least(std::size_t column) { return column == 0 ? 0 : std::uint64_t{1} << (column - 1); }

// What became of a path's chunks.
struct PathUse {
  std::uint64_t allocated = 0, allocated_bytes = 0;  // requested
  std::uint64_t freed = 0;                           // one by one
  std::uint64_t dropped = 0;                         // with their block: reset, deleted, emptied
  std::uint64_t temporary = 0, temporary_bytes = 0;  // freed before anything else was allocated
  EventNumber first_temporary = 0;                   // the allocation
  ContextKey first_temporary_in;
};

// Chunks of `path` that were freed one by one just when a context of `cure` ended that was there before them.
struct WrongLifetime {
  PathNumber path = kNoPath, cure = kNoPath;
  std::uint64_t chunks = 0, bytes = 0;
  std::uint64_t ends = 0;   // of contexts of `cure`
  std::uint64_t freed = 0;  // of `path`, one by one, in all
  EventNumber first = 0;    // the allocation of the first of them
  ContextKey context;       // that it was in
  EventNumber last = 0;     // the last end
};

class LifetimeWatch {
 public:
  static constexpr std::uint64_t kNearEvents = 1000;  // the default of what counts as soon freed

  template <class E>
  void before(EventNumber n, const E& e, const MemoryState& state, ContextPaths& paths);

  const Histogram& sizes() const { return sizes_; }           // requested, at each allocation
  const Histogram& lifetimes() const { return lifetimes_; }   // in events, of chunks that ended
  const std::vector<PathUse>& uses() const { return uses_; }  // by path
  std::vector<PathNumber> paths_by_allocations() const;       // those with any, most first
  std::uint64_t soon_freed() const { return soon_; }          // within kNearEvents
  std::uint64_t ended() const { return ended_; }
  // Those of which at least nine in ten chunks ended so, kLeastBatch at a time or more.
  static constexpr std::uint64_t kLeastBatch = 8, kLeastEnds = 3;
  std::vector<WrongLifetime> wrong_lifetimes() const;

 private:
  struct Freed {
    PathNumber path;
    ContextKey context;
    EventNumber born;
    std::uint64_t bytes;
  };
  struct Ended {
    PathNumber path;
    EventNumber began, ended;
  };
  static constexpr std::size_t kMostWaiting = 4096, kMostPairs = 4096;

  PathUse& room(PathNumber path) {
    if (path >= uses_.size()) uses_.resize(std::size_t{path} + 1);
    return uses_[path];
  }
  void allocated(EventNumber n, const core::ChunkAllocated& e, const MemoryState& state, ContextPaths& paths);
  void freed(EventNumber n, const core::ChunkFreed& e, const MemoryState& state, ContextPaths& paths);
  void dropped(EventNumber n, BlockSlot slot, const MemoryState& state, ContextPaths& paths);
  void context_ends(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths);
  void end(EventNumber n, EventNumber born);
  void vote(const Freed& chunk, const Ended& ended, const ContextPaths& paths);

  Histogram sizes_, lifetimes_;
  std::vector<PathUse> uses_;
  std::uint64_t soon_ = 0, ended_ = 0;
  EventNumber last_allocation_ = 0;
  // Since the last allocation: chunks freed one by one, contexts that ended.
  std::vector<Freed> just_freed_;
  std::vector<Ended> just_ended_;
  std::vector<EventNumber> life_began_;  // by context slot: created or reset last
  std::map<std::pair<PathNumber, PathNumber>, WrongLifetime> pairs_;
};

template <class E>
void LifetimeWatch::before(EventNumber n, const E& e, const MemoryState& state, ContextPaths& paths) {
  if constexpr (std::is_same_v<E, core::ChunkAllocated>) {
    allocated(n, e, state, paths);
  } else if constexpr (std::is_same_v<E, core::ChunkFreed>) {
    freed(n, e, state, paths);
  } else if constexpr (std::is_same_v<E, core::ContextReset> || std::is_same_v<E, core::ContextDeleted>) {
    context_ends(n, e.context, state, paths);
  } else if constexpr (std::is_same_v<E, core::ContextCreated>) {
    if (e.context.value >= life_began_.size() && e.context.value <= state.contexts().size())
      life_began_.resize(std::size_t{e.context.value} + 1);
    if (e.context.value < life_began_.size()) life_began_[e.context.value] = n;
  } else if constexpr (std::is_same_v<E, core::BlockRemoved> || std::is_same_v<E, core::BlockEmptied>) {
    dropped(n, e.block, state, paths);
  }
}

}  // namespace palloscope::trace
