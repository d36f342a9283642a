#include "core/workmem/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace palloscope::core {
namespace {

// Sees what the operation tells, and keeps what is a decision.
class Witness final : public EventSink {
 public:
  explicit Witness(Trial& trial) : trial_(trial) {}
  void emit(const EventBody& event) override {
    if (const auto* began = std::get_if<OperationBegan>(&event)) {
      phase_ = began->phase;
    } else if (const auto* phase = std::get_if<OperationPhaseChanged>(&event)) {
      phase_ = phase->phase;
      decided_ = true;
    } else if (const auto* counted = std::get_if<OperationCounted>(&event)) {
      trial_.highest_bytes = std::max(trial_.highest_bytes, counted->used_bytes);
      decided_ = decided_ || counted->slots != last_.slots || counted->parts != last_.parts ||
                 counted->limit_bytes != last_.limit_bytes;
      last_ = *counted;
    } else if (const auto* spilled = std::get_if<OperationSpilled>(&event)) {
      if (!spilled->read_back) trial_.disk_bytes += spilled->bytes;
    }
  }
  void forget() { decided_ = false; }
  // What was decided since the last call belongs to this row.
  void at(std::uint64_t row) {
    if (!decided_) return;
    decided_ = false;
    ++trial_.decision_count;
    if (trial_.decisions.size() < kMostDecisions) trial_.decisions.push_back({row, phase_, last_});
  }

 private:
  Trial& trial_;
  OperationPhase phase_ = OperationPhase::Initial;
  OperationCounted last_;
  bool decided_ = false;
};

// Numbers that are all different, in no order: row * 48271 modulo a prime.
std::int64_t key_of(RowOrder order, std::uint64_t row, std::uint64_t rows) {
  if (order == RowOrder::Ascending) return static_cast<std::int64_t>(row);
  if (order == RowOrder::Descending) return static_cast<std::int64_t>(rows - row);
  return static_cast<std::int64_t>(row * 48271 % 100000007);
}

struct Runner {
  const TrialSpec& spec;
  Trial& trial;
  Process& process;
  Witness& witness;
  std::uint64_t all_contexts = 0;
  const std::function<void(const TrialProgress&)>& watch;

  void tell(std::string_view doing, std::uint64_t done, std::uint64_t of) const {
    if (watch && done % 1024 == 0) watch({doing, done, of});
  }

  // Called now and then: looking at every row would cost more than the rows.
  void look(std::uint64_t row) {
    witness.at(row);
    if (row % 64 == 0 || row > spec.rows)
      trial.context_bytes =
          std::max(trial.context_bytes,
                   process.memory_context_mem_allocated(process.current_memory_context(), true) - all_contexts);
  }

  void sort() {
    SortSpec wanted;
    wanted.kind = spec.sort_kind;
    wanted.allow_bounded = spec.bound != 0;
    wanted.settings = spec.settings;
    TupleSort sort(process, {0}, wanted);
    trial.limit_bytes = sort.allowed_bytes();
    trial.original_slots = sort.slots();
    witness.forget();
    if (spec.bound != 0) sort.set_bound(spec.bound);
    const std::uint64_t bytes = spec.width + (spec.sort_kind == SortKind::Heap ? kMinimalTupleHeader : 0);
    for (std::uint64_t row = 1; row <= spec.rows; ++row) {
      sort.put({key_of(spec.order, row, spec.rows), bytes});
      look(row);
      trial.slots = sort.slots();
      tell("rows in", row, spec.rows);
    }
    tell("merging", 0, 0);
    sort.perform();
    look(spec.rows + 1);
    const SortStats stats = sort.stats();
    trial.method = sort_method_name(stats.method);
    trial.on_disk = stats.on_disk;
    trial.peak_bytes = stats.on_disk ? sort.disk_blocks() * kTapeBlockBytes
                                     : static_cast<std::uint64_t>(std::max<std::int64_t>(sort.used_bytes(), 0));
    trial.disk_bytes = sort.disk_blocks() * kTapeBlockBytes;
    trial.parts = trial.original_parts = sort.initial_runs();
    trial.tapes = sort.max_tapes();
    trial.merged_tapes = sort.merged_tapes();
    trial.merged_runs = sort.runs() - sort.initial_runs();
    sort.end();
  }

  void join() {
    HashJoinSpec wanted;
    wanted.guess.rows = spec.planned_rows.value_or(static_cast<double>(spec.rows));
    wanted.guess.width = spec.planned_width.value_or(spec.width);
    wanted.settings = spec.settings;
    HashJoin join(process, {0}, wanted);
    trial.original_slots = join.buckets();
    witness.forget();
    trial.original_parts = join.batches();
    const std::uint64_t distinct = spec.distinct == 0 ? spec.rows : spec.distinct;
    for (std::uint64_t row = 1; row <= spec.rows; ++row) {
      const std::uint64_t key = row * 100 <= spec.rows * spec.frequent_percent ? 0 : row % distinct;
      join.insert({hash_int4(static_cast<std::int32_t>(key)), kMinimalTupleHeader + spec.width});
      look(row);
      tell("rows in", row, spec.rows);
    }
    join.finish_build();
    look(spec.rows + 1);
    // An outer side with each key once, so that every batch is read back.
    for (std::uint64_t key = 0; key < distinct && join.batches() > 1; ++key) {
      join.probe({hash_int4(static_cast<std::int32_t>(key)), kMinimalTupleHeader + 4});
      tell("keys probed", key, distinct);
    }
    for (std::uint64_t batch = 1; join.next_batch(); ++batch) {
      look(spec.rows + 1);
      if (watch) watch({"batches read back", batch, join.batches()});
      while (join.next_saved_outer()) {
      }
    }
    look(spec.rows + 1);
    trial.limit_bytes = join.space_allowed();
    trial.peak_bytes = join.peak_bytes();
    trial.slots = join.buckets();
    trial.parts = join.batches();
    join.end();
  }

  void aggregate() {
    HashAggregateSpec wanted;
    const std::uint64_t groups = spec.distinct == 0 ? spec.rows : spec.distinct;
    wanted.planned_groups = spec.planned_rows.value_or(static_cast<double>(groups));
    wanted.planned_width = spec.planned_width.value_or(spec.width);
    wanted.settings = spec.settings;
    HashAggregate aggregate(process, {0}, wanted);
    trial.original_slots = aggregate.array_slots();
    witness.forget();
    trial.original_parts = 1;
    trial.limit_bytes = aggregate.limits().bytes;
    for (std::uint64_t row = 1; row <= spec.rows; ++row) {
      const std::uint64_t key = row % groups;
      aggregate.add(key, {grouping_hash(hash_int4(static_cast<std::int32_t>(key))), kMinimalTupleHeader + spec.width});
      look(row);
      tell("rows in", row, spec.rows);
    }
    aggregate.finish();
    look(spec.rows + 1);
    while (aggregate.refill()) {
      look(spec.rows + 1);
      if (watch) watch({"groups done", aggregate.groups_done(), groups});
    }
    trial.peak_bytes = aggregate.peak_bytes();
    trial.slots = aggregate.array_slots();
    trial.parts = aggregate.batches();
    trial.groups = aggregate.groups_done();
    aggregate.end();
  }
};

}  // namespace

Result<Trial> run_trial(const TrialSpec& spec, const std::function<void(const TrialProgress&)>& watch) {
  const auto bad = [](std::string message) { return Error{ErrorCode::BadArgument, std::move(message)}; };
  if (spec.rows > kMostTrialRows)
    return bad(fmt::format("{} rows are too many to be tried: no more than {}", spec.rows, kMostTrialRows));
  if (spec.width == 0 || spec.width > kWidestTrialRow)
    return bad(fmt::format("a row of {} bytes: it takes 1 to {}", spec.width, kWidestTrialRow));
  const VersionProfile* profile = find_profile(spec.major, false);
  if (profile == nullptr) return bad(fmt::format("PostgreSQL {}: there are 15 to 18", spec.major));
  Trial trial;
  Witness witness(trial);
  Process process(*profile, witness);
  process.memory_context_switch_to(process.alloc_set_context_create(process.top_memory_context(), "ExecutorState"));
  Runner runner{
      spec, trial, process, witness, process.memory_context_mem_allocated(process.current_memory_context(), true),
      watch};
  try {
    if (spec.kind == OperationKind::Sort) runner.sort();
    if (spec.kind == OperationKind::HashJoin) runner.join();
    if (spec.kind == OperationKind::HashAggregate) runner.aggregate();
  } catch (const Ereport& error) {
    return Error{ErrorCode::Unsupported,
                 fmt::format("the operation failed as it would in a server: {}", error.message)};
  }
  return trial;
}

}  // namespace palloscope::core
