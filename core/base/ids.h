// The names of things: strong types, so that an address is never taken for a slot or an event number.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace palloscope::core {

// An address in the watched process (simulated or real), 64 bits. Never a pointer of our own process.
struct Address {
  std::uint64_t value = 0;

  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(Address, Address) = default;
  friend constexpr Address operator+(Address a, std::uint64_t bytes) { return {a.value + bytes}; }
  friend constexpr Address operator-(Address a, std::uint64_t bytes) { return {a.value - bytes}; }
  friend constexpr std::uint64_t operator-(Address a, Address b) { return a.value - b.value; }
};

// A small number by which an event stream calls a thing while it exists. Slots are dense and used again
// after the thing is gone, so tables indexed by slot stay as small as the live heap ever was.
// To name a thing over all time, take its slot together with the number of the event that made it.
template <class Tag>
struct Slot {
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  std::uint32_t value = kNone;

  constexpr explicit operator bool() const { return value != kNone; }
  friend constexpr auto operator<=>(Slot, Slot) = default;
};

using ContextSlot = Slot<struct ContextTag>;
using BlockSlot = Slot<struct BlockTag>;  // any malloc'ed region, owned by a context or not
using ChunkSlot = Slot<struct ChunkTag>;
using BackendSlot = Slot<struct BackendTag>;      // a process of the server
using PoolSlot = Slot<struct PoolTag>;            // the shared buffers, or a backend's local ones
using BufferSlot = Slot<struct BufferTag>;        // a buffer of any pool; the shared ones are 0..NBuffers-1
using RingSlot = Slot<struct RingTag>;            // a BufferAccessStrategy
using SegmentSlot = Slot<struct SegmentTag>;      // of shared memory
using OperationSlot = Slot<struct OperationTag>;  // a sort, hash join, ... of the executor

// Position in a stream. The first event is number 1; "at N" means after event N; 0 is before everything.
using EventNumber = std::uint64_t;

}  // namespace palloscope::core

template <>
struct std::hash<palloscope::core::Address> {
  std::size_t operator()(palloscope::core::Address a) const noexcept {
    std::uint64_t x = a.value * 0x9E3779B97F4A7C15ull;
    return x ^ (x >> 32);
  }
};
template <class Tag>
struct std::hash<palloscope::core::Slot<Tag>> {
  std::size_t operator()(palloscope::core::Slot<Tag> s) const noexcept { return s.value; }
};
