#include "core/workmem/hash_sizing.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/version/version_profile.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kFewestBuckets = 1024;
constexpr std::uint64_t kMostInts = std::numeric_limits<std::int32_t>::max();

// A most common value's share of the skew table: its slots in a table eight times too large, a number, and a bucket.
constexpr std::uint64_t kSkewOverhead = 8 * 8 + 4 + 16;
constexpr std::uint64_t kSkewPercent = 2;

}  // namespace

HashTableSize choose_hash_table_size(const HashTableGuess& guess, const WorkSettings& settings,
                                     const HashJoinRules& rules) {
  const double rows = guess.rows <= 0 ? 1000 : guess.rows;
  const std::uint64_t tuple_bytes = kHashTupleOverhead + kMinimalTupleHeader + max_align(guess.width);
  const double all_bytes = rows * static_cast<double>(tuple_bytes);
  HashTableSize size;
  std::uint64_t limit = settings.hash_limit_bytes();
  if (guess.combined > 1) limit *= guess.combined;
  size.space_allowed = limit;
  if (guess.skew) {
    const std::uint64_t value_bytes = tuple_bytes + kSkewOverhead;
    limit -= limit / value_bytes * kSkewPercent / 100 * value_bytes;
  }
  std::uint64_t most_pointers = std::min(limit / kBucketBytes, kMaxAllocSize / kBucketBytes);
  most_pointers = std::min(std::bit_floor(most_pointers), kMostInts / 2 + 1);

  const auto wanted = static_cast<std::uint64_t>(std::min(std::ceil(rows), static_cast<double>(most_pointers)));
  std::uint64_t buckets = std::bit_ceil(std::max(wanted, kFewestBuckets));
  std::uint64_t batches = 1;
  if (all_bytes + static_cast<double>(buckets * kBucketBytes) > static_cast<double>(limit)) {
    if (guess.combined > 1) {
      HashTableGuess alone = guess;
      alone.combined = 1;
      return choose_hash_table_size(alone, settings, rules);
    }
    const std::uint64_t with_bucket = tuple_bytes + kBucketBytes;
    buckets = limit <= with_bucket ? 1 : std::bit_ceil(limit / with_bucket);
    buckets = std::bit_ceil(std::min(buckets, most_pointers));
    const double for_tuples = static_cast<double>(limit - std::min(limit - 1, buckets * kBucketBytes));
    const double least = std::min(std::ceil(all_bytes / for_tuples), static_cast<double>(most_pointers));
    batches = std::bit_ceil(static_cast<std::uint64_t>(std::max(2.0, least)));
  }
  if (rules.balances_batches) {
    while (batches > 1 && batches >= size.space_allowed / kTapeBlockBytes) {
      if (buckets > kMaxAllocSize / kBucketBytes / 2) break;
      buckets *= 2;
      batches /= 2;
      size.space_allowed *= 2;
    }
  }
  size.buckets = static_cast<std::uint32_t>(buckets);
  size.batches = static_cast<std::uint32_t>(batches);
  return size;
}

std::uint32_t hash_int4(std::int32_t value) {
  std::uint32_t a = 0x9e3779b9u + 4 + 3923095;
  std::uint32_t b = a, c = a;
  a += static_cast<std::uint32_t>(value);
  c ^= b, c -= std::rotl(b, 14);
  a ^= c, a -= std::rotl(c, 11);
  b ^= a, b -= std::rotl(a, 25);
  c ^= b, c -= std::rotl(b, 16);
  a ^= c, a -= std::rotl(c, 4);
  b ^= a, b -= std::rotl(a, 14);
  c ^= b, c -= std::rotl(b, 24);
  return c;
}

std::uint32_t bucket_of(std::uint32_t hash, std::uint32_t buckets) { return hash & (buckets - 1); }

// Bits that the bucket does not use: those above it first.
std::uint32_t batch_of(std::uint32_t hash, std::uint32_t buckets, std::uint32_t batches) {
  return std::rotr(hash, std::countr_zero(buckets)) & (batches - 1);
}

}  // namespace palloscope::core
