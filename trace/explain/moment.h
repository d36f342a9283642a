// Moment: copies of the few records that an event is about, taken from the state before or after it. Cheap: nothing
// here is proportional to the heap (lists are counted up to a bound).
#pragma once

#include <optional>
#include <string>

#include "trace/explain/call.h"
#include "trace/explain/server_details.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// What an event, or the call around it, is about; a slot is none where the event does not say and the state cannot.
struct Subject {
  ContextSlot context;
  BlockSlot block;
  ChunkSlot chunk;
  int size_class = -1;    // AllocSet
  core::Address address;  // that a write, a variable or a fault speaks of
  ServerSubject server;
};

Subject subject_of(const Call& call, const MemoryState& state);
// What `first` knows, filled up from `second`: an event that makes a thing is understood only by the state after it.
Subject merged(const Subject& first, const Subject& second);

// Lists are counted up to this many; then "at least".
inline constexpr std::uint64_t kCountedAtMost = 10'000;

struct Moment {
  std::optional<ContextRecord> context;
  std::optional<BlockRecord> block, head_block, keeper;  // head_block: the first of the context's list
  BlockSlot head_slot;
  std::optional<ChunkRecord> chunk;
  std::string parent_name, current_name;
  ContextSlot current;
  std::optional<ChunkRecord> pointed;     // the chunk that the address is in, or is behind
  std::string pointed_context;            // its context's name
  std::uint64_t freelist_length = 0;      // of size_class
  std::uint64_t recycled_length[2] = {};  // contexts that wait in either list
  std::uint64_t empty_blocks = 0;         // Slab, 16+: cached ones
  ServerDetails server;
};

Moment moment_of(const MemoryState& state, const Subject& subject);

}  // namespace palloscope::trace
