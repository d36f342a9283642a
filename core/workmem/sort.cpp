// In memory: filling memtuples and growing it, the bounded heap, the quicksort (spec 12.4). Runs: sort_runs.cpp.
#include "core/workmem/sort.h"

#include <algorithm>
#include <limits>

#include "core/base/check.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kSortTupleBytes = 24;
constexpr std::uint64_t kFirstSlots = 1024;      // of memtuples
constexpr std::uint64_t kStateBytes = 504;       // Tuplesortstate
constexpr std::uint64_t kSortSupportBytes = 72;  // a key column's SortSupportData
constexpr std::uint64_t kMostSlots = std::numeric_limits<std::int32_t>::max();

}  // namespace

SortKind sort_kind_of(std::size_t columns, bool by_value, const SortRules& rules) {
  if (columns != 1) return SortKind::Heap;
  if (by_value) return SortKind::DatumByValue;
  return rules.any_column_is_datum ? SortKind::DatumByReference : SortKind::Heap;
}

const char* sort_method_name(SortMethod method) {
  switch (method) {
    case SortMethod::StillInProgress:
      return "still in progress";
    case SortMethod::TopNHeapsort:
      return "top-N heapsort";
    case SortMethod::Quicksort:
      return "quicksort";
    case SortMethod::ExternalSort:
      return "external sort";
    case SortMethod::ExternalMerge:
      return "external merge";
  }
  return "";
}

TupleSort::TupleSort(Process& process, OperationSlot slot, const SortSpec& spec)
    : Operation(process, slot), spec_(spec), allowed_bytes_(spec.settings.sort_limit_bytes()), slots_(kFirstSlots) {
  const OperationRules* rules = find_operation_rules(process.profile().major);
  check(rules != nullptr, "the rules of operations are known for every version with a profile");
  rules_ = rules->sort;
  avail_bytes_ = static_cast<std::int64_t>(allowed_bytes_);
  main_ = process.alloc_set_context_create(process.current_memory_context(), "TupleSort main");
  sort_ = process.alloc_set_context_create(main_, "TupleSort sort");
  process.memory_context_alloc_zero(main_, kStateBytes);
  // A bounded sort frees tuples one by one.
  if (spec.allow_bounded) {
    tuples_context_ = process.alloc_set_context_create(sort_, "Caller tuples");
  } else if (rules_.bump_tuples) {
    tuples_context_ = process.bump_context_create(sort_, "Caller tuples");
  } else {
    tuples_context_ = process.generation_context_create(sort_, "Caller tuples");
  }
  began(OperationKind::Sort, OperationPhase::Initial, main_, allowed_bytes_, spec.name);
  memtuples_ = process.memory_context_alloc(main_, slots_ * kSortTupleBytes);
  use(process.get_memory_chunk_space(memtuples_));
  process.memory_context_alloc_zero(main_, spec.key_columns * kSortSupportBytes);
  tell();
}

void TupleSort::set_bound(std::uint64_t bound) {
  check(spec_.allow_bounded && put_count_ == 0, "a bound is set before the first tuple, of a sort that allows it");
  // Twice the bound must be a number of tuples.
  if (bound <= kMostSlots / 2) bound_ = bound;
}

void TupleSort::tell() {
  OperationCounted now;
  now.used_bytes = used_bytes() < 0 ? 0 : static_cast<std::uint64_t>(used_bytes());
  now.limit_bytes = allowed_bytes_;
  now.tuples = heap_.empty() ? tuples_.size() : heap_.size();
  now.slots = slots_;
  now.parts = run_count_;
  now.part = static_cast<std::uint32_t>(std::max(output_tapes_.size(), input_tapes_.size()));
  counted(now);
}

std::uint64_t TupleSort::tuple_space(const Entry& entry) const {
  if (!entry.at) return 0;
  if (spec_.kind == SortKind::DatumByReference && !rules_.counts_datum_values) return 0;
  // A Bump chunk does not know its size.
  if (rules_.bump_tuples && !spec_.allow_bounded) return max_align(entry.bytes);
  return process_.get_memory_chunk_space(entry.at);
}

void TupleSort::put(SortedTuple tuple) {
  check(!performed_, "a sort that was performed takes no more tuples");
  ++put_count_;
  Entry entry{tuple.key, spec_.kind == SortKind::DatumByValue ? 0 : tuple.bytes, {}};
  if (spec_.kind != SortKind::DatumByValue) entry.at = process_.memory_context_alloc(tuples_context_, entry.bytes);
  const std::uint64_t space = tuple_space(entry);
  use(space);
  tuple_bytes_ += space;
  switch (phase()) {
    case OperationPhase::Initial:
      // With one slot left: if there will be no more, this tuple still finds room.
      if (tuples_.size() + 1 >= slots_) grow_memtuples();
      tuples_.push_back(entry);
      if (bound_ != 0 && (tuples_.size() > bound_ * 2 || (tuples_.size() > bound_ && lacks_memory()))) {
        make_bounded_heap();
      } else if (tuples_.size() >= slots_ || lacks_memory()) {
        begin_tapes();
        dump_tuples(false);
      }
      break;
    case OperationPhase::Bounded:
      put_bounded(entry);
      break;
    default:
      check(phase() == OperationPhase::BuildRuns, "tuples are put into a sort that builds runs, or is in memory");
      tuples_.push_back(entry);
      dump_tuples(false);
  }
  tell();
}

// Doubles while that uses no more than the memory allowed; the last step, an odd one, takes what share is left.
void TupleSort::grow_memtuples() {
  if (!may_grow_) return;
  const std::int64_t used = used_bytes();
  std::uint64_t wanted = std::min(slots_ * 2, kMostSlots);
  if (used > avail_bytes_) {
    may_grow_ = false;
    const double ratio = static_cast<double>(allowed_bytes_) / static_cast<double>(used);
    const double slots = static_cast<double>(slots_) * ratio;
    wanted = slots < static_cast<double>(kMostSlots) ? static_cast<std::uint64_t>(slots) : kMostSlots;
  }
  if (wanted <= slots_ || avail_bytes_ < static_cast<std::int64_t>((wanted - slots_) * kSortTupleBytes)) {
    may_grow_ = false;
    return;
  }
  give_back(process_.get_memory_chunk_space(memtuples_));
  slots_ = wanted;
  memtuples_ = process_.repalloc_huge(memtuples_, slots_ * kSortTupleBytes);
  use(process_.get_memory_chunk_space(memtuples_));
  if (lacks_memory()) throw Ereport{"XX000", "unexpected out-of-memory situation in tuplesort", "", main_};
}

namespace {

// A heap whose top is the greatest key.
constexpr auto kLess = [](const auto& a, const auto& b) { return a.key < b.key; };

}  // namespace

void TupleSort::free_tuple(const Entry& entry) {
  if (!entry.at) return;
  give_back(process_.get_memory_chunk_space(entry.at));
  process_.pfree(entry.at);
}

// Keeps the best `bound`. What the heap's top is replaced by is not freed here, as in the server: it stays in memory,
// and in the account, to the end of the sort.
void TupleSort::make_bounded_heap() {
  std::vector<Entry> heap;
  heap.reserve(bound_);
  for (const Entry& entry : tuples_) {
    if (heap.size() < bound_) {
      heap.push_back(entry);
      std::push_heap(heap.begin(), heap.end(), kLess);
    } else if (entry.key >= heap.front().key) {
      free_tuple(entry);
    } else {
      std::pop_heap(heap.begin(), heap.end(), kLess);
      heap.back() = entry;
      std::push_heap(heap.begin(), heap.end(), kLess);
    }
  }
  tuples_ = std::move(heap);
  enter(OperationPhase::Bounded);
}

void TupleSort::put_bounded(Entry entry) {
  if (entry.key >= tuples_.front().key) {
    free_tuple(entry);
    return;
  }
  free_tuple(tuples_.front());
  std::pop_heap(tuples_.begin(), tuples_.end(), kLess);
  tuples_.back() = entry;
  std::push_heap(tuples_.begin(), tuples_.end(), kLess);
}

void TupleSort::perform() {
  check(!performed_, "a sort is performed once");
  performed_ = true;
  if (phase() == OperationPhase::BuildRuns) {
    dump_tuples(true);
    merge_runs();
  } else {
    bound_used_ = phase() == OperationPhase::Bounded;
    std::stable_sort(tuples_.begin(), tuples_.end(), kLess);
    enter(OperationPhase::SortedInMemory);
  }
  next_ = 0;
  tell();
}

std::optional<SortedTuple> TupleSort::get() {
  check(performed_, "a sort answers tuples after it was performed");
  if (phase() != OperationPhase::SortedInMemory) {
    if (returned_) release_slot(*returned_);
    returned_ = next_merged();
    tell();
    if (!returned_) return std::nullopt;
    return SortedTuple{returned_->key, returned_->bytes};
  }
  if (next_ == tuples_.size() || (bound_ != 0 && next_ == bound_)) return std::nullopt;
  const Entry& entry = tuples_[next_++];
  return SortedTuple{entry.key, entry.bytes};
}

// What was reported as used in memory counts less than what went to disk, however little that was.
SortStats TupleSort::stats() {
  const bool on_disk = tapes_.has_value();
  const std::int64_t space = on_disk ? static_cast<std::int64_t>(disk_blocks() * kTapeBlockBytes) : used_bytes();
  if ((on_disk && !max_on_disk_) || (on_disk == max_on_disk_ && space > static_cast<std::int64_t>(max_space_))) {
    max_space_ = static_cast<std::uint64_t>(std::max<std::int64_t>(space, 0));
    max_on_disk_ = on_disk;
    max_phase_ = phase();
  }
  SortStats stats;
  stats.on_disk = max_on_disk_;
  stats.space_kb = (max_space_ + 1023) / 1024;
  if (max_phase_ == OperationPhase::SortedInMemory)
    stats.method = bound_used_ ? SortMethod::TopNHeapsort : SortMethod::Quicksort;
  if (max_phase_ == OperationPhase::SortedOnTape) stats.method = SortMethod::ExternalSort;
  if (max_phase_ == OperationPhase::FinalMerge) stats.method = SortMethod::ExternalMerge;
  return stats;
}

void TupleSort::end() {
  stats();
  if (tapes_) tapes_->close();
  process_.memory_context_reset(sort_);
  process_.memory_context_delete(main_);
  has_ended(max_space_);
}

}  // namespace palloscope::core
