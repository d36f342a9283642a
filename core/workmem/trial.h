// Trial: one sort, hash join or hash aggregate of rows that are made up (so many, so wide, in such an order), run on a
// process of its own, and the decisions that it came to on the way. For the command line; pure but for its time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/events/server_events.h"
#include "core/workmem/hash_aggregate.h"
#include "core/workmem/hash_join.h"
#include "core/workmem/sort.h"

namespace palloscope::core {

enum class RowOrder : std::uint8_t { Random, Ascending, Descending };

struct TrialSpec {
  OperationKind kind = OperationKind::Sort;
  int major = 17;
  WorkSettings settings;
  std::uint64_t rows = 1000;
  std::uint64_t width = 4;  // of a row's columns, without header

  RowOrder order = RowOrder::Random;           // sort
  std::uint64_t bound = 0;                     // sort: LIMIT; 0: none
  SortKind sort_kind = SortKind::Heap;         // sort
  std::optional<double> planned_rows;          // as the planner guesses; none: it guesses right
  std::optional<std::uint64_t> planned_width;  // likewise
  std::uint64_t distinct = 0;                  // keys of a join's inner side, groups of an aggregate; 0: each its own
  std::uint32_t frequent_percent = 0;          // of a join's inner rows that have one and the same key
};

inline constexpr std::uint64_t kMostTrialRows = 20'000'000, kWidestTrialRow = 1'000'000;

// The first row after which something was decided: a phase, another size of the array, a run, batches, a limit.
struct TrialDecision {
  std::uint64_t row = 0;  // from 1 on; rows + 1: when all had come
  OperationPhase phase = OperationPhase::Initial;
  OperationCounted counted;
  friend bool operator==(const TrialDecision&, const TrialDecision&) = default;
};

struct Trial {
  std::string method;  // of a sort: as EXPLAIN names it
  std::uint64_t limit_bytes = 0;
  std::uint64_t peak_bytes =
      0;  // the operation's own account, as EXPLAIN rounds it up to kB; of a sort on disk: its file
  std::uint64_t highest_bytes = 0;              // the account at its highest, at whatever moment
  std::uint64_t context_bytes = 0;              // of its memory contexts, blocks and all, at their highest
  std::uint64_t disk_bytes = 0;                 // written to files in all (of a sort: the file's length)
  bool on_disk = false;                         // a sort's figure is of its file
  std::uint64_t slots = 0, original_slots = 0;  // memtuples, buckets, array of groups
  std::uint32_t parts = 0, original_parts = 0;  // runs, batches
  std::uint32_t tapes = 0, merged_tapes = 0;
  std::uint32_t merged_runs = 0;  // written by merging, beside `parts`
  std::uint64_t groups = 0;
  std::vector<TrialDecision> decisions;  // the first ones, no more than kMostDecisions
  std::uint64_t decision_count = 0;
};
inline constexpr std::size_t kMostDecisions = 200;

// How far a trial is; a large one takes seconds.
struct TrialProgress {
  std::string_view doing;          // "rows in", "merging"
  std::uint64_t done = 0, of = 0;  // rows; 0 of 0: nobody knows how many
};

// Fails on numbers that make no sense (too many rows, a row larger than PostgreSQL allows). `watch` is called now and
// then on the way.
Result<Trial> run_trial(const TrialSpec& spec, const std::function<void(const TrialProgress&)>& watch = {});

}  // namespace palloscope::core
