#include "core/shmem/hash_size.h"

#include <algorithm>

#include "core/shmem/shmem_quantities.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kLeastDirectory = 256;
constexpr std::uint64_t kLockPartitions = 16;

std::uint64_t segments_for(std::uint64_t buckets) { return next_power_of_two((buckets - 1) / kHashSegmentBuckets + 1); }

}  // namespace

std::uint64_t HashShape::directory_slots() const {
  return std::max(kLeastDirectory, segments_for(next_power_of_two(max)));
}

std::uint64_t HashShape::segments() const {
  std::uint64_t buckets = next_power_of_two(init);
  if (partitioned) buckets = std::max(buckets, kLockPartitions);
  return segments_for(buckets);
}

std::uint64_t HashShape::group_entries(std::uint64_t group) const {
  const std::uint64_t each = std::max<std::uint64_t>(1, init / groups());
  return group == 0 && each * groups() < init ? init - each * (groups() - 1) : each;
}

std::uint64_t HashShape::growth_entries() const {
  std::uint64_t bytes = 256;
  while (bytes / element_bytes() < 32) bytes *= 2;
  return bytes / element_bytes();
}

std::uint64_t HashShape::estimate_bytes() const {
  const std::uint64_t step = growth_entries();
  const std::uint64_t steps = (max - 1) / step + 1;
  return kHashHeaderBytes + 8 * directory_slots() + segments_for(next_power_of_two(max)) * kHashSegmentBuckets * 8 +
         steps * step * element_bytes();
}

}  // namespace palloscope::core
