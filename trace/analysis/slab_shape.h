// What follows from a Slab's parameters, once for whoever counts, lays out or explains.
#pragma once

#include <cstdint>

#include "core/version/version_profile.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

inline constexpr std::uint32_t kSlabEmptyList = 3;  // 16+: the cache of empty blocks, as BlockMoved numbers it

// Spec 5.1. A file may say any size: the sums do not run over, and full_chunk is never 0.
struct SlabShape {
  SlabShape(const ContextRecord& context, const core::VersionProfile& profile);
  std::uint64_t full_chunk = 0, chunks_per_block = 0;
  std::uint32_t list_shift = 0;  // 16+
};

}  // namespace palloscope::trace
