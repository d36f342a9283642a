#include "trace/analysis/slab_shape.h"

#include <algorithm>

namespace palloscope::trace {
namespace {

constexpr std::uint64_t kLongestSlabChunk = std::uint64_t{1} << 48;

}  // namespace

SlabShape::SlabShape(const ContextRecord& context, const core::VersionProfile& profile) {
  const core::SlabLayout& layout = profile.slab;
  // 16+ checking builds keep room for a sentinel byte behind each chunk (spec 5.1).
  const std::uint64_t sentinel = profile.checking && !layout.list_per_free_count ? 1 : 0;
  full_chunk = layout.chunk_bytes + core::max_align(std::min(context.min_context_bytes, kLongestSlabChunk) + sentinel);
  if (context.init_block_bytes > layout.block_bytes)
    chunks_per_block = (context.init_block_bytes - layout.block_bytes) / full_chunk;
  while (chunks_per_block >> list_shift >= 2) ++list_shift;
}

}  // namespace palloscope::trace
