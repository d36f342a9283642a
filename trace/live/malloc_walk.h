// What glibc's malloc has in its first arena ([heap]) and in mappings of its own, by its chunk headers: the step
// between what the contexts count and what the process holds. Other mallocs (musl, jemalloc) are recognised as none of
// it.
#pragma once

#include <cstdint>
#include <span>

#include "core/walk/memory_source.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

// Bytes. Headers are in overhead alone.
struct MallocSums {
  std::uint64_t used = 0;      // handed out
  std::uint64_t free = 0;      // in free chunks, in the top, and in the cache of chunks freed last
  std::uint64_t overhead = 0;  // 8 a chunk, 16 a mapping of its own
  std::uint64_t cached = 0;    // part of free: in that cache (tcache), which malloc's own statistics count as used
  std::uint64_t mapped = 0;    // part of used and overhead: in mappings of their own
};

// All 0: there is no [heap] in the maps, or not all of it can be read, or it is not glibc's.
MallocSums walk_malloc(const core::MemorySource& memory, std::span<const Mapping> maps);

}  // namespace palloscope::trace
