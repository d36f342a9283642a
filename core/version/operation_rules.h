// OperationRules: what differs between PostgreSQL's majors in the executor's operations under work_mem (spec 12), as
// data. A sibling of VersionProfile for what is not in the bytes.
#pragma once

#include <cstdint>

namespace palloscope::core {

struct SortRules {
  bool bump_tuples = false;          // 17+: unbounded sorts keep tuples in Bump and account for MAXALIGN(t_len)
  bool counts_datum_values = true;   // 15, 16; 17+: a by-reference value adds nothing, yet freeing one is credited
  bool frees_written_tuples = true;  // 15, 16: each tuple of a run is pfree'd when it is on tape; 17+: one reset
  bool any_column_is_datum = false;  // 16+: a sort of one column is a datum sort, by reference too
};

struct HashJoinRules {
  bool functions_in_table = true;  // 15 to 17: hash functions of both sides in HashTableContext
  bool has_spill_context = false;  // 16+: batch files and their buffers live in HashSpillContext
  bool balances_batches = false;   // 18: fewer, larger batches where batch files would cost more than the table
};

struct HashAggregateRules {
  std::uint64_t chunk_header_bytes = 16;  // as the planner's estimate of a group counts it (15: 16; 16+: 8)
  std::uint64_t entry_bytes = 24;         // TupleHashEntryData (18: 16)
  bool has_tuples_context = false;        // 18: groups in a Bump context of their own, values beside the group
};

struct OperationRules {
  int major = 17;
  SortRules sort;
  HashJoinRules hash_join;
  HashAggregateRules hash_aggregate;
};

// 15..18; null for others.
const OperationRules* find_operation_rules(int major);

}  // namespace palloscope::core
