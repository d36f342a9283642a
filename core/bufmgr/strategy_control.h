// StrategyControl: BufferStrategyControl in the bytes (spec 10.4): the freelist's ends, the clock hand, what the
// background writer wants to know.
#pragma once

#include <cstdint>

#include "core/memory/address_space.h"
#include "core/version/buffer_profile.h"

namespace palloscope::core {

class StrategyControl {
 public:
  StrategyControl(AddressSpace& space, const StrategyControlLayout& layout, Address at)
      : space_(space), layout_(layout), at_(at) {}

  // StrategyInitialize: all buffers are in the freelist, in order.
  void write_initial(std::uint32_t buffers);

  std::uint32_t next_victim() const { return load(layout_.next_victim); }
  std::int32_t first_free() const { return static_cast<std::int32_t>(load(layout_.first_free)); }
  std::int32_t last_free() const { return static_cast<std::int32_t>(load(layout_.last_free)); }
  std::uint32_t complete_passes() const { return load(layout_.complete_passes); }
  std::uint32_t allocs() const { return load(layout_.allocs); }
  void set_next_victim(std::uint32_t value) { store(layout_.next_victim, value); }
  void set_first_free(std::int32_t id) { store(layout_.first_free, static_cast<std::uint32_t>(id)); }
  void set_last_free(std::int32_t id) { store(layout_.last_free, static_cast<std::uint32_t>(id)); }
  void set_complete_passes(std::uint32_t value) { store(layout_.complete_passes, value); }
  void set_allocs(std::uint32_t value) { store(layout_.allocs, value); }
  // StrategyNotifyBgWriter: -1: nobody waits to be woken by the next allocation.
  void set_waiting_writer(std::int32_t procno) { store(layout_.bgwprocno, static_cast<std::uint32_t>(procno)); }

  // ClockSweepTick: the buffer under the hand, which goes one further. The stored number reaches `buffers`; whoever
  // finds it there wraps it and counts a complete pass.
  std::uint32_t tick(std::uint32_t buffers);

 private:
  std::uint32_t load(Field field) const;
  void store(Field field, std::uint32_t value);

  AddressSpace& space_;
  const StrategyControlLayout& layout_;
  Address at_;
};

}  // namespace palloscope::core
