// The word before a chunk's payload in PostgreSQL 16 and newer (MemoryChunk.hdrmask, spec 2.3): made and taken apart.
// 15 has a pointer there instead; see the Field members of the layouts.
#pragma once

#include <cstdint>

#include "core/base/ids.h"
#include "core/version/version_profile.h"

namespace palloscope::core {

// chunk - block is a multiple of 8 below 1 GB; value at most 0x3FFFFFFF.
constexpr std::uint64_t pack_header(const ChunkHeaderLayout& layout, Address chunk, Address block, std::uint64_t value,
                                    int method_id) {
  return ((chunk - block) << layout.block_shift) | (value << layout.value_shift) |
         static_cast<std::uint64_t>(method_id);
}

constexpr std::uint64_t pack_external_header(const ChunkHeaderLayout& layout, int method_id) {
  return layout.external_magic | (std::uint64_t{1} << layout.external_bit) | static_cast<std::uint64_t>(method_id);
}

constexpr int header_id(const ChunkHeaderLayout& layout, std::uint64_t word) {
  return static_cast<int>(word & layout.id_mask);
}

constexpr bool header_is_external(const ChunkHeaderLayout& layout, std::uint64_t word) {
  return ((word >> layout.external_bit) & 1) != 0;
}

constexpr std::uint64_t header_value(const ChunkHeaderLayout& layout, std::uint64_t word) {
  return (word >> layout.value_shift) & layout.value_mask;
}

// Distance from the block (or, for an aligned redirect, from the raw chunk) to the header.
constexpr std::uint64_t header_block_offset(const ChunkHeaderLayout& layout, std::uint64_t word) {
  return (word >> layout.block_shift) & layout.block_mask;
}

}  // namespace palloscope::core
