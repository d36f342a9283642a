// What an allocator's answer to a stream of calls costs, in numbers that mean the same for every allocator. Moments are
// ends of calls: what happens inside a call (a repalloc that holds both chunks while it copies) does not count.
//
//   held = requested + in chunks + free + tails + other
//
//   held        what malloc takes from the system for the live regions: its own size word and rounding included
//               (core/memory/malloc_source.h), so that few large blocks and many small mallocs compare fairly
//   requested   what the program asked for and has not given back; the same for every allocator
//   in chunks   chunk headers of live chunks, and what they were given beyond the request (size class, alignment)
//   free        freed chunks, headers included, that wait to be used again, or for their block to be empty; dead chunks
//               of an allocator that was told to ignore pfree
//   tails       never handed out (or cut off by a reset), behind the last chunk of each block
//   other       headers of contexts and blocks, contexts that wait to be recycled, malloc's own share of blocks
//   blocks      live regions from malloc
//   fragmentation   (held - requested) / held: the share of the memory held that nobody asked for
#pragma once

#include <cstdint>

#include "core/version/version_profile.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

struct Figures {
  std::uint64_t held_bytes = 0;
  std::uint64_t requested_bytes = 0;
  std::uint64_t in_chunk_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t tail_bytes = 0;
  std::uint64_t other_bytes = 0;
  std::uint64_t blocks = 0;
  std::uint64_t malloc_calls = 0, free_calls = 0;  // so far; realloc counts as neither
  friend bool operator==(const Figures&, const Figures&) = default;

  double fragmentation() const {
    return held_bytes == 0 ? 0 : 1 - static_cast<double>(requested_bytes) / static_cast<double>(held_bytes);
  }
};

// How a stream is to be measured.
struct Measure {
  const core::VersionProfile* profile = nullptr;  // whose chunk headers
  // Its regions say all that malloc takes (MallocContender draws malloc's own size word); else they say what was asked.
  bool regions_include_malloc = false;
};

// Of a state at the end of a call. Looks at every context and region.
Figures figures_of(const MemoryState& state, const Measure& measure);

// The same after every event, at a cost that does not depend on the size of the heap.
class FigureKeeper {
 public:
  explicit FigureKeeper(const Measure& measure) : measure_(measure) {}
  void apply(const core::EventBody& event);
  // `requested_bytes`: as CallStream has it.
  Figures figures(std::uint64_t requested_bytes) const;
  std::uint64_t held_bytes() const { return held_; }
  const MemoryState& state() const { return state_; }

 private:
  struct Share {
    std::uint64_t headers = 0, free = 0, tail = 0;  // chunk headers of live chunks; free chunks with theirs
  };
  Share share_of(const ContextRecord& context) const;
  void add(core::ContextSlot slot, bool negative);

  Measure measure_;
  MemoryState state_;
  Share sum_;
  std::uint64_t held_ = 0;
};

}  // namespace palloscope::trace
