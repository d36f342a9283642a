// ServerWorld: the server around a script's process: its backends and its buffer pool, made when the script first wants
// them. The simulated heap is the private memory of the backend that starts first; what other backends keep privately
// has no heap of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/bufmgr/buffer_manager.h"
#include "core/mcxt/process.h"
#include "core/server/backends.h"

namespace palloscope::core {

class ServerWorld {
 public:
  ServerWorld(Process& process, EventSink& sink) : backends(sink), process_(process), sink_(sink) {}

  Backends backends;
  // The backend that acts; "backend 1" starts if there is none at all.
  BackendSlot need_backend();
  bool owns_heap(BackendSlot backend) const { return backend == heap_owner_; }
  // A script got hold of it: born at this event.
  void note_started(BackendSlot backend, EventNumber born);
  bool is_same(BackendSlot backend, EventNumber born) const;  // it lives, and no other took its slot

  BufferManager* buffers() { return buffers_.get(); }  // null: the script has made no pool
  void make_buffers(const BufferSettings& settings);

  // Rings and relations that scripts hold.
  void note_ring(RingSlot ring, EventNumber born, Address memory);
  EventNumber ring_born(RingSlot ring) const { return ring.value < rings_.size() ? rings_[ring.value].born : 0; }
  BackendSlot ring_owner(RingSlot ring) const { return rings_[ring.value].backend; }
  Address forget_ring(RingSlot ring);  // where it lay in the heap; null: nowhere
  std::uint32_t next_relation() { return relations_++; }

  // What a transaction or subtransaction's end by an error does to the acting backend's pins: PG_TRY remembers a mark,
  // and its catch begins with the pins of that moment.
  std::int64_t pin_mark();
  void release_pins_since(std::int64_t mark);
  void release_all_pins();

 private:
  Address local_blocks(BackendSlot backend, std::uint64_t bytes);
  Address zeroed(BackendSlot backend, std::uint64_t bytes);

  struct Ring {
    EventNumber born = 0;  // 0: freed
    BackendSlot backend;
    Address memory;
  };

  Process& process_;
  EventSink& sink_;
  BackendSlot heap_owner_;
  std::vector<EventNumber> births_;  // by BackendSlot
  std::unique_ptr<BufferManager> buffers_;
  Address local_buffer_context_;
  std::vector<Ring> rings_;  // by RingSlot
  std::uint32_t relations_ = 0;
};

}  // namespace palloscope::core
