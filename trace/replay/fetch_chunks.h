// Visits a tape's events while the records of chunks that come up soon are fetched: on a heap too large for the
// processor's caches their misses overlap.
#pragma once

#include <algorithm>
#include <type_traits>

#include "trace/replay/event_tape.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// Records: about what a second-level cache holds.
inline constexpr std::size_t kLargeChunkTable = 32 * 1024;

// How far ahead of its use a record is fetched.
inline constexpr std::uint32_t kFetchedAhead = 16;

// Always inlined: as a function of its own it would seem to do nothing, and be left out.
[[gnu::always_inline]] inline void fetch_chunk(const MemoryState& state, ChunkSlot slot) {
  const ChunkTable& chunks = state.chunks();
  if (slot.value >= chunks.size()) return;
  const char* record = reinterpret_cast<const char*>(&chunks[slot.value]);
  __builtin_prefetch(record, 1);
  __builtin_prefetch(record + sizeof(ChunkRecord) - 1, 1);
}

template <class Visitor>
void visit_fetching(const EventTape& tape, const MemoryState& state, Visitor&& visitor) {
  constexpr std::uint32_t kAhead = kFetchedAhead;
  EventTape::Reader reader(tape);
  if (state.chunks().size() < kLargeChunkTable) return reader.visit(reader.left(), visitor);
  EventTape::Reader scout(tape);
  while (reader.left() != 0) {
    const std::uint32_t wanted = std::min(reader.done() + 2 * kAhead - scout.done(), scout.left());
    scout.visit(wanted, [&](const auto& e) {
      using E = std::remove_cvref_t<decltype(e)>;
      if constexpr (std::is_same_v<E, core::ChunkAllocated> || std::is_same_v<E, core::ChunkFreed>)
        fetch_chunk(state, e.chunk);
    });
    reader.visit(std::min(kAhead, reader.left()), visitor);
  }
}

}  // namespace palloscope::trace
