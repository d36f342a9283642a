#include "core/workmem/hash_aggregate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <utility>

#include "core/base/check.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kPerGroupBytes = 16;  // AggStatePerGroupData
constexpr double kPartitionFactor = 1.5;
constexpr std::uint32_t kFewestPartitions = 4, kMostPartitions = 1024;
constexpr std::uint64_t kBufferBytes = kTapeBlockBytes;  // of a partition that is written, or read
constexpr double kFillFactor = 0.9;                      // of the array of entries
constexpr std::uint64_t kTableBytes = 160, kArrayHeadBytes = 48, kExprContextBytes = 144;
constexpr std::uint64_t kTapeBytes = 80, kHashValueBytes = 4;

std::uint64_t grow_threshold(std::uint64_t slots) {
  return static_cast<std::uint64_t>(static_cast<double>(slots) * kFillFactor);
}

// Blocks of no more than a sixteenth of work_mem, so that the limit is met with some precision.
AllocSetSizes group_sizes(const WorkSettings& settings) {
  AllocSetSizes sizes = kDefaultSizes;
  const std::uint64_t share = std::bit_floor(std::max<std::uint64_t>(settings.work_mem_kb * 1024 / 16, 1));
  sizes.max_block_bytes = std::clamp(share, kDefaultSizes.init_block_bytes, kDefaultSizes.max_block_bytes);
  return sizes;
}

std::uint32_t partition_bits(double groups, std::uint64_t entry_bytes, std::uint32_t used_bits,
                             const WorkSettings& settings) {
  const double limit = static_cast<double>(settings.hash_limit_bytes());
  const double most = (limit * 0.25 - static_cast<double>(kBufferBytes)) / static_cast<double>(kBufferBytes);
  const double wanted = 1 + kPartitionFactor * groups * static_cast<double>(entry_bytes) / limit;
  const double chosen = std::clamp(std::min(wanted, most), double{kFewestPartitions}, double{kMostPartitions});
  const auto bits = static_cast<std::uint32_t>(std::bit_width(static_cast<std::uint32_t>(chosen) - 1));
  return std::min(bits, 32 - used_bits);
}

}  // namespace

std::uint64_t hash_aggregate_entry_bytes(const HashAggregateSpec& spec, const HashAggregateRules& rules) {
  const std::uint64_t tuple = rules.chunk_header_bytes + kMinimalTupleHeader + spec.planned_width;
  const std::uint64_t values = spec.transitions == 0 ? 0 : rules.chunk_header_bytes + spec.transitions * kPerGroupBytes;
  return rules.entry_bytes + tuple + values;
}

HashAggregateLimits hash_aggregate_limits(double groups, std::uint64_t entry_bytes, std::uint32_t used_bits,
                                          const WorkSettings& settings) {
  const std::uint64_t limit = settings.hash_limit_bytes();
  HashAggregateLimits limits{limit, limit / entry_bytes, 0};
  if (groups * static_cast<double>(entry_bytes) <= static_cast<double>(limit)) return limits;
  limits.partitions = 1u << partition_bits(groups, entry_bytes, used_bits, settings);
  const std::uint64_t buffers = kBufferBytes * (1 + limits.partitions);
  limits.bytes = limit > 4 * buffers ? limit - buffers : limit / 4 * 3;
  limits.groups = std::max<std::uint64_t>(limits.bytes / entry_bytes, 1);
  return limits;
}

std::uint32_t grouping_hash(std::uint32_t hash) {  // murmurhash3's last mix
  hash ^= hash >> 16;
  hash *= 0x85ebca6bu;
  hash ^= hash >> 13;
  hash *= 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

HashAggregate::HashAggregate(Process& process, OperationSlot slot, const HashAggregateSpec& spec)
    : Operation(process, slot), spec_(spec), parent_(process.current_memory_context()) {
  const OperationRules* rules = find_operation_rules(process.profile().major);
  check(rules != nullptr, "the rules of operations are known for every version with a profile");
  rules_ = rules->hash_aggregate;
  entry_bytes_ = hash_aggregate_entry_bytes(spec, rules_);
  limits_ = hash_aggregate_limits(spec.planned_groups, entry_bytes_, 0, spec.settings);

  const AllocSetSizes sizes = group_sizes(spec.settings);
  value_context_ = process.alloc_set_context_create(parent_, "ExprContext", sizes);
  meta_context_ = process.alloc_set_context_create(parent_, "HashAgg meta context");
  group_context_ = value_context_;
  if (rules_.has_tuples_context) group_context_ = process.bump_context_create(parent_, "HashAgg table context", sizes);
  began(OperationKind::HashAggregate, OperationPhase::Fill, meta_context_, limits_.bytes, spec.name);

  // No more than half of the memory for the array; and of the estimate, a table that it fills to 90 %.
  const std::uint64_t entries = limits_.bytes / entry_bytes_ / 2;
  const auto most = static_cast<double>(entries);
  const double buckets = std::max(std::min(std::floor(spec.planned_groups), most), 1.0);
  process.memory_context_alloc(meta_context_, kTableBytes);
  process.memory_context_alloc_zero(meta_context_, kArrayHeadBytes);
  make_array(std::bit_ceil(std::max<std::uint64_t>(static_cast<std::uint64_t>(buckets / kFillFactor), 2)));
  process.memory_context_alloc_zero(meta_context_, kExprContextBytes);
  process.alloc_set_context_create(meta_context_, "ExprContext");
  tell();
}

std::uint64_t HashAggregate::used_bytes() const {
  std::uint64_t bytes = process_.memory_context_mem_allocated(meta_context_, true) +
                        process_.memory_context_mem_allocated(value_context_, true);
  if (group_context_ != value_context_) bytes += process_.memory_context_mem_allocated(group_context_, true);
  return bytes;
}

void HashAggregate::tell() {
  OperationCounted now;
  now.used_bytes = used_bytes();
  now.limit_bytes = limits_.bytes;
  now.tuples = groups_.size();
  now.slots = slots_;
  now.parts = static_cast<std::uint32_t>(open_.size() + waiting_.size());
  now.part = batches_;
  counted(now);
}

void HashAggregate::make_array(std::uint64_t slots) {
  const Address old =
      std::exchange(array_, process_.memory_context_alloc_extended(meta_context_, slots * rules_.entry_bytes,
                                                                   kMcxtAllocHuge | kMcxtAllocZero));
  if (old) process_.pfree(old);
  slots_ = slots;
}

void HashAggregate::add(std::uint64_t key, HashTuple row) {
  check(!finished_, "rows are added before the input has ended");
  take({key, row});
  tell();
}

void HashAggregate::take(const Row& row) {
  if (groups_.contains(row.key)) return;
  if (spilling_) {
    spill(row);
  } else {
    add_group(row);
  }
}

void HashAggregate::add_group(const Row& row) {
  if (groups_.size() >= grow_threshold(slots_)) make_array(slots_ * 2);
  const std::uint64_t values = spec_.transitions * kPerGroupBytes;
  process_.memory_context_alloc(group_context_, row.tuple.bytes + (rules_.has_tuples_context ? values : 0));
  groups_.insert(row.key);
  if (used_bytes() > limits_.bytes || groups_.size() > limits_.groups) {
    spilling_ = true;
    if (!from_tape_) {
      begin_spill(spec_.planned_groups);
      enter(OperationPhase::Spill);
    }
  }
  if (!rules_.has_tuples_context && values != 0) process_.memory_context_alloc(group_context_, values);
}

// Partitions by the highest bits of the hash value that no batch above this one has used.
void HashAggregate::begin_spill(double groups) {
  open_.resize(std::size_t{1} << partition_bits(groups, entry_bytes_, used_bits_, spec_.settings));
  for (Partition& partition : open_) {
    partition.number = ++partition_count_;
    partition.used_bits = used_bits_ + static_cast<std::uint32_t>(std::countr_zero(open_.size()));
    partition.tape = process_.memory_context_alloc(parent_, kTapeBytes);
  }
}

void HashAggregate::spill(const Row& row) {
  if (open_.empty()) begin_spill(static_cast<double>(limits_.groups) * 2);
  const auto bits = static_cast<std::uint32_t>(std::countr_zero(open_.size()));
  const std::uint32_t shift = 32 - used_bits_ - bits;
  Partition& partition = open_[bits == 0 ? 0 : row.tuple.hash >> shift & (open_.size() - 1)];
  if (!partition.buffer) partition.buffer = process_.memory_context_alloc(parent_, kBufferBytes);
  partition.rows.push_back(row);
  partition.bytes += kHashValueBytes + row.tuple.bytes;
  spilled(partition.number, 1, kHashValueBytes + row.tuple.bytes, false);
}

void HashAggregate::note_peak(bool from_tape) {
  std::uint64_t bytes = used_bytes() + open_.size() * kBufferBytes;
  if (from_tape) bytes += kBufferBytes;
  peak_ = std::max(peak_, bytes);
}

// Partitions that got rows become batches; the last one of them is the next.
void HashAggregate::keep_spilled() {
  for (Partition& partition : open_) {
    if (partition.buffer) process_.pfree(std::exchange(partition.buffer, {}));
    if (partition.rows.empty()) {
      process_.pfree(partition.tape);
      continue;
    }
    ++batches_;
    waiting_.push_back(std::move(partition));
  }
  open_.clear();
  spilling_ = false;
}

void HashAggregate::finish() {
  check(!finished_, "an input ends once");
  finished_ = true;
  note_peak(false);
  keep_spilled();
  tell();
}

bool HashAggregate::refill() {
  check(finished_, "batches come when the input has ended");
  if (waiting_.empty()) return false;
  from_tape_ = true;
  enter(OperationPhase::Refill);
  Partition batch = std::move(waiting_.back());
  waiting_.pop_back();
  done_ += groups_.size();
  groups_.clear();
  used_bits_ = batch.used_bits;
  std::unordered_set<std::uint64_t> keys;
  for (const Row& row : batch.rows) keys.insert(row.key);
  limits_ = hash_aggregate_limits(static_cast<double>(keys.size()), entry_bytes_, used_bits_, spec_.settings);
  // The array stays as large as it has become.
  process_.memory_context_reset(value_context_);
  if (group_context_ != value_context_) process_.memory_context_reset(group_context_);
  spilled(batch.number, batch.rows.size(), batch.bytes, true);
  for (const Row& row : batch.rows) {
    take(row);
    tell();
  }
  note_peak(true);
  keep_spilled();
  process_.pfree(batch.tape);
  tell();
  return true;
}

void HashAggregate::end() {
  for (Partition& partition : open_) {
    if (partition.buffer) process_.pfree(partition.buffer);
    process_.pfree(partition.tape);
  }
  for (Partition& partition : waiting_) process_.pfree(partition.tape);
  process_.memory_context_delete(meta_context_);
  if (group_context_ != value_context_) process_.memory_context_delete(group_context_);
  process_.memory_context_delete(value_context_);
  has_ended(peak_);
}

}  // namespace palloscope::core
