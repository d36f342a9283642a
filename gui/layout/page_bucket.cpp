#include "gui/layout/page_bucket.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/shmem/hash_bytes.h"
#include "core/version/buffer_profile.h"

namespace palloscope::gui {

PageBucket page_bucket(const core::PageTag& tag, std::uint32_t buffers, bool is_local) {
  const std::uint32_t words[] = {tag.tablespace, tag.database, tag.relation, static_cast<std::uint32_t>(tag.fork),
                                 tag.block};
  std::array<std::uint8_t, 20> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (8 * (i % 4)));  // as a little-endian server stores them
  PageBucket place;
  place.hash = core::hash_bytes(bytes);
  const std::uint32_t entries = is_local ? std::max(1u, buffers) : buffers + core::kBufferPartitions;
  place.bucket = place.hash & (std::bit_ceil(entries) - 1);
  place.partition = is_local ? 0 : place.hash % core::kBufferPartitions;
  return place;
}

}  // namespace palloscope::gui
