// What the user has pointed at: one selection for all panels. Things are named over all time (slot and the event that
// made them), so a selection survives stepping to moments when the thing does not exist.
#pragma once

#include <variant>

#include "core/base/ids.h"
#include "trace/replay/timeline.h"

namespace palloscope::gui {

using core::Address;
using core::EventNumber;
using trace::ContextKey;

struct BlockKey {
  core::BlockSlot slot;
  EventNumber born = 0;
  friend bool operator==(const BlockKey&, const BlockKey&) = default;
};

// `born` as in ChunkRecord: a slot used again after a free is another chunk.
struct ChunkKey {
  core::ChunkSlot slot;
  EventNumber born = 0;
  friend bool operator==(const ChunkKey&, const ChunkKey&) = default;
};

// A buffer of any pool. Buffers stay as long as their pool: the slot is name enough.
struct BufferKey {
  core::BufferSlot slot;
  friend bool operator==(const BufferKey&, const BufferKey&) = default;
};

struct EventKey {
  EventNumber number = 0;
  friend bool operator==(const EventKey&, const EventKey&) = default;
};

// A piece of a shared segment: index into ServerState::allocations.
struct ShmemKey {
  std::uint32_t allocation = 0;
  EventNumber born = 0;
  friend bool operator==(const ShmemKey&, const ShmemKey&) = default;
};

// A segment of shared memory.
struct SegmentKey {
  core::SegmentSlot slot;
  EventNumber born = 0;
  friend bool operator==(const SegmentKey&, const SegmentKey&) = default;
};

struct NothingSelected {
  friend bool operator==(const NothingSelected&, const NothingSelected&) = default;
};

// A bare address: a variable of the script, a pointer followed in the bytes.
using Selection =
    std::variant<NothingSelected, ContextKey, BlockKey, ChunkKey, EventKey, Address, ShmemKey, SegmentKey, BufferKey>;

// The context that a selection is in or is, at this state; none if it has none or is not there now.
core::ContextSlot context_of(const Selection& selection, const trace::MemoryState& state);

// The same thing at this state: null if it does not exist now.
const trace::ContextRecord* find(const trace::MemoryState& state, ContextKey key);
const trace::BlockRecord* find(const trace::MemoryState& state, BlockKey key);
const trace::ChunkRecord* find(const trace::MemoryState& state, ChunkKey key);
const trace::ShmemRecord* find(const trace::MemoryState& state, ShmemKey key);
const trace::SegmentRecord* find(const trace::MemoryState& state, SegmentKey key);

}  // namespace palloscope::gui
