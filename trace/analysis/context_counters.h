// What PostgreSQL's stats method would print of a context, from the state alone: blocks, total, free, used. O(1) for
// a context; sums over subtrees are computed once per state and kept.
#pragma once

#include <vector>

#include "core/version/version_profile.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// The numbers of MemoryContextCounters and of the printed line (spec 3.11, 4.6, 5.2, 5.3, 6). Of a context known from a
// dump: what was reported. `chunks` only for Generation, `empty_blocks` only for Slab of 16 and later.
// `profile` may be null for dumps of versions that have no profile: then only reported numbers are exact.
ReportedCounters context_counters(const MemoryState& state, const ContextRecord& context,
                                  const core::VersionProfile* profile);

// A context with all its descendants, those that a dump left out included.
struct InclusiveCounters {
  std::uint64_t contexts = 0;  // itself included
  std::uint64_t blocks = 0, total_bytes = 0, free_bytes = 0, free_chunks = 0, used_bytes = 0;
  friend bool operator==(const InclusiveCounters&, const InclusiveCounters&) = default;
};

// By context slot; slots that are not live hold zeros.
std::vector<InclusiveCounters> inclusive_counters(const MemoryState& state, const core::VersionProfile* profile);

// The same, computed again only when the state has moved. For who draws every frame.
class InclusiveCountersCache {
 public:
  const std::vector<InclusiveCounters>& of(const MemoryState& state, const core::VersionProfile* profile);

 private:
  const MemoryState* state_ = nullptr;
  const core::VersionProfile* profile_ = nullptr;
  EventNumber event_ = 0;
  HeapTotals totals_;
  std::vector<InclusiveCounters> counters_;
};

}  // namespace palloscope::trace
