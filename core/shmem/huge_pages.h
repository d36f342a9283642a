// Huge pages for the main segment (spec 11.6): how many it takes, what huge_pages = on, try and off do on a machine
// with so many free ones, and how much of it the processor's address cache (TLB) covers. Pure arithmetic.
#pragma once

#include <cstdint>

#include "core/events/shmem_events.h"
#include "core/shmem/shmem_map.h"

namespace palloscope::core {

inline constexpr std::uint64_t kSmallPage = 4096;
inline constexpr std::uint64_t kDefaultHugePage = 2 << 20;  // Hugepagesize of x86-64 kernels

// A stated simple model: so many translations are kept at a time, whatever their page size, each for one page. 1536 is
// the second-level TLB of many x86-64 server processors; describe your own.
struct TlbModel {
  std::uint64_t entries = 1536;
  std::uint64_t reach_bytes(std::uint64_t page_bytes) const { return entries * page_bytes; }
};

struct HugePagePlan {
  HugePages setting = HugePages::Try;
  std::uint64_t page_bytes = kDefaultHugePage;
  // The server takes any huge_page_size and reckons with it, but asks the kernel for the next power of two; which of
  // them there are is the processor's business.
  std::uint64_t asked_page_bytes = kDefaultHugePage;
  bool asks_what_x86_has() const { return asked_page_bytes == kDefaultHugePage || asked_page_bytes == 1 << 30; }
  std::uint64_t shown_pages = 0;    // shared_memory_size_in_huge_pages: what to reserve in vm.nr_hugepages
  std::uint64_t needed_pages = 0;   // that the mapping takes
  std::uint64_t rounded_bytes = 0;  // the segment in whole huge pages
  std::uint64_t small_pages = 0;    // of 4 kB, without
  // A process that has touched all of it has an entry of 8 bytes a page in tables of its own.
  std::uint64_t table_bytes_small = 0, table_bytes_huge = 0;
};

// huge_pages and huge_page_size of the settings; 0 there: `kernel_page_bytes`.
HugePagePlan plan_huge_pages(const ShmemSettings& settings, std::uint64_t total_bytes,
                             std::uint64_t kernel_page_bytes = kDefaultHugePage);

// What becomes of the segment where the machine has so many free huge pages.
struct HugePageOutcome {
  bool tried = false, granted = false;
  bool starts = true;              // false: huge_pages = on, and there are not enough
  std::uint64_t mapped_bytes = 0;  // 0 if the server does not start
  std::uint64_t page_bytes = kSmallPage;
};
HugePageOutcome try_huge_pages(const HugePagePlan& plan, std::uint64_t total_bytes, std::uint64_t free_pages);

}  // namespace palloscope::core
