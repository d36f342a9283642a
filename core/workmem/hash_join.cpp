#include "core/workmem/hash_join.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "core/base/check.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kChunkBytes = 32768, kChunkHeaderBytes = 32;
constexpr std::uint64_t kChunkThreshold = kChunkBytes / 4;  // larger tuples get a chunk of their own
constexpr std::uint64_t kTableBytes = 216;                  // HashJoinTableData
constexpr std::uint64_t kHashFunctionBytes = 48;            // FmgrInfo
constexpr std::uint64_t kBufFileBytes = 72 + kTapeBlockBytes, kFileArrayBytes = 4;
constexpr std::uint64_t kPointerBytes = 8, kHashValueBytes = 4;
constexpr std::uint32_t kMostBatches = kMaxAllocSize / (2 * kPointerBytes);
constexpr std::uint64_t kMostBuckets = kMaxAllocSize / kBucketBytes;

}  // namespace

HashJoin::HashJoin(Process& process, OperationSlot slot, const HashJoinSpec& spec)
    : Operation(process, slot), spec_(spec), parent_(process.current_memory_context()) {
  const OperationRules* rules = find_operation_rules(process.profile().major);
  check(rules != nullptr, "the rules of operations are known for every version with a profile");
  rules_ = rules->hash_join;
  const HashTableSize size = choose_hash_table_size(spec.guess, spec.settings, rules_);
  buckets_ = original_buckets_ = optimal_buckets_ = size.buckets;
  batches_ = original_batches_ = size.batches;
  space_allowed_ = size.space_allowed;

  table_ = process.memory_context_alloc(parent_, kTableBytes);
  table_context_ = process.alloc_set_context_create(parent_, "HashTableContext");
  batch_context_ = process.alloc_set_context_create(table_context_, "HashBatchContext");
  file_context_ = parent_;
  if (rules_.has_spill_context) file_context_ = process.alloc_set_context_create(table_context_, "HashSpillContext");
  began(OperationKind::HashJoin, OperationPhase::Build, table_context_, space_allowed_, spec.name);
  for (int side = 0; rules_.functions_in_table && side < 2; ++side)
    process.memory_context_alloc(table_context_, kHashFunctionBytes);
  if (batches_ > 1) make_batch_files(batches_);
  bucket_array_ = process.memory_context_alloc_zero(batch_context_, buckets_ * kBucketBytes);
  tell();
}

void HashJoin::tell() {
  OperationCounted now;
  now.used_bytes = used_bytes();
  now.limit_bytes = space_allowed_;
  now.tuples = in_memory_;
  now.slots = buckets_;
  now.parts = batches_;
  now.part = current_batch_;
  counted(now);
}

// The two arrays of pointers to files; the files are made when the first tuple goes to them.
void HashJoin::make_batch_files(std::uint32_t batches) {
  const std::uint64_t bytes = batches * kPointerBytes;
  const Address context = rules_.has_spill_context ? file_context_ : table_context_;
  if (files_.empty()) {
    inner_array_ = process_.memory_context_alloc_zero(context, bytes);
    outer_array_ = process_.memory_context_alloc_zero(context, bytes);
  } else {
    inner_array_ = process_.repalloc(inner_array_, bytes);
    outer_array_ = process_.repalloc(outer_array_, bytes);
  }
  files_.resize(batches);
}

// --- the table --------------------------------------------------------------------------------------------------

// Tuples are packed into chunks of 32 kB; one that is too large gets its own, behind the current chunk.
void HashJoin::store(HashTuple tuple) {
  const std::uint64_t bytes = max_align(kHashTupleOverhead + tuple.bytes);
  const bool own = bytes > kChunkThreshold;
  if (own || chunks_.empty() || chunks_.front().room - chunks_.front().used < bytes) {
    MemoryChunk chunk;
    chunk.room = own ? bytes : kChunkBytes;
    chunk.at = process_.memory_context_alloc(batch_context_, kChunkHeaderBytes + chunk.room);
    chunks_.insert(own && !chunks_.empty() ? chunks_.begin() + 1 : chunks_.begin(), std::move(chunk));
  }
  MemoryChunk& chunk = own && chunks_.size() > 1 ? chunks_[1] : chunks_.front();
  chunk.used += bytes;
  chunk.tuples.push_back(tuple);
  ++by_hash_[tuple.hash];
  ++in_memory_;
}

void HashJoin::insert(HashTuple tuple) {
  check(!built_, "the inner side is inserted before the outer side is looked at");
  insert_here_or_later(tuple);
  ++inserted_;
  tell();
}

void HashJoin::insert_here_or_later(HashTuple tuple) {
  const std::uint32_t batch = batch_of(tuple.hash, buckets_, batches_);
  if (batch != current_batch_) {
    save(files_[batch].inner, tuple);
    spilled(batch, 1, kHashValueBytes + tuple.bytes, false);
    return;
  }
  store(tuple);
  // More buckets are wanted, but made only when all is inserted, or when the table is gone through anyway.
  if (batches_ == 1 && inserted_ > optimal_buckets_ && std::uint64_t{optimal_buckets_} * 2 <= kMostBuckets)
    optimal_buckets_ *= 2;
  space_used_ += kHashTupleOverhead + tuple.bytes;
  space_peak_ = std::max(space_peak_, space_used_);
  if (used_bytes() > space_allowed_) increase_batches();
}

// 18: where the files of twice the batches would take more than a table of twice the size.
bool HashJoin::increase_batch_size() {
  if (!rules_.balances_batches || space_allowed_ > std::uint64_t{batches_} * 2 * kTapeBlockBytes) return false;
  space_allowed_ *= 2;
  return true;
}

// Twice the batches; what now belongs to a later one goes to its file, and the rest is packed anew.
void HashJoin::increase_batches() {
  if (!grow_enabled_ || batches_ > kMostBatches) return;
  if (increase_batch_size()) return;
  batches_ *= 2;
  make_batch_files(batches_);
  if (optimal_buckets_ != buckets_) {
    buckets_ = optimal_buckets_;
    bucket_array_ = process_.repalloc(bucket_array_, buckets_ * kBucketBytes);
  }
  std::vector<MemoryChunk> old = std::exchange(chunks_, {});
  const std::uint64_t before = std::exchange(in_memory_, 0);
  by_hash_.clear();
  std::uint64_t freed = 0;
  std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> dumped;  // by batch: tuples, bytes
  for (MemoryChunk& chunk : old) {
    for (const HashTuple& tuple : chunk.tuples) {
      const std::uint32_t batch = batch_of(tuple.hash, buckets_, batches_);
      if (batch == current_batch_) {
        store(tuple);
        continue;
      }
      save(files_[batch].inner, tuple);
      space_used_ -= kHashTupleOverhead + tuple.bytes;
      ++freed;
      ++dumped[batch].first;
      dumped[batch].second += kHashValueBytes + tuple.bytes;
    }
    process_.pfree(chunk.at);
    chunk.tuples = {};
  }
  for (const auto& [batch, what] : dumped) spilled(batch, what.first, what.second, false);
  // All of it or nothing: rows of one hash value cannot be divided any further.
  if (freed == 0 || freed == before) grow_enabled_ = false;
}

void HashJoin::finish_build() {
  check(!built_, "a hash table is built once");
  built_ = true;
  if (buckets_ != optimal_buckets_) {
    buckets_ = optimal_buckets_;
    bucket_array_ = process_.repalloc(bucket_array_, buckets_ * kBucketBytes);
  }
  space_peak_ = std::max(space_peak_, space_used_ + buckets_ * kBucketBytes);
  batches_at_probe_ = batches_;
  enter(OperationPhase::Probe);
  tell();
}

// --- batches ----------------------------------------------------------------------------------------------------

void HashJoin::save(BatchFile& file, HashTuple tuple) {
  if (!file.file) {
    file.file = process_.memory_context_alloc(file_context_, kBufFileBytes);
    file.files = process_.memory_context_alloc(file_context_, kFileArrayBytes);
  }
  file.tuples.push_back(tuple);
  file.bytes += kHashValueBytes + tuple.bytes;
}

void HashJoin::close_file(BatchFile& file) {
  if (!file.file) return;
  process_.pfree(file.files);
  process_.pfree(file.file);
  file = {};
}

std::uint64_t HashJoin::batch_file_bytes(std::uint32_t batch, bool outer) const {
  if (batch >= files_.size()) return 0;
  return outer ? files_[batch].outer.bytes : files_[batch].inner.bytes;
}

std::uint64_t HashJoin::matches(std::uint32_t hash) const {
  const auto found = by_hash_.find(hash);
  return found == by_hash_.end() ? 0 : found->second;
}

std::optional<std::uint64_t> HashJoin::probe(HashTuple outer) {
  check(built_, "the outer side is looked at when the table is built");
  const std::uint32_t batch = batch_of(outer.hash, buckets_, batches_);
  if (batch == current_batch_) return matches(outer.hash);
  save(files_[batch].outer, outer);
  spilled(batch, 1, kHashValueBytes + outer.bytes, false);
  return std::nullopt;
}

void HashJoin::reset_table() {
  process_.memory_context_reset(batch_context_);
  bucket_array_ = process_.memory_context_alloc_zero(batch_context_, buckets_ * kBucketBytes);
  chunks_.clear();
  by_hash_.clear();
  in_memory_ = 0;
  space_used_ = 0;
}

bool HashJoin::next_batch() {
  check(built_, "the table is built before the second batch");
  if (current_batch_ > 0) close_file(files_[current_batch_].outer);
  std::uint32_t next = current_batch_ + 1;
  for (; next < batches_; ++next) {
    Batch& batch = files_[next];
    const bool inner = static_cast<bool>(batch.inner.file), outer = static_cast<bool>(batch.outer.file);
    if (inner && outer) break;
    if (outer && spec_.fill_outer) break;
    // Rows that went to this file before batches were doubled may belong to a later one by now.
    if (inner && batches_ != original_batches_) break;
    if (outer && batches_ != batches_at_probe_) break;
    close_file(batch.inner);
    close_file(batch.outer);
  }
  if (next >= batches_) return false;
  current_batch_ = next;
  reset_table();
  if (files_[next].inner.file) {
    const std::vector<HashTuple> tuples = std::exchange(files_[next].inner.tuples, {});
    spilled(next, tuples.size(), files_[next].inner.bytes, true);
    for (const HashTuple& tuple : tuples) {
      insert_here_or_later(tuple);
      tell();
    }
    close_file(files_[next].inner);
  }
  tell();
  return true;
}

std::optional<std::uint64_t> HashJoin::next_saved_outer() {
  if (current_batch_ == 0) return std::nullopt;
  while (true) {
    BatchFile& file = files_[current_batch_].outer;
    if (file.next == file.tuples.size()) return std::nullopt;
    const HashTuple tuple = file.tuples[file.next++];
    if (const auto found = probe(tuple)) return found;
  }
}

void HashJoin::end() {
  for (Batch& batch : files_) {
    close_file(batch.inner);
    close_file(batch.outer);
  }
  process_.memory_context_delete(table_context_);
  process_.pfree(table_);
  has_ended(space_peak_);
}

}  // namespace palloscope::core
