// The core's own counters of a context: kept by addition and subtraction while the allocators work, never read back
// from the simulated bytes nor from events. One of the three accounts that must agree.
#pragma once

#include <cstdint>

namespace palloscope::core {

struct Tallies {
  std::uint64_t blocks = 0;               // regions in its block list(s); the keeper counts, a lone header does not
  std::uint64_t mem_allocated_bytes = 0;  // as accounted (spec 7.10)
  std::uint64_t live_chunks = 0;
  std::uint64_t requested_bytes = 0;   // of live chunks
  std::uint64_t granted_bytes = 0;     // of live chunks
  std::uint64_t free_chunks = 0;       // on freelists (AllocSet's, Slab's chains)
  std::uint64_t free_chunk_bytes = 0;  // their payload
  friend bool operator==(const Tallies&, const Tallies&) = default;
};

}  // namespace palloscope::core
