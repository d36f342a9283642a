// Rebuilds a buffer pool from the bytes of a process alone: descriptors, freelist, clock hand, lookup table (spec
// 10, 11.3). The bytes are not trusted, and may belong to a server that runs: every pointer is looked at before it is
// followed, every walk is bounded, and what cannot be right becomes a finding that says where.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/events/buffer_events.h"
#include "core/version/buffer_profile.h"
#include "core/walk/memory_source.h"

namespace palloscope::core {

// Where things lie. 0: not known, and what hangs from it is left out.
struct BufferPoolRoots {
  Address descriptors;
  std::uint32_t buffers = 0;
  Address strategy;  // BufferStrategyControl
  Address lookup;    // HASHHDR of the lookup table
};

struct WalkedBuffer {
  PageTag tag;  // as it stands there; meaningful while word has kTagValid
  std::uint32_t word = 0;
  std::int32_t free_next = 0;
  friend bool operator==(const WalkedBuffer&, const WalkedBuffer&) = default;
};

struct WalkedEntry {
  PageTag tag;
  std::uint32_t hash = 0, bucket = 0;
  BufferSlot buffer;
};

struct WalkedPool {
  std::vector<WalkedBuffer> buffers;  // by number, from 0 on; shorter if the bytes could not be read
  bool has_strategy = false;
  std::uint32_t next_victim = 0, complete_passes = 0, allocations = 0;
  std::vector<BufferSlot> freelist;   // in order
  std::vector<WalkedEntry> entries;   // bucket by bucket, each chain in order
  std::vector<std::string> findings;  // what does not add up
};

struct BufferWalkLimits {
  std::uint32_t buffers = 1u << 28;
  std::size_t findings = 100;
};

WalkedPool walk_buffer_pool(const MemorySource& memory, const BufferProfile& profile, const BufferPoolRoots& roots,
                            const BufferWalkLimits& limits = {});

}  // namespace palloscope::core
