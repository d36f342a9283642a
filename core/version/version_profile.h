// VersionProfile: what differs between PostgreSQL's majors and builds, as data. One value per (major, checking).
// Readers (walk) and writers (mcxt, allocators) of the simulated bytes share it, so that neither knows a number.
//
// Offsets and sizes in bytes, from spec sections 1 to 6. A checking build is a further value: it has other chunk header
// sizes, a wider slab context and rules of its own (CheckingRules), the same shape.
#pragma once

#include <array>
#include <cstdint>

#include "core/events/event.h"

namespace palloscope::core {

// A member of a struct in the process: little-endian, 1, 2, 4 or 8 bytes wide. width 0: this version has no such
// member.
struct Field {
  std::uint16_t offset = 0;
  std::uint8_t width = 0;
  constexpr bool exists() const { return width != 0; }
  friend bool operator==(const Field&, const Field&) = default;
};

inline constexpr int kContextKindCount = 4;  // AllocSet, Generation, Slab, Bump: indexes of arrays by kind

// MemoryContextData (spec 1.1)
struct MemoryContextLayout {
  std::uint64_t bytes = 80;
  Field type{0, 4}, is_reset{4, 1}, allow_in_crit_section{5, 1}, mem_allocated{8, 8}, methods{16, 8}, parent{24, 8},
      first_child{32, 8}, prev_child{40, 8}, next_child{48, 8}, name{56, 8}, ident{64, 8}, reset_callbacks{72, 8};
};

// MemoryContextCallback (spec 1.1)
struct CallbackLayout {
  std::uint64_t bytes = 24;
  Field func{0, 8}, arg{8, 8}, next{16, 8};
};

// Entries of a MemoryContextMethods table, each a pointer at 8 * its place (spec 1.3).
enum class Method : std::uint8_t {
  Alloc,
  Free,
  Realloc,
  Reset,
  DeleteContext,
  GetChunkContext,
  GetChunkSpace,
  IsEmpty,
  Stats,
  Check
};
inline constexpr int kMethodCount = 10;

struct MethodTableLayout {
  bool one_array = true;           // mcxt_methods[], indexed by method id (16+); else a table per allocator
  std::uint64_t entry_bytes = 72;  // size of MemoryContextMethods
  std::uint32_t ids = 16;          // elements of the array
  std::array<std::int8_t, kMethodCount> place{};  // by Method: index of the pointer; -1: no such entry
};

// How the word before a chunk's payload tells its owner (spec 2.2, 2.3).
struct ChunkHeaderLayout {
  std::uint64_t bytes = 8;  // 16+: sizeof(MemoryChunk), of which the word is the last 8
  Field requested;          // checking builds, 16+: in a MemoryChunk
  bool packed = true;  // 16+: one word of id, external bit, value and block offset; else (15) a pointer to the context
  std::uint32_t id_bits = 4;
  std::uint64_t id_mask = 0xF;
  std::uint32_t external_bit = 4;
  std::uint32_t value_shift = 5;
  std::uint64_t value_mask = 0x3FFFFFFF;
  std::uint32_t block_shift = 34;
  std::uint64_t block_mask = 0x3FFFFFFE;               // of the offset, after shifting
  std::uint64_t external_magic = 0xB1A8DB858EB6EFA0;   // bits above the external bit
  std::array<std::int8_t, kContextKindCount> id_of{};  // by ContextKind; -1: none
  std::int8_t aligned_redirect_id = 6;                 // -1: none
};

inline constexpr int kAllocSetFreelists = 11;

// AllocSetContext, AllocBlockData, the chunk header and the rules (spec 3.1 to 3.3)
struct AllocSetLayout {
  std::uint64_t context_bytes = 0, block_bytes = 40, chunk_bytes = 0;  // of the three headers
  Field blocks, init_block_size, max_block_size, next_block_size, chunk_limit;
  Field keeper;  // none in 17+: the keeper is at context + context_bytes
  Field free_list_index;
  std::uint16_t freelist = 88;  // offset of the array of kAllocSetFreelists pointers
  Field block_set{0, 8}, block_prev{8, 8}, block_next{16, 8}, block_freeptr{24, 8}, block_endptr{32, 8};
  Field chunk_size;       // 15; from the header's start
  Field chunk_requested;  // checking builds; from the header's start
  Field chunk_context;    // 15: context, or next free chunk
  // Where a free chunk keeps the pointer to the next one, from the header's start (15: in chunk_context's place).
  std::uint16_t free_link = 0;
  std::uint64_t separate_threshold = 8192;  // ALLOC_CHUNK_LIMIT
  std::uint64_t chunk_fraction = 4;
  bool external_shrinks = true;  // 16+; in 15 an external chunk never gets smaller than chunk limit + 1
};

// GenerationContext, GenerationBlock, the chunk header and the rules (spec 4)
struct GenerationLayout {
  std::uint64_t context_bytes = 0, block_bytes = 0, chunk_bytes = 0;
  Field init_block_size, max_block_size, next_block_size, chunk_limit;
  Field current_block, free_block;
  Field keeper;              // none in 17+: context + context_bytes
  std::uint16_t blocks = 0;  // offset of the dlist head (prev, next) in the context
  Field node_prev{0, 8}, node_next{8, 8}, block_context, block_size, block_chunks, block_free, block_freeptr,
      block_endptr;
  Field chunk_size, chunk_requested, chunk_block, chunk_context;  // from the header's start; 15 only, but for requested
  std::uint64_t chunk_fraction = 8;
  bool limit_capped_by_value_field = true;  // 16+: chunk limit starts at no more than 0x3FFFFFFF
  bool reuses_empty_keeper = false;         // 15, 16: allocation looks at an empty keeper, and an emptied current block
                                     // may be freed; 17+: keeps current, never looks at the keeper (spec 4.3, 4.4)
};

// SlabContext, SlabBlock, the chunk header and the rules (spec 5)
struct SlabLayout {
  std::uint64_t context_bytes = 0;  // fixed part
  std::uint64_t block_bytes = 0, chunk_bytes = 0;
  std::uint64_t min_chunk_size = 8;
  Field chunk_size, full_chunk_size, block_size, chunks_per_block;
  Field header_size, min_free_chunks, block_count;  // 15
  Field current_list, list_shift;                   // 16+
  Field is_chunk_free;  // checking builds: pointer to an array of bool, one a chunk, behind the rest of the context
  std::uint16_t empty_blocks = 0;       // 16+: dlist head + count (uint32 at +16)
  std::uint16_t lists = 0;              // first dlist head: by free chunks (15), 3 block lists (16+)
  bool list_per_free_count = false;     // 15: chunks_per_block + 1 lists
  std::uint32_t max_empty_blocks = 10;  // 16+
  Field node_prev, node_next, block_slab, block_free, block_unused_count, block_free_head, block_unused;
  Field chunk_block, chunk_context;  // 15
  Field chunk_requested;             // checking builds, 17+; from the header's start
  std::uint8_t free_link_width = 8;  // 15: 4, an index; 16+: 8, a pointer to the next free chunk's header
};

// BumpContext, BumpBlock and the rules (spec 6)
struct BumpLayout {
  std::uint64_t context_bytes = 112, block_bytes = 32, chunk_bytes = 0;
  Field init_block_size, max_block_size, next_block_size, chunk_limit;
  std::uint16_t blocks = 96;
  Field node_prev{0, 8}, node_next{8, 8}, block_context, block_freeptr, block_endptr;  // context: checking builds
  Field chunk_requested;                                                               // checking builds
  std::uint64_t chunk_fraction = 8;
};

// What checking builds (MEMORY_CONTEXT_CHECKING, CLOBBER_FREED_MEMORY, assertions) do by version (spec 2.4, 13).
struct CheckingRules {
  std::uint64_t sentinel_room = 0;    // 16+: 1: all chunks but AllocSet's classes have a byte more than was asked for
  std::uint64_t free_requested = 0;   // requested_size of a free chunk; 15: 0, 16+: InvalidAllocSize
  bool detects_freed_chunks = false;  // 17+, recent minors: ERROR `detected double pfree`, `... realloc of freed chunk`
  bool sentinel_before_block = false;  // 15: looked at before the block of an external chunk is
  bool newer_trap_text = true;         // 16+: `TRAP: failed Assert("...")`; 15: `TRAP: FailedAssertion("...")`
};

// Rules of the common layer (spec 7, 9.1)
struct CommonRules {
  bool size_checked_by_allocator = true;   // 17+: after isReset was cleared, only for large requests (spec 7.9)
  bool reset_children_preorder = true;     // 17+ (spec 7.5)
  bool delete_recurses = false;            // 15, 16: MemoryContextDelete calls itself for the children
  bool omitted_counts_descendants = true;  // 17+: "%d more child contexts" (spec 9.1)
  int stats_depth_limit = 100;             // 17+; 0: none
  int level_of_top = 0;                    // in logs and views: 18 counts from 1
  bool has_bump = true;                    // 17+
  bool has_aligned = true;                 // 16+: MemoryContextAllocAligned
  bool has_repalloc0 = true;               // 16+
  bool has_contains = false;               // 15: MemoryContextContains
};

struct VersionProfile {
  int major = 17;
  bool checking = false;
  std::array<std::uint32_t, kContextKindCount> node_tags{};  // by ContextKind; 0: none
  MemoryContextLayout context;
  CallbackLayout callback;
  MethodTableLayout methods;
  ChunkHeaderLayout chunk_header;
  AllocSetLayout alloc_set;
  GenerationLayout generation;
  SlabLayout slab;
  BumpLayout bump;
  CommonRules rules;
  CheckingRules checks;  // of no use in a production build
};

// 15..18, as production and as checking builds; null for others.
const VersionProfile* find_profile(int major, bool checking);

inline constexpr std::uint64_t kMaxAllocSize = 0x3FFFFFFF;
inline constexpr std::uint64_t kMaxAllocHugeSize = 0x7FFFFFFFFFFFFFFF;

constexpr std::uint64_t max_align(std::uint64_t bytes) { return (bytes + 7) & ~std::uint64_t{7}; }

}  // namespace palloscope::core
