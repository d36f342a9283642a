// TupleSort: PostgreSQL's tuplesort (spec 12.4) as a state machine. Tuples have a key and a size but no contents; where
// they lie, what the sort believes to have used, when it goes to tapes and what it then takes is as in the server: all
// memory is palloc'ed through the Process, in the contexts of its version.
//
// Keys stand for what the columns would compare as. Tuples that go to a run are sorted and merged for real, so that
// blocks of the temporary file are used again in the server's order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/version/operation_rules.h"
#include "core/workmem/operation.h"
#include "core/workmem/tape_set.h"
#include "core/workmem/work_settings.h"

namespace palloscope::core {

enum class SortKind : std::uint8_t {
  Heap,              // tuplesort_begin_heap: whole tuples
  DatumByValue,      // tuplesort_begin_datum of an int and its like: no tuples at all
  DatumByReference,  // tuplesort_begin_datum of a text and its like
};

// What a Sort node begins for so many columns.
SortKind sort_kind_of(std::size_t columns, bool by_value, const SortRules& rules);

struct SortSpec {
  SortKind kind = SortKind::Heap;
  bool allow_bounded = false;  // TUPLESORT_ALLOWBOUNDED: a Limit stands above
  bool random_access = false;  // TUPLESORT_RANDOMACCESS: the result is read back and forth
  std::uint32_t key_columns = 1;
  WorkSettings settings;
  std::string name = "Sort";
};

struct SortedTuple {
  std::int64_t key = 0;
  std::uint64_t bytes = 0;  // t_len; of a by-reference value its size; 0: by value
};

// As EXPLAIN (ANALYZE) names them.
enum class SortMethod : std::uint8_t { StillInProgress, TopNHeapsort, Quicksort, ExternalSort, ExternalMerge };
const char* sort_method_name(SortMethod method);  // "top-N heapsort"

struct SortStats {
  SortMethod method = SortMethod::StillInProgress;
  bool on_disk = false;
  std::uint64_t space_kb = 0;
};

class TupleSort final : public Operation {
 public:
  // tuplesort_begin_heap, _datum: in CurrentMemoryContext. The rules are those of the process's version.
  TupleSort(Process& process, OperationSlot slot, const SortSpec& spec);

  void set_bound(std::uint64_t bound);  // before any put; the spec must allow it
  void put(SortedTuple tuple);          // tuplesort_puttupleslot, _putdatum; before perform
  void perform();                       // tuplesort_performsort
  std::optional<SortedTuple> get();     // tuplesort_gettupleslot; after perform
  SortStats stats();                    // tuplesort_get_stats
  void end();                           // tuplesort_end

  bool performed() const { return performed_; }
  SortKind kind() const { return spec_.kind; }
  bool allows_bound() const { return spec_.allow_bounded; }
  std::uint64_t put_count() const { return put_count_; }

  std::int64_t used_bytes() const { return static_cast<std::int64_t>(allowed_bytes_) - avail_bytes_; }
  std::uint64_t allowed_bytes() const { return allowed_bytes_; }
  std::uint64_t slots() const { return slots_; }
  std::uint64_t tuples_in_memory() const { return tuples_.size(); }
  std::uint32_t runs() const { return run_count_; }             // also those that merging wrote
  std::uint32_t initial_runs() const { return initial_runs_; }  // written before merging
  std::uint32_t max_tapes() const { return max_tapes_; }
  std::uint64_t disk_blocks() const { return tapes_ ? tapes_->blocks() : 0; }
  std::uint64_t tape_buffer_bytes() const { return tape_buffer_bytes_; }  // what merging has for all its tapes
  std::uint32_t merged_tapes() const { return static_cast<std::uint32_t>(input_tapes_.size()); }  // of the last merge
  Address main_context() const { return main_; }

 private:
  struct Entry {
    std::int64_t key = 0;
    std::uint64_t bytes = 0;
    Address at;  // null: no memory of its own (by value, or in a slab slot of a merge)
  };
  struct Run {
    std::uint32_t number = 0;  // from 1 on, in the order of writing
    std::vector<Entry> entries;
    std::size_t next = 0;
    std::uint64_t bytes = 0;  // on tape, with its end mark
  };
  struct OutputTape {
    TapeIndex tape = 0;
    std::vector<Run> runs;  // one behind the other
    std::size_t next_run = 0;
  };
  struct HeapEntry {
    Entry entry;
    std::size_t source = 0;  // index of the input tape
  };

  void use(std::uint64_t bytes) { avail_bytes_ -= static_cast<std::int64_t>(bytes); }
  void give_back(std::uint64_t bytes) { avail_bytes_ += static_cast<std::int64_t>(bytes); }
  bool lacks_memory() const { return avail_bytes_ < 0; }
  std::uint64_t tuple_space(const Entry& entry) const;  // what putting it adds to the account
  std::uint64_t tape_bytes(const Entry& entry) const;
  void tell();

  void grow_memtuples();
  void put_bounded(Entry entry);
  void make_bounded_heap();
  void free_tuple(const Entry& entry);

  // --- sort_runs.cpp
  void begin_tapes();
  void dump_tuples(bool all);
  OutputTape& select_new_tape();
  void end_run(OutputTape& tape, Run run);
  void merge_runs();
  void merge_one_run();
  void begin_merge();
  bool read_next(std::size_t source, Entry& into);
  std::optional<Entry> next_merged();
  void release_slot(const Entry& entry);

  SortSpec spec_;
  SortRules rules_;
  Address main_, sort_, tuples_context_;
  Address memtuples_;
  std::uint64_t allowed_bytes_ = 0;
  std::int64_t avail_bytes_ = 0;
  std::uint64_t slots_ = 0;
  bool may_grow_ = true;
  std::uint64_t bound_ = 0;  // 0: none
  bool bound_used_ = false;
  std::uint64_t put_count_ = 0;
  std::uint64_t tuple_bytes_ = 0;  // 17+: accounted for the tuples in memory, given back all at once
  std::vector<Entry> tuples_;      // BOUNDED: a heap, the greatest first
  bool performed_ = false;

  std::optional<TapeSet> tapes_;
  std::uint32_t max_tapes_ = 0, run_count_ = 0, initial_runs_ = 0;
  std::vector<OutputTape> output_tapes_, input_tapes_;
  std::size_t output_runs_ = 0, input_runs_ = 0;
  std::uint64_t tape_buffer_bytes_ = 0;
  std::vector<HeapEntry> heap_;  // of a merge, the least first
  std::optional<Entry> returned_;
  std::size_t next_ = 0;  // of what get answers

  std::uint64_t max_space_ = 0;
  bool max_on_disk_ = false;
  OperationPhase max_phase_ = OperationPhase::Initial;
};

}  // namespace palloscope::core
