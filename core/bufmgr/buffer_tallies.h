// PoolTallies: the manager's own counters of a pool, kept by addition and subtraction: the third account beside the
// bytes and the replayed events (core/README.md).
#pragma once

#include <cstdint>

namespace palloscope::core {

struct PoolTallies {
  std::uint32_t free = 0;    // in the freelist
  std::uint32_t tagged = 0;  // hold a page
  std::uint32_t dirty = 0, pinned = 0;
  std::uint64_t requests = 0, hits = 0, ticks = 0, evictions = 0, writes = 0;
  friend bool operator==(const PoolTallies&, const PoolTallies&) = default;
};

}  // namespace palloscope::core
