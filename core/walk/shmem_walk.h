// The main shared memory segment read from its bytes alone, with no knowledge but the layout: header, then the index,
// bucket by bucket (spec 11.1 to 11.3). Works on our own process as on a live one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/version/buffer_profile.h"
#include "core/walk/memory_source.h"

namespace palloscope::core {

struct WalkedStructure {
  std::string name;
  std::uint64_t offset = 0, bytes = 0, allocated_bytes = 0;
  friend bool operator==(const WalkedStructure&, const WalkedStructure&) = default;
};

struct WalkedShmem {
  std::uint64_t total_bytes = 0, free_offset = 0;
  std::uint32_t creator_pid = 0, dsm_control = 0;
  bool has_index = false;                   // false: not made yet, or the System V copy
  std::vector<WalkedStructure> structures;  // by offset
};

// `header`: where the segment begins. The error says what is wrong with the bytes.
Result<WalkedShmem> walk_shmem(const MemorySource& source, Address header, const DynahashLayout& layout);

}  // namespace palloscope::core
