// HashJoin: the hash table of a hash join (nodeHash.c, nodeHashjoin.c; spec 12.2) as a state machine: the inner side is
// inserted, the outer side looks things up, batch by batch. Tuples have a hash value and a size but no contents. All
// memory is palloc'ed through the Process, in the contexts of its version.
//
// Left out: the skew table for the outer side's most common values (its 2 % of the limit count, spec 12.2), and shared
// tables of parallel hash joins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/workmem/hash_sizing.h"
#include "core/workmem/operation.h"

namespace palloscope::core {

struct HashJoinSpec {
  HashTableGuess guess;
  WorkSettings settings;
  bool fill_outer = false;  // left join: outer rows without a match count too, so their batches are not skipped
  std::string name = "Hash Join";
};

struct HashTuple {
  std::uint32_t hash = 0;
  std::uint64_t bytes = 0;  // t_len of the MinimalTuple
  friend bool operator==(const HashTuple&, const HashTuple&) = default;
};

class HashJoin final : public Operation {
 public:
  HashJoin(Process& process, OperationSlot slot, const HashJoinSpec& spec);  // ExecHashTableCreate

  void insert(HashTuple tuple);  // ExecHashTableInsert, of the inner side; before finish_build
  void finish_build();           // MultiExecHash's end: buckets are made as many as they should be

  // ExecHashJoinOuterGetTuple with a row of the outer side: how many rows match by hash value; none: it belongs to a
  // later batch and was put into that one's file.
  std::optional<std::uint64_t> probe(HashTuple outer);
  // ExecHashJoinNewBatch; false: there is none left.
  bool next_batch();
  // The next row of the current batch's outer file that belongs to this batch: its matches. None: the file is at its
  // end. In the first batch there is no file: rows come through probe.
  std::optional<std::uint64_t> next_saved_outer();
  void end();  // ExecHashTableDestroy

  std::uint32_t buckets() const { return buckets_; }
  std::uint32_t original_buckets() const { return original_buckets_; }
  std::uint32_t batches() const { return batches_; }
  std::uint32_t original_batches() const { return original_batches_; }
  std::uint32_t current_batch() const { return current_batch_; }
  bool built() const { return built_; }
  bool grow_enabled() const { return grow_enabled_; }
  std::uint64_t space_allowed() const { return space_allowed_; }
  std::uint64_t used_bytes() const { return space_used_ + std::uint64_t{optimal_buckets_} * kBucketBytes; }
  std::uint64_t peak_bytes() const { return space_peak_; }
  std::uint64_t tuples_in_memory() const { return in_memory_; }
  std::uint64_t batch_file_bytes(std::uint32_t batch, bool outer) const;
  Address main_context() const { return table_context_; }

 private:
  struct MemoryChunk {
    Address at;
    std::uint64_t room = 0, used = 0;
    std::vector<HashTuple> tuples;
  };
  struct BatchFile {
    Address file, files;  // BufFile and its array; null: not open
    std::vector<HashTuple> tuples;
    std::uint64_t bytes = 0;
    std::size_t next = 0;
  };
  struct Batch {
    BatchFile inner, outer;
  };

  void tell();
  void store(HashTuple tuple);  // dense_alloc and linking into its bucket
  void insert_here_or_later(HashTuple tuple);
  void increase_batches();
  bool increase_batch_size();
  void make_batch_files(std::uint32_t batches);
  void save(BatchFile& file, HashTuple tuple);
  void close_file(BatchFile& file);
  void reset_table();
  std::uint64_t matches(std::uint32_t hash) const;

  HashJoinSpec spec_;
  HashJoinRules rules_;
  Address parent_, table_, table_context_, batch_context_, file_context_;
  Address bucket_array_, inner_array_, outer_array_;
  std::uint32_t buckets_ = 0, original_buckets_ = 0, optimal_buckets_ = 0;
  std::uint32_t batches_ = 1, original_batches_ = 1, current_batch_ = 0;
  std::uint32_t batches_at_probe_ = 1;
  bool grow_enabled_ = true, built_ = false;
  std::uint64_t space_used_ = 0, space_allowed_ = 0, space_peak_ = 0;
  std::uint64_t inserted_ = 0, in_memory_ = 0;
  std::vector<MemoryChunk> chunks_;                           // the current one first
  std::unordered_map<std::uint32_t, std::uint64_t> by_hash_;  // in memory: rows of a hash value
  std::vector<Batch> files_;                                  // by batch; empty while there is one batch alone
};

}  // namespace palloscope::core
