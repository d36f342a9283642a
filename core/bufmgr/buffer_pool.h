// BufferPool: the descriptors of one pool (the shared one, or a backend's local buffers) in the bytes, with the pool's
// tallies. Who changes a state word goes through here, so that both stay together.
#pragma once

#include <cstdint>

#include "core/bufmgr/buffer_tallies.h"
#include "core/events/buffer_events.h"
#include "core/memory/address_space.h"
#include "core/version/buffer_profile.h"

namespace palloscope::core {

class BufferPool {
 public:
  BufferPool(AddressSpace& space, const BufferProfile& profile, PoolSlot slot, BufferSlot first, std::uint32_t buffers,
             Address descriptors, std::uint64_t stride);

  // InitBufferPool, InitLocalBuffers: empty descriptors; `linked`: each in the freelist, before the next one.
  void write_descriptors(bool linked);

  PoolSlot slot() const { return slot_; }
  BufferSlot first() const { return first_; }
  std::uint32_t buffers() const { return buffers_; }
  BufferSlot buffer(std::uint32_t id) const { return BufferSlot{first_.value + id}; }
  std::uint32_t id(BufferSlot buffer) const { return buffer.value - first_.value; }

  std::uint32_t word(std::uint32_t id) const { return static_cast<std::uint32_t>(load(id, layout_.state)); }
  void set_word(std::uint32_t id, std::uint32_t word);  // tallies follow
  PageTag tag(std::uint32_t id) const;
  void set_tag(std::uint32_t id, const PageTag& tag);
  void clear_tag(std::uint32_t id);
  std::int32_t free_next(std::uint32_t id) const { return static_cast<std::int32_t>(load(id, layout_.free_next)); }
  void set_free_next(std::uint32_t id, std::int32_t next) {
    store(id, layout_.free_next, static_cast<std::uint32_t>(next));
  }

  PoolTallies tallies;

 private:
  Address at(std::uint32_t id) const { return descriptors_ + stride_ * id; }
  std::uint64_t load(std::uint32_t id, Field field) const;
  void store(std::uint32_t id, Field field, std::uint64_t value);

  AddressSpace& space_;
  const BufferDescLayout& layout_;
  const BufferRules& rules_;
  PoolSlot slot_;
  BufferSlot first_;
  std::uint32_t buffers_;
  Address descriptors_;
  std::uint64_t stride_;
};

inline constexpr PageTag kClearedTag{0, 0, 0, -1, kInvalidBlock};

// The process read or wrote shared memory that is not mapped.
[[noreturn]] void shared_memory_fault(Address at);

}  // namespace palloscope::core
