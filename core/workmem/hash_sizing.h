// How large a hash join's table is planned to be (ExecChooseHashTableSize, spec 12.2), and the hash values that decide
// about buckets and batches. Pure.
#pragma once

#include <cstdint>

#include "core/version/operation_rules.h"
#include "core/workmem/work_settings.h"

namespace palloscope::core {

inline constexpr std::uint64_t kBucketBytes = 8;          // a pointer
inline constexpr std::uint64_t kHashTupleOverhead = 16;   // before each tuple: the next one, the hash value
inline constexpr std::uint64_t kMinimalTupleHeader = 16;  // up to eight columns, or none that is null

struct HashTableSize {
  std::uint32_t buckets = 0;
  std::uint32_t batches = 0;
  std::uint64_t space_allowed = 0;
  friend bool operator==(const HashTableSize&, const HashTableSize&) = default;
};

struct HashTableGuess {
  double rows = 0;             // as the planner guesses
  std::uint64_t width = 0;     // its guess of a row's bytes, without headers
  bool skew = false;           // the outer key is a table's column: 2 % are kept for its most common values
  std::uint32_t combined = 1;  // processes that fill a shared table together and may pool their limits
};

HashTableSize choose_hash_table_size(const HashTableGuess& guess, const WorkSettings& settings,
                                     const HashJoinRules& rules);

// PostgreSQL's hash of an int4 (hash_bytes_uint32: Bob Jenkins' lookup3).
std::uint32_t hash_int4(std::int32_t value);

std::uint32_t bucket_of(std::uint32_t hash, std::uint32_t buckets);
std::uint32_t batch_of(std::uint32_t hash, std::uint32_t buckets, std::uint32_t batches);

}  // namespace palloscope::core
