// On tapes: building runs, and the balanced merge (spec 12.4; tuplesort.c since 15).
#include <algorithm>

#include "core/base/check.h"
#include "core/workmem/sort.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMergeBufferBytes = 32 * kTapeBlockBytes;  // wanted of each input tape
constexpr std::uint64_t kFewestTapes = 6, kMostTapes = 500;
constexpr std::uint64_t kSlabSlotBytes = 1024;
constexpr std::uint64_t kSortTupleBytes = 24, kPointerBytes = 8;
constexpr std::uint64_t kLengthBytes = 4;      // before each tuple on tape; a zero ends a run
constexpr std::uint64_t kTupleHeadBytes = 10;  // of a MinimalTuple, not written: its length and padding
constexpr std::uint64_t kDatumBytes = 8;

// The least key on top.
constexpr auto kGreater = [](const auto& a, const auto& b) { return a.entry.key > b.entry.key; };

}  // namespace

std::uint64_t TupleSort::tape_bytes(const Entry& entry) const {
  std::uint64_t bytes = kLengthBytes;
  if (spec_.kind == SortKind::Heap) bytes += entry.bytes - kTupleHeadBytes;
  if (spec_.kind == SortKind::DatumByReference) bytes += entry.bytes;
  if (spec_.kind == SortKind::DatumByValue) bytes += kDatumBytes;
  return spec_.random_access ? bytes + kLengthBytes : bytes;  // the length again, to read backwards
}

void TupleSort::begin_tapes() {
  const std::uint64_t order = allowed_bytes_ / (2 * kTapeBlockBytes + kMergeBufferBytes);
  max_tapes_ = static_cast<std::uint32_t>(std::clamp(order, kFewestTapes, kMostTapes));
  // A block's buffer for each, unless that would leave nothing.
  const std::uint64_t buffers = max_tapes_ * kTapeBlockBytes;
  if (buffers + process_.get_memory_chunk_space(memtuples_) < allowed_bytes_) use(buffers);
  tapes_.emplace(process_, sort_);
  process_.memory_context_alloc_zero(sort_, max_tapes_ * kPointerBytes);
  enter(OperationPhase::BuildRuns);
}

TupleSort::OutputTape& TupleSort::select_new_tape() {
  if (output_tapes_.size() < max_tapes_) {
    output_tapes_.push_back({tapes_->create_tape(), {}, 0});
    ++output_runs_;
    return output_tapes_.back();
  }
  return output_tapes_[output_runs_++ % output_tapes_.size()];
}

void TupleSort::end_run(OutputTape& tape, Run run) {
  tapes_->write(tape.tape, kLengthBytes);
  run.bytes += kLengthBytes;
  run.number = ++run_count_;
  spilled(run.number, run.entries.size(), run.bytes, false);
  tape.runs.push_back(std::move(run));
}

// What is in memory becomes a run, once there is no room for more; the last run may be a short one.
void TupleSort::dump_tuples(bool all) {
  if (tuples_.size() < slots_ && !lacks_memory() && !all) return;
  if (tuples_.empty() && run_count_ > 0) return;
  OutputTape& tape = select_new_tape();
  Run run;
  std::stable_sort(tuples_.begin(), tuples_.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  run.entries = std::move(tuples_);
  tuples_.clear();
  for (Entry& entry : run.entries) {
    const std::uint64_t bytes = tape_bytes(entry);
    tapes_->write(tape.tape, bytes);
    run.bytes += bytes;
    if (rules_.frees_written_tuples) free_tuple(entry);
    entry.at = {};
  }
  process_.memory_context_reset(tuples_context_);
  if (!rules_.frees_written_tuples) give_back(tuple_bytes_);
  tuple_bytes_ = 0;
  end_run(tape, std::move(run));
  ++initial_runs_;
  tell();
}

void TupleSort::merge_runs() {
  process_.memory_context_reset_only(tuples_context_);
  give_back(process_.get_memory_chunk_space(memtuples_));
  process_.pfree(memtuples_);
  // A slot for the tuple of each tape that is in the heap, and one for the tuple that was returned last.
  if (spec_.kind != SortKind::DatumByValue) {
    const std::uint64_t slab = (output_tapes_.size() + 1) * kSlabSlotBytes;
    process_.memory_context_alloc(sort_, slab);
    use(slab);
  }
  slots_ = output_tapes_.size();
  memtuples_ = process_.memory_context_alloc(main_, slots_ * kSortTupleBytes);
  use(process_.get_memory_chunk_space(memtuples_));
  tape_buffer_bytes_ = static_cast<std::uint64_t>(std::max<std::int64_t>(avail_bytes_, 0));
  use(tape_buffer_bytes_);
  tell();
  while (true) {
    if (input_runs_ == 0) {
      for (const OutputTape& tape : input_tapes_) tapes_->close_tape(tape.tape);
      input_tapes_ = std::move(output_tapes_);
      output_tapes_.clear();
      input_runs_ = output_runs_;
      output_runs_ = 0;
      process_.memory_context_alloc_zero(sort_, input_tapes_.size() * kPointerBytes);
      // A block for each tape that this pass will write; the rest is shared by those that it reads.
      const std::uint64_t written =
          std::min<std::uint64_t>((input_runs_ + input_tapes_.size() - 1) / input_tapes_.size(), max_tapes_);
      const std::uint64_t for_output = written * kTapeBlockBytes;
      const std::uint64_t buffer =
          tape_buffer_bytes_ > for_output ? (tape_buffer_bytes_ - for_output) / input_tapes_.size() : 0;
      for (const OutputTape& tape : input_tapes_) tapes_->rewind_for_read(tape.tape, buffer);
      if (!spec_.random_access && input_runs_ <= input_tapes_.size()) {
        begin_merge();
        enter(OperationPhase::FinalMerge);
        return;
      }
    }
    merge_one_run();
    if (input_runs_ == 0 && output_runs_ <= 1) break;
  }
  tapes_->freeze(output_tapes_.front().tape);
  for (const OutputTape& tape : input_tapes_) tapes_->close_tape(tape.tape);
  enter(OperationPhase::SortedOnTape);
}

void TupleSort::begin_merge() {
  const std::size_t active = std::min(input_tapes_.size(), input_runs_);
  for (std::size_t source = 0; source < active; ++source) {
    HeapEntry first{{}, source};
    if (!read_next(source, first.entry)) continue;
    heap_.push_back(first);
    std::push_heap(heap_.begin(), heap_.end(), kGreater);
  }
}

// The next tuple of the run that this tape is at; false: it has ended, and the tape stands before its next one.
bool TupleSort::read_next(std::size_t source, Entry& into) {
  OutputTape& tape = input_tapes_[source];
  Run& run = tape.runs.at(tape.next_run);
  if (run.next == run.entries.size()) {
    tapes_->read(tape.tape, kLengthBytes);
    spilled(run.number, run.entries.size(), run.bytes, true);
    run.entries = {};
    ++tape.next_run;
    return false;
  }
  into = run.entries[run.next++];
  tapes_->read(tape.tape, tape_bytes(into));
  // Too large for a slab slot.
  if (spec_.kind != SortKind::DatumByValue && into.bytes > kSlabSlotBytes)
    into.at = process_.memory_context_alloc(sort_, into.bytes);
  return true;
}

void TupleSort::release_slot(const Entry& entry) {
  if (entry.at) process_.pfree(entry.at);
}

void TupleSort::merge_one_run() {
  OutputTape& output = select_new_tape();
  Run run;
  begin_merge();
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), kGreater);
    HeapEntry least = heap_.back();
    heap_.pop_back();
    const std::uint64_t bytes = tape_bytes(least.entry);
    tapes_->write(output.tape, bytes);
    run.bytes += bytes;
    release_slot(least.entry);
    least.entry.at = {};
    run.entries.push_back(least.entry);
    if (read_next(least.source, least.entry)) {
      heap_.push_back(least);
      std::push_heap(heap_.begin(), heap_.end(), kGreater);
    } else {
      --input_runs_;
    }
  }
  end_run(output, std::move(run));
  tell();
}

std::optional<TupleSort::Entry> TupleSort::next_merged() {
  if (phase() == OperationPhase::SortedOnTape) {
    OutputTape& tape = output_tapes_.front();
    const Run& run = tape.runs.front();
    if (next_ == run.entries.size()) return std::nullopt;
    const Entry& entry = run.entries[next_++];
    tapes_->read(tape.tape, tape_bytes(entry));
    return entry;
  }
  if (heap_.empty()) return std::nullopt;
  std::pop_heap(heap_.begin(), heap_.end(), kGreater);
  HeapEntry least = heap_.back();
  heap_.pop_back();
  const Entry answer = least.entry;
  // The server reads the next one when it is asked again; for blocks that makes no difference.
  if (read_next(least.source, least.entry)) {
    heap_.push_back(least);
    std::push_heap(heap_.begin(), heap_.end(), kGreater);
  } else {
    --input_runs_;
  }
  return answer;
}

}  // namespace palloscope::core
