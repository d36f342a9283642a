// ShmemMap: what the main shared memory segment looks like under given settings, before a single server was started:
// every allocation with its offset and size, named or not, in the order in which a server of that version makes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/shmem/shmem_settings.h"
#include "core/shmem/structure_table.h"

namespace palloscope::core {

inline constexpr std::uint64_t kShmemLine = 128;  // PG_CACHE_LINE_SIZE, what ShmemAlloc rounds to

struct ShmemPiece {
  std::string name;  // in the ShmemIndex; empty: anonymous
  // What it is for. Anonymous: begins with the structure it belongs to ("LOCK hash: buckets").
  std::string purpose;
  std::uint64_t offset = 0, bytes = 0, allocated_bytes = 0;
  // So many equal allocations stand here, one behind another (the buckets of a large hash); sizes are of each.
  std::uint64_t count = 1;
  Knowledge known = Knowledge::Rule;  // Unknown: offset, bytes and allocated_bytes mean nothing
  std::uint64_t end() const { return offset + count * allocated_bytes; }
  friend bool operator==(const ShmemPiece&, const ShmemPiece&) = default;
};

// What libraries asked for in their shmem_request_hook.
struct LwLockTranche {
  std::string name;
  std::uint32_t locks = 0;
  friend bool operator==(const LwLockTranche&, const LwLockTranche&) = default;
};
struct ShmemRequests {
  std::uint64_t bytes = 0;
  std::vector<LwLockTranche> tranches;
  friend bool operator==(const ShmemRequests&, const ShmemRequests&) = default;
};

struct ShmemMap {
  int major = 17;
  std::vector<ShmemPiece> pieces;  // in the order of their offsets; unknown ones where they would be
  std::uint64_t free_offset = 0;   // behind the last piece
  std::uint64_t total_bytes = 0;   // CalculateShmemSize: the segment, if pages are not huge
  bool complete = true;            // false: a piece is unknown; free_offset and total_bytes are without it

  const ShmemPiece* find(std::string_view name) const;  // null: no such
  std::uint64_t anonymous_bytes() const;                // pg_shmem_allocations' row <anonymous>
};

// Fails if the settings make a segment that no server could have (too large for 64 bits, ...).
Result<ShmemMap> compute_shmem_map(const ShmemSettings& settings, const ShmemRequests& requests = {});

// shared_memory_size (MB) and shared_memory_size_in_huge_pages, as the server shows them.
std::uint64_t shared_memory_size_mb(std::uint64_t total_bytes);
std::uint64_t huge_pages_for(std::uint64_t total_bytes, std::uint64_t huge_page_bytes);

}  // namespace palloscope::core
