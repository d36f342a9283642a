// WalkedHeap: what a walk over the bytes found, as plain values. Nothing here was told by events or counters of ours:
// every field was read from memory, or computed from what was read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/events/event.h"

namespace palloscope::core {

inline constexpr std::size_t kWalkedFreelists = 11;  // AllocSet's size classes (spec 3.1)

enum class WalkedChunkState : std::uint8_t {
  Live,
  Free,     // on a freelist, in the block's free chain, or marked free
  Unknown,  // the bytes do not say (production builds' Generation from 16 on, in a block with some chunks freed)
};

struct WalkedChunk {
  Address at;  // payload
  std::uint64_t granted_bytes = 0;
  WalkedChunkState state = WalkedChunkState::Live;
  std::optional<std::uint64_t> requested_bytes;  // of a live chunk of a checking build (Slab: 17+)
  friend bool operator==(const WalkedChunk&, const WalkedChunk&) = default;
};

struct WalkedBlock {
  Address header;   // AllocBlockData, GenerationBlock, SlabBlock, BumpBlock
  Address start;    // first byte behind the block header
  Address free_at;  // freeptr; Slab: first never-used chunk (15 does not say: the block's end)
  Address end;
  BlockRole role = BlockRole::Ordinary;
  std::uint32_t list = 0;                 // as in BlockMoved
  std::int64_t nchunks = 0, nfree = 0;    // Generation: as counted in the header; Slab: nfree alone
  std::int64_t nunused = 0;               // Slab, 16+
  std::vector<std::uint32_t> free_chain;  // Slab: chunk numbers, in the chain's order (15: never-used ones too)
  std::vector<WalkedChunk> chunks;        // by address; Bump of production builds: none
  friend bool operator==(const WalkedBlock&, const WalkedBlock&) = default;
};

// MemoryContextCounters, plus the words of the statistics line that are not in it.
struct WalkedCounters {
  std::uint64_t nblocks = 0, freechunks = 0, totalspace = 0, freespace = 0;
  std::uint64_t chunks = 0;        // Generation: all chunks, freed ones included
  std::uint64_t empty_blocks = 0;  // Slab, 16+
  friend bool operator==(const WalkedCounters&, const WalkedCounters&) = default;
};

struct WalkedContext {
  Address at;
  ContextKind kind = ContextKind::Unknown;
  std::string name;
  std::optional<std::string> ident;
  bool is_reset = false, allow_in_crit_section = false;
  bool is_empty = false;  // as the method is_empty would answer
  std::uint64_t mem_allocated = 0;
  std::int32_t parent = -1;  // index into WalkedHeap::contexts; -1: a top context
  std::uint32_t depth = 0;

  std::uint64_t init_block_bytes = 0, max_block_bytes = 0, next_block_bytes = 0, chunk_limit_bytes = 0;
  std::int32_t freelist_index = -1;                                       // AllocSet
  Address current_block, free_block;                                      // Generation
  std::uint64_t chunk_bytes = 0, full_chunk_bytes = 0, header_bytes = 0;  // Slab
  std::int64_t chunks_per_block = 0;
  std::int64_t min_free_chunks = 0, slab_nblocks = 0;       // Slab, 15
  std::int64_t blocklist_shift = 0, current_blocklist = 0;  // Slab, 16+

  std::vector<WalkedBlock> blocks;  // list order; Slab: list by list (15: by free chunks; 16+: 0, 1, 2, empty blocks)
  std::array<std::vector<Address>, kWalkedFreelists> freelists;  // AllocSet: payloads, in list order
  WalkedCounters counters;
  friend bool operator==(const WalkedContext&, const WalkedContext&) = default;
};

// Something in the bytes that cannot be right. The walk left that thing alone and went on.
struct WalkFinding {
  Address where;
  std::string what;  // "freelist 4 of context \"leaky\": chunk 0x... is on it twice"
  friend bool operator==(const WalkFinding&, const WalkFinding&) = default;
};

struct WalkedHeap {
  std::vector<WalkedContext> contexts;                 // preorder, children in list order (newest first)
  std::array<std::vector<WalkedContext>, 2> recycled;  // recycled-context lists, front first
  Address current;                                     // CurrentMemoryContext
  std::vector<WalkFinding> findings;                   // at most kMaxFindings; `findings_left_out` more
  std::size_t findings_left_out = 0;
};

}  // namespace palloscope::core
