// What is known of the watched process's bytes at a moment, from events alone: headers of contexts, blocks and chunks
// of every kind, links of lists, and in checking builds requested sizes, sentinels and wiped memory. No trace records
// every byte, but these follow from the state and the version's layout; so a hex view is true at every cursor position,
// of recordings of real servers as well. What the program itself wrote is not known here.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// What a known field belongs to.
enum class KnownStruct : std::uint8_t { Context, Block, Chunk, FreeLink, Sentinel, Wiped };

// A member in memory, little endian, 1 to 8 bytes wide. `name` is PostgreSQL's ("mem_allocated", "freeptr", "hdrmask").
struct KnownField {
  Address at;
  std::uint8_t width = 0;
  KnownStruct owner = KnownStruct::Context;
  std::string_view name;
  std::uint64_t value = 0;
  friend bool operator==(const KnownField&, const KnownField&) = default;
};

// The known fields that lie in [from, to) of the region `block`, by address. Costs the number of chunks of that block.
std::vector<KnownField> known_fields(const MemoryState& state, const core::VersionProfile& profile, BlockSlot block,
                                     Address from, Address to);

// The word in front of a chunk's payload: 16+ hdrmask (spec 2.3), 15 the context or the next free chunk (spec 2.2).
// 0 if there is none (Bump in production builds, contexts of unknown kind).
std::uint64_t known_chunk_word(const MemoryState& state, const core::VersionProfile& profile, ChunkSlot chunk);

// One part of a packed chunk header (16+).
enum class HeaderPart : std::uint8_t { MethodId, External, Value, BlockOffset, Magic };
struct HeaderBits {
  HeaderPart part = HeaderPart::MethodId;
  std::uint32_t first_bit = 0, bit_count = 0;
  std::uint64_t value = 0;  // as the allocator reads it
};
// From the highest bit to the lowest. Value and block offset share a bit in 17+; it is counted to the block offset.
std::vector<HeaderBits> decode_chunk_header(const core::VersionProfile& profile, std::uint64_t word);

}  // namespace palloscope::trace
