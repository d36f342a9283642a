// The settings that limit operations (spec 12.1), in PostgreSQL's units.
#pragma once

#include <algorithm>
#include <cstdint>

namespace palloscope::core {

struct WorkSettings {
  std::uint64_t work_mem_kb = 4096;
  double hash_mem_multiplier = 2.0;
  std::uint64_t maintenance_work_mem_kb = 65536;

  // get_hash_memory_limit(): what a hash join, hash aggregate or memoize may take.
  std::uint64_t hash_limit_bytes() const {
    const double limit = static_cast<double>(work_mem_kb) * hash_mem_multiplier * 1024.0;
    return static_cast<std::uint64_t>(std::min(limit, 9.2e18));
  }
  // A sort takes no less than 64 kB for its limit, however small work_mem is.
  std::uint64_t sort_limit_bytes() const { return std::max<std::uint64_t>(work_mem_kb, 64) * 1024; }
  friend bool operator==(const WorkSettings&, const WorkSettings&) = default;
};

inline constexpr std::uint64_t kTapeBlockBytes = 8192;  // BLCKSZ: of temporary files

}  // namespace palloscope::core
