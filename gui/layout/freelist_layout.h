// The freelists of one context, by size class, in their true order, and what the next request of each class would get.
// Made when the cursor or the context changes; chains longer than kMostLinks are counted no further. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/replay/memory_state.h"

namespace palloscope::gui {

inline constexpr std::size_t kMostLinks = 2000;

// Where the next palloc of this class would come from (spec 3.5).
enum class NextSource : std::uint8_t {
  Freelist,  // the head of the list
  Tail,      // the active block's freeptr
  NewBlock,  // the rest is too small: it is carved up and a new block is malloc'ed
  External,  // larger than the chunk limit: a block of its own
};

struct FreelistRow {
  int size_class = 0;
  std::uint64_t class_bytes = 0;        // of the payload
  std::vector<core::ChunkSlot> chunks;  // head first
  bool cut = false;                     // the chain goes on
  NextSource next = NextSource::NewBlock;
  std::uint64_t new_block_bytes = 0;  // for NewBlock
};

// Empty for contexts without freelists (only AllocSet keeps them per context).
std::vector<FreelistRow> lay_out_freelists(const trace::MemoryState& state, core::ContextSlot context,
                                           const core::VersionProfile& profile);

}  // namespace palloscope::gui
