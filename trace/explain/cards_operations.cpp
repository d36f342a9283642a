// Who acts, and why an operation with a memory limit grew, changed its way or went to disk (spec 12).
#include "trace/explain/card_maker.h"
#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"

namespace palloscope::trace {

using namespace core;

namespace {

std::string_view backend_key(BackendKind kind) {
  switch (kind) {
    case BackendKind::Client:
      return "why.act.client";
    case BackendKind::ParallelWorker:
      return "why.act.parallel_worker";
    case BackendKind::Autovacuum:
      return "why.act.autovacuum";
    case BackendKind::BackgroundWriter:
      return "why.act.background_writer";
    case BackendKind::Checkpointer:
      return "why.act.checkpointer";
    case BackendKind::WalWriter:
      return "why.act.wal_writer";
    case BackendKind::Postmaster:
      return "why.act.postmaster";
    case BackendKind::Extension:
      return "why.act.extension";
  }
  return "why.act.client";
}

constexpr std::uint64_t kSortSlotBytes = 24;  // SortTuple

std::uint64_t in_kb(std::uint64_t bytes) { return bytes / 1024 + (bytes % 1024 != 0 ? 1 : 0); }

}  // namespace

void CardMaker::operator()(const BackendStarted& e) {
  const auto kind = text_value("kind", std::string(backend_kind_name(e.kind)));
  if (e.pid != 0)
    say("why.act.started_pid", {backend(), kind, text_value("pid", std::to_string(e.pid))});
  else
    say("why.act.started", {backend(), kind});
  say(backend_key(e.kind));
}

void CardMaker::operator()(const BackendEnded&) {
  say("why.act.ended", {backend()});
  say("why.act.ended_rule");
}

void CardMaker::operator()(const BackendSwitched&) {
  say("why.act.switched", {backend()});
  say("why.act.switched_rule");
}

// --- operations -------------------------------------------------------------------------------------------------

void CardMaker::operator()(const OperationBegan& e) {
  say("why.op.began",
      {operation(), key_value("kind", operation_kind_key(e.kind)), bytes_value("limit", e.limit_bytes)});
  switch (e.kind) {
    case OperationKind::Sort:
      rule("tuplesort.c", "tuplesort_begin_common", "12.4");
      say("why.op.sort_limit");
      return say("why.op.sort_counts");
    case OperationKind::HashJoin:
      rule("nodeHash.c", "ExecHashTableCreate", "12.2");
      say(at_least(18) ? "why.op.hash_limit_18" : "why.op.hash_limit");
      return say("why.op.hash_counts");
    case OperationKind::HashAggregate:
      rule("nodeAgg.c", "hash_agg_set_limits", "12.3");
      say("why.op.aggregate_limit");
      return say("why.op.aggregate_counts");
  }
}

void CardMaker::operator()(const OperationPhaseChanged& e) {
  const auto last = [&](std::string_view name, std::uint64_t OperationRecord::*member) {
    return count_value(name, was().operation ? (*was().operation).*member : 0);
  };
  const std::uint64_t used = was().operation ? was().operation->used_bytes : 0,
                      limit = was().operation ? was().operation->limit_bytes : 0;
  const bool was_bounded = was().operation && was().operation->phase == OperationPhase::Bounded;
  switch (e.phase) {
    case OperationPhase::Initial:
      rule("tuplesort.c", "tuplesort_begin_common", "12.4");
      return say("why.op.initial", {operation()});
    case OperationPhase::Bounded:
      rule("tuplesort.c", "make_bounded_heap", "12.4");
      say("why.op.bounded", {operation()});
      return say("why.op.bounded_rule", {last("tuples", &OperationRecord::tuples)});
    case OperationPhase::BuildRuns:
      rule("tuplesort.c", "inittapes", "12.4");
      say("why.op.build_runs", {operation()});
      say("why.op.build_runs_why", {last("tuples", &OperationRecord::tuples), last("slots", &OperationRecord::slots),
                                    bytes_value("used", used), bytes_value("limit", limit)});
      return say("why.op.build_runs_rule");
    case OperationPhase::SortedInMemory:
      rule("tuplesort.c", "tuplesort_performsort", "12.4");
      say("why.op.sorted", {operation()});
      return say(was_bounded ? "why.op.sorted_heap" : "why.op.sorted_quick",
                 {last("tuples", &OperationRecord::tuples)});
    case OperationPhase::SortedOnTape:
      rule("tuplesort.c", "mergeruns", "12.4");
      say("why.op.on_tape", {operation()});
      return say("why.op.on_tape_rule");
    case OperationPhase::FinalMerge:
      rule("tuplesort.c", "mergeruns", "12.4");
      say("why.op.final_merge", {operation()});
      return say("why.op.final_merge_rule", {bytes_value("limit", limit)});
    case OperationPhase::Build:
      rule("nodeHash.c", "MultiExecHash", "12.2");
      return say("why.op.build", {operation()});
    case OperationPhase::Probe:
      rule("nodeHashjoin.c", "ExecHashJoinImpl", "12.2");
      say("why.op.probe", {operation()});
      if (was().operation)
        say(was().operation->parts > 1 ? "why.op.probe_batches" : "why.op.probe_one",
            {last("tuples", &OperationRecord::tuples), count_value("batches", was().operation->parts)});
      return;
    case OperationPhase::Fill:
      rule("nodeAgg.c", "agg_fill_hash_table", "12.3");
      return say("why.op.fill", {operation()});
    case OperationPhase::Spill:
      rule("nodeAgg.c", "hash_agg_enter_spill_mode", "12.3");
      say("why.op.spill", {operation()});
      if (limit != 0)
        say("why.op.spill_why",
            {last("tuples", &OperationRecord::tuples), bytes_value("used", used), bytes_value("limit", limit)});
      return say("why.op.spill_rule");
    case OperationPhase::Refill:
      rule("nodeAgg.c", "agg_refill_hash_table", "12.3");
      say("why.op.refill", {operation()});
      return say("why.op.refill_rule");
  }
}

void CardMaker::operator()(const OperationCounted& e) {
  static const OperationRecord kNothing;
  const OperationRecord& old = was().operation ? *was().operation : kNothing;
  const OperationKind kind = now().operation ? now().operation->kind : old.kind;
  const auto used = bytes_value("used", e.used_bytes), limit = bytes_value("limit", e.limit_bytes);
  say(e.used_bytes > e.limit_bytes ? "why.op.counted_over" : "why.op.counted",
      {operation(), used, limit, count_value("tuples", e.tuples)});
  const bool first = old.limit_bytes == 0 || (old.used_bytes == 0 && old.slots == 0);
  const auto grown = [&](std::uint64_t from, std::uint64_t to) { return from != 0 && to > from; };
  switch (kind) {
    case OperationKind::Sort:
      rule("tuplesort.c", "puttuple_common", "12.4");
      if (first && e.slots != 0)
        return say("why.op.sort_slots",
                   {count_value("slots", e.slots), bytes_value("bytes", e.slots * kSortSlotBytes)});
      if (grown(old.slots, e.slots)) {
        rule("tuplesort.c", "grow_memtuples", "12.4");
        say("why.op.sort_grew", {count_value("old", old.slots), count_value("slots", e.slots),
                                 bytes_value("bytes", e.slots * kSortSlotBytes)});
        return say(e.slots == 2 * old.slots ? "why.op.sort_doubled" : "why.op.sort_grew_last");
      }
      if (e.used_bytes > e.limit_bytes) return say("why.op.sort_over");
      return;
    case OperationKind::HashJoin:
      rule("nodeHash.c", "ExecHashTableInsert", "12.2");
      if (first) {
        rule("nodeHash.c", "ExecChooseHashTableSize", "12.2");
        return say("why.op.hash_sizes", {count_value("buckets", e.slots), count_value("batches", e.parts)});
      }
      if (grown(old.parts, e.parts)) {
        rule("nodeHash.c", "ExecHashIncreaseNumBatches", "12.2");
        say("why.op.batches_grew", {count_value("old", old.parts), count_value("batches", e.parts)});
        if (!grown(old.limit_bytes, e.limit_bytes)) say("why.op.batches_rule");
      }
      if (grown(old.limit_bytes, e.limit_bytes)) {
        rule("nodeHash.c", "ExecHashIncreaseBatchSize", "12.2");
        say("why.op.limit_grew", {bytes_value("old", old.limit_bytes), limit});
      }
      if (grown(old.slots, e.slots)) {
        if (!grown(old.parts, e.parts)) rule("nodeHash.c", "ExecHashIncreaseNumBuckets", "12.2");
        say("why.op.buckets_grew", {count_value("old", old.slots), count_value("buckets", e.slots)});
      } else if (e.used_bytes > e.limit_bytes && card.sentences.size() == 1) {
        say("why.op.hash_over");
      }
      return;
    case OperationKind::HashAggregate:
      rule("nodeAgg.c", "hash_agg_check_limits", "12.3");
      if (e.used_bytes > e.limit_bytes) return say("why.op.aggregate_over");
      return;
  }
}

void CardMaker::operator()(const OperationSpilled& e) {
  const auto part = count_value("part", e.part), tuples = count_value("tuples", e.tuples),
             bytes = bytes_value("bytes", e.bytes);
  const auto& record = was().operation;
  switch (record ? record->kind : OperationKind::Sort) {
    case OperationKind::Sort:
      if (e.read_back) {
        rule("tuplesort.c", "mergereadnext", "12.4");
        say("why.op.run_read", {operation(), part, tuples, bytes});
        return say("why.op.run_read_rule");
      }
      rule("tuplesort.c", "dumptuples, mergeonerun", "12.4");
      say("why.op.run_written", {operation(), part, tuples, bytes});
      return say("why.op.run_written_rule");
    case OperationKind::HashJoin:
      if (e.read_back) {
        rule("nodeHashjoin.c", "ExecHashJoinNewBatch", "12.2");
        say("why.op.batch_read", {operation(), part, tuples, bytes});
        return say("why.op.batch_read_rule");
      }
      rule("nodeHashjoin.c", "ExecHashJoinSaveTuple", "12.2");
      say("why.op.batch_written", {operation(), part, tuples, bytes});
      if (record && record->parts > 1)
        say("why.op.batch_written_rule", {count_value("current", record->part), count_value("batches", record->parts)});
      return;
    case OperationKind::HashAggregate:
      if (e.read_back) {
        rule("nodeAgg.c", "agg_refill_hash_table", "12.3");
        return say("why.op.partition_read", {operation(), part, tuples, bytes});
      }
      rule("nodeAgg.c", "hashagg_spill_tuple", "12.3");
      say("why.op.partition_written", {operation(), part, tuples, bytes});
      return say("why.op.partition_written_rule");
  }
}

void CardMaker::operator()(const OperationEnded& e) {
  const auto& record = was().operation;
  say("why.op.ended", {operation()});
  if (!record) return;
  const auto kb = count_value("kb", in_kb(e.peak_bytes));
  switch (record->kind) {
    case OperationKind::Sort:
      rule("tuplesort.c", "tuplesort_end", "12.4");
      if (e.peak_bytes == 0) return;
      say(record->spilled_bytes != 0 ? "why.op.explain_disk" : "why.op.explain_memory", {kb});
      break;
    case OperationKind::HashJoin:
      rule("nodeHash.c", "ExecHashTableDestroy", "12.2");
      say("why.op.explain_usage", {kb});
      break;
    case OperationKind::HashAggregate:
      rule("nodeAgg.c", "ExecEndAgg", "12.3");
      say("why.op.explain_usage", {kb});
      break;
  }
  if (record->spilled_bytes != 0)
    say("why.op.ended_spilled",
        {count_value("tuples", record->spilled_tuples), bytes_value("bytes", record->spilled_bytes)});
}

}  // namespace palloscope::trace
