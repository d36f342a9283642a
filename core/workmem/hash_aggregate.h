// HashAggregate: GROUP BY by hashing (nodeAgg.c, execGrouping.c; spec 12.3) as a state machine, in outline: groups and
// their transition values in memory, judged by the blocks that their contexts hold; once over the limit, rows of new
// groups go to partitions on disk, and each partition is aggregated later as a batch of its own.
//
// Left out: grouping sets, by-reference transition values, and the server's estimate of how many groups a partition has
// (it is counted here instead), by which batches of batches are planned.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/workmem/hash_join.h"
#include "core/workmem/operation.h"

namespace palloscope::core {

struct HashAggregateSpec {
  double planned_groups = 200;
  std::uint64_t planned_width = 4;  // of an input row
  std::uint32_t transitions = 1;    // aggregate functions with a state: count(*), sum(x), ...
  WorkSettings settings;
  std::string name = "HashAggregate";
};

struct HashAggregateLimits {
  std::uint64_t bytes = 0, groups = 0;
  std::uint32_t partitions = 0;  // planned; 0: it is not expected to spill
  friend bool operator==(const HashAggregateLimits&, const HashAggregateLimits&) = default;
};

// Bytes that a group is reckoned at, and hash_agg_set_limits.
std::uint64_t hash_aggregate_entry_bytes(const HashAggregateSpec& spec, const HashAggregateRules& rules);
HashAggregateLimits hash_aggregate_limits(double groups, std::uint64_t entry_bytes, std::uint32_t used_bits,
                                          const WorkSettings& settings);
// As execGrouping.c makes it from the columns' hash values, of which there is one.
std::uint32_t grouping_hash(std::uint32_t column_hash);

class HashAggregate final : public Operation {
 public:
  HashAggregate(Process& process, OperationSlot slot, const HashAggregateSpec& spec);  // in CurrentMemoryContext

  // A row whose group is known by `key`; equal keys have equal hash values (grouping_hash) and sizes (t_len of the
  // grouping columns).
  void add(std::uint64_t key, HashTuple row);
  void finish();  // the input has ended
  bool refill();  // the next batch; false: there is none left
  void end();

  const HashAggregateLimits& limits() const { return limits_; }  // of the batch under way
  bool finished() const { return finished_; }
  bool spilling() const { return spilling_; }
  std::uint64_t groups_in_memory() const { return groups_.size(); }
  std::uint64_t groups_done() const { return done_ + groups_.size(); }  // of batches so far, this one included
  std::uint32_t batches() const { return batches_; }
  std::uint64_t used_bytes() const;
  std::uint64_t peak_bytes() const { return peak_; }
  std::uint64_t array_slots() const { return slots_; }
  Address main_context() const { return meta_context_; }

 private:
  struct Row {
    std::uint64_t key = 0;
    HashTuple tuple;
  };
  struct Partition {
    Address tape, buffer;
    std::uint32_t number = 0;
    std::vector<Row> rows;
    std::uint64_t bytes = 0;
    std::uint32_t used_bits = 0;
  };

  void tell();
  void make_array(std::uint64_t slots);
  void take(const Row& row);
  void add_group(const Row& row);
  void begin_spill(double groups);
  void spill(const Row& row);
  void keep_spilled();
  void note_peak(bool from_tape);

  HashAggregateSpec spec_;
  HashAggregateRules rules_;
  std::uint64_t entry_bytes_ = 0;
  HashAggregateLimits limits_;
  Address parent_, value_context_, meta_context_, group_context_, array_;
  std::uint64_t slots_ = 0;
  std::unordered_set<std::uint64_t> groups_;
  bool spilling_ = false, finished_ = false, from_tape_ = false;
  std::uint32_t used_bits_ = 0, partition_count_ = 0, batches_ = 1;
  std::uint64_t peak_ = 0, done_ = 0;
  std::vector<Partition> open_;     // being written
  std::vector<Partition> waiting_;  // the last one is read next
};

}  // namespace palloscope::core
