// How much shared memory a dynahash table takes (spec 11.3): its pieces as they are allocated when it is made, and the
// estimate that the segment's size is computed from.
#pragma once

#include <cstdint>

namespace palloscope::core {

inline constexpr std::uint64_t kHashHeaderBytes = 848;     // HASHHDR
inline constexpr std::uint64_t kHashSegmentBuckets = 256;  // DEF_SEGSIZE
inline constexpr std::uint64_t kHashFreeLists = 32;        // NUM_FREELISTS, of a partitioned table

struct HashShape {
  std::uint64_t entry_bytes = 0;  // entrysize, without the element's own 16 bytes
  std::uint64_t init = 0, max = 0;
  bool partitioned = false;

  std::uint64_t directory_slots() const;  // from the largest number of entries that it may get
  std::uint64_t header_bytes() const { return kHashHeaderBytes + 8 * directory_slots(); }
  std::uint64_t segments() const;  // at the start
  std::uint64_t element_bytes() const { return 16 + ((entry_bytes + 7) & ~std::uint64_t{7}); }
  // Entries are made in groups, one for each free list; the first group takes what does not divide.
  std::uint64_t groups() const { return partitioned ? kHashFreeLists : 1; }
  std::uint64_t group_entries(std::uint64_t group) const;
  // choose_nelem_alloc: entries that are added at a time once the free ones are used up.
  std::uint64_t growth_entries() const;
  std::uint64_t estimate_bytes() const;  // hash_estimate_size(max, entrysize)
};

}  // namespace palloscope::core
