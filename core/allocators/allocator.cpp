#include "core/allocators/allocator.h"

#include <algorithm>

namespace palloscope::core {

void Allocator::check_size(Address context, std::uint64_t bytes, int flags) const {
  if (!core_.profile.rules.size_checked_by_allocator) return;
  if (bytes > ((flags & kMcxtAllocHuge) != 0 ? kMaxAllocHugeSize : kMaxAllocSize)) throw invalid_size(context, bytes);
}

std::uint64_t Allocator::halved_chunk_limit(std::uint64_t most, std::uint64_t max_block_bytes,
                                            std::uint64_t block_header, std::uint64_t chunk_header,
                                            std::uint64_t fraction) {
  std::uint64_t limit = most;
  while (limit + chunk_header > (max_block_bytes - block_header) / fraction) limit >>= 1;
  return limit;
}

std::uint64_t Allocator::take_next_block_bytes(Address context, Field next_block_size, Field max_block_size) {
  std::uint64_t bytes = core_.load(context, next_block_size);
  std::uint64_t next = std::min(bytes << 1, core_.load(context, max_block_size));
  if (next != bytes) {
    core_.store(context, next_block_size, next);
    core_.announce_next_block_size(context, next);
  }
  return bytes;
}

void Allocator::wipe_and_free(Address block, std::uint64_t bytes) {
  if (checking_.on()) checking_.wipe_region(block, block, bytes);
  core_.free(block);
}

}  // namespace palloscope::core
