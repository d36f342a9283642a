// MallocSource: stands for the C library's malloc, with repeatable addresses. Small requests come from a heap that
// grows upwards, each behind an 8-byte size word and rounded to 16, as in glibc; freed space is joined with its
// neighbours and used again, best fit first. Requests of 128 kB and more get pages of their own, from the top of the
// address space downwards, and give them back when freed.
//
// Its books are kept outside the simulated bytes (an overrun tramples PostgreSQL's headers, not these). It announces
// nothing: ProcessCore does.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "core/base/ids.h"
#include "core/memory/address_space.h"

namespace palloscope::core {

class MallocSource {
 public:
  explicit MallocSource(AddressSpace& space);

  Address allocate(std::uint64_t bytes);  // multiple of 16; null: no memory
  // Contents are kept up to the smaller size; may move. Null: no memory, and nothing changed. `at` must be a region.
  Address reallocate(Address at, std::uint64_t bytes);
  bool release(Address at);  // false: no region begins there (double free, wild pointer)

  // Requested size of the region that begins at `at`.
  std::optional<std::uint64_t> bytes_of(Address at) const;
  // Whether the region's pages go back to the kernel when it is freed; false for what is no region.
  bool has_own_pages(Address at) const;
  std::size_t region_count() const { return regions_.size(); }
  // All that malloc takes for a request: its size word and rounding, or whole pages.
  static std::uint64_t taken_bytes(std::uint64_t bytes);
  // Of the region that begins at `at`: where its size word (for pages, their header) begins, and all that it takes.
  struct Extent {
    Address start;
    std::uint64_t bytes = 0;
  };
  std::optional<Extent> extent_of(Address at) const;

  // From now on requests of at least so many bytes fail; 0: none.
  void fail_from(std::uint64_t bytes) { fail_from_ = bytes; }

 private:
  struct Region {
    std::uint64_t bytes = 0;  // as requested
    std::uint64_t taken = 0;  // from the size word on
    bool mapped = false;      // pages of its own
  };
  bool refused(std::uint64_t bytes) const;
  Address take_heap(std::uint64_t taken);
  void give_heap(std::uint64_t at, std::uint64_t taken);
  Address take_pages(std::uint64_t bytes);
  void write_size_word(Address at, const Region& region);
  Address move_to(Address at, Region old, std::uint64_t bytes);

  AddressSpace& space_;
  std::unordered_map<Address, Region> regions_;
  std::map<std::uint64_t, std::uint64_t> free_;                     // of the heap: start -> size
  std::set<std::pair<std::uint64_t, std::uint64_t>> free_by_size_;  // (size, start)
  std::uint64_t heap_end_;                                          // handed out or free below, mapped up to brk_
  std::uint64_t brk_;
  std::map<std::uint64_t, std::uint64_t> holes_;  // of the page area: start -> size, given back and not mapped
  std::uint64_t pages_bottom_;
  std::uint64_t fail_from_ = 0;
};

}  // namespace palloscope::core
