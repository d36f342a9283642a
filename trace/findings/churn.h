// Contexts that are created and deleted over and over under one parent, where one that is reset would do. Those that
// come from a list of recycled contexts cost no malloc and count only where there are very many.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <type_traits>
#include <utility>
#include <vector>

#include "trace/findings/context_paths.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct Churn {
  PathNumber path = kNoPath;
  ContextKey parent;
  std::uint64_t created = 0, deleted = 0;
  std::uint64_t with_malloc = 0;     // created with a malloc of their own
  std::uint64_t malloc_bytes = 0;    // of those
  std::uint64_t most_at_a_time = 0;  // of them that were there together
  EventNumber first = 0, last = 0;   // creation, deletion
  ContextKey example;                // the first
};

class ChurnWatch {
 public:
  static constexpr std::uint64_t kMany = 1000;         // with malloc
  static constexpr std::uint64_t kVeryMany = 100'000;  // recycled
  static constexpr std::uint64_t kMostAtATime = 16;    // more are a set that grows and shrinks

  template <class E>
  void before(EventNumber n, const E& e, const MemoryState& state, ContextPaths& paths) {
    if constexpr (std::is_same_v<E, core::ContextDeleted>) deleted(n, e.context, state, paths);
  }
  // After a ContextCreated.
  void created(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths);

  std::vector<Churn> churns() const;  // the worst parent of each path

 private:
  using Key = std::pair<std::uint32_t, PathNumber>;  // the parent's slot, the path
  std::map<Key, Churn> under_;                       // parents that are there
  std::map<PathNumber, Churn> worst_;                // of parents that are gone
  void deleted(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths);
  void keep(const Churn& churn);
};

}  // namespace palloscope::trace
