// Replacement: which buffer comes next when a page is not there (freelist.c, spec 10.5 and 10.8): ring, freelist, clock
// sweep, in this order. It looks and chooses; the page that is in the buffer it leaves alone.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bufmgr/pool_core.h"

namespace palloscope::core {

class Replacement {
 public:
  explicit Replacement(PoolCore& core) : core_(core) {}

  struct Choice {
    BufferSlot buffer;
    // It came from a bulk read's ring and is dirty with changes whose WAL is not on disk: it leaves the ring instead.
    bool rejected = false;
  };
  Choice get_buffer(RingSlot ring);     // StrategyGetBuffer; Ereport if all are pinned
  void reject(RingSlot ring);           // StrategyRejectBuffer: empties the current slot
  void free_buffer(BufferSlot buffer);  // StrategyFreeBuffer: to the freelist's head, unless it is in it

  RingSlot create_ring(RingKind kind, std::uint32_t slots, Address memory);
  void free_ring(RingSlot ring);
  bool has_ring(RingSlot ring) const { return ring.value < rings_.size() && rings_[ring.value].live; }
  void free_rings_of(BackendSlot backend);

 private:
  struct Ring {
    bool live = false;
    RingKind kind = RingKind::BulkRead;
    BackendSlot backend;
    Address memory;  // BufferAccessStrategyData; null: not modelled
    std::uint32_t current = 0;
    std::vector<BufferSlot> buffers;
  };
  Choice from_ring(RingSlot slot);
  BufferSlot from_freelist();
  BufferSlot from_clock();
  void set_slot(RingSlot slot, BufferSlot buffer);
  void write(const Ring& ring, Field field, std::uint64_t value);
  void write(const Ring& ring, Address at, unsigned width, std::uint64_t value);

  PoolCore& core_;
  std::vector<Ring> rings_;  // by RingSlot
};

}  // namespace palloscope::core
