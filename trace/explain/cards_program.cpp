// What the program did beside memory: errors, faults, source, lesson, and what a server reported.
#include <array>

#include "trace/explain/card_maker.h"

namespace palloscope::trace {

using namespace core;

namespace {

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }
bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string_view fault_key(FaultKind kind) {
  switch (kind) {
    case FaultKind::DoubleFree:
      return "why.fault.double_free";
    case FaultKind::InvalidPointer:
      return "why.fault.invalid_pointer";
    case FaultKind::FreeInBump:
      return "why.fault.free_in_bump";
    case FaultKind::WritePastEnd:
      return "why.fault.write_past_end";
    case FaultKind::ReadPastEnd:
      return "why.fault.read_past_end";
    case FaultKind::UseAfterFree:
      return "why.fault.use_after_free";
    case FaultKind::UseAfterReset:
      return "why.fault.use_after_reset";
    case FaultKind::UseAfterDelete:
      return "why.fault.use_after_delete";
    case FaultKind::WrongContext:
      return "why.fault.wrong_context";
    case FaultKind::ResetLivePointers:
      return "why.fault.reset_live_pointers";
    case FaultKind::TooLarge:
      return "why.fault.too_large";
    case FaultKind::OutOfMemory:
      return "why.fault.out_of_memory";
    case FaultKind::InCriticalSection:
      return "why.fault.in_critical_section";
    case FaultKind::SwitchForgotten:
      return "why.fault.switch_forgotten";
    case FaultKind::HeapCorrupt:
      return "why.fault.heap_corrupt";
  }
  return "why.fault.heap_corrupt";
}

// Where PostgreSQL raises what it raises, by its text.
RulePlace place_of_error(const ErrorReported& e, int major) {
  const std::string_view text = e.message;
  if (begins(text, "out of memory"))
    return {"mcxt.c", major >= 17 ? "MemoryContextAllocationFailure" : "MemoryContextAlloc", "7.9"};
  if (begins(text, "invalid memory alloc request size"))
    return {"mcxt.c", major >= 17 ? "MemoryContextSizeFailure" : "MemoryContextAlloc", "7.9"};
  if (contains(text, "called with invalid pointer")) return {"mcxt.c", "BogusFree", "1.4"};
  if (begins(text, "could not find block containing chunk")) return {"aset.c", "AllocSetFree", "3.6"};
  if (begins(text, "unexpected alloc chunk size")) return {"slab.c", "SlabAlloc", "5.1"};
  if (begins(text, "slab allocator does not support realloc")) return {"slab.c", "SlabRealloc", "5.1"};
  if (begins(text, "block size")) return {"slab.c", "SlabContextCreate", "5.1"};
  if (contains(text, "is not supported by the bump memory allocator")) return {"bump.c", "BumpFree", "6"};
  if (begins(text, "detected write past chunk end in block") || begins(text, "problem in"))
    return {"mcxt.c", "MemoryContextCheck", "13"};
  if (begins(text, "detected")) return {"aset.c", "AllocSetFree", "13"};
  return {"elog.c", "errfinish", "8.2"};
}

}  // namespace

void CardMaker::operator()(const ErrorReported& e) {
  const std::string text = e.detail.empty() ? e.message : e.message + " (" + e.detail + ")";
  card.rule = place_of_error(e, profile.major);
  if (e.severity != Severity::Error) {
    say(e.severity == Severity::Warning ? "why.warning" : "why.notice", {text_value("message", text)});
    return say("why.warning_rule");
  }
  say("why.error", {text_value("message", text)});
  if (begins(e.message, "out of memory"))
    say("why.error_out_of_memory");
  else if (contains(e.message, "called with invalid pointer"))
    say("why.error_bogus");
  else if (begins(e.message, "invalid memory alloc request size"))
    say("why.error_too_large", {bytes_value("most", kMaxAllocSize)});
  else if (begins(e.message, "could not find block"))
    say("why.error_no_block");
  say("why.error_rule");
}

void CardMaker::operator()(const AllocationFailed& e) {
  rule("mcxt.c", at_least(17) ? "MemoryContextAllocationFailure" : "MemoryContextAlloc", "7.9");
  say("why.allocation_failed", {text_value("name", name()), bytes_value("asked", e.requested_bytes)});
  if (call.find<MallocFailed>() != nullptr || call.find<ReallocFailed>() != nullptr)
    say("why.allocation_failed_malloc");
  else
    say("why.allocation_failed_size");
}

void CardMaker::operator()(const ErrorCaught&) {
  rule("elog.h", "PG_CATCH", "8.2");
  say("why.caught");
  say("why.caught_rule", {text_value("name", after.current_name)});
}

void CardMaker::operator()(const FaultFound& e) {
  if (!e.at)
    say("why.fault_plain", {bytes_value("bytes", e.bytes)});
  else if (e.context && before.context)
    say("why.fault_in", {address_value("at", e.at), text_value("name", name())});
  else
    say("why.fault_at", {address_value("at", e.at)});
  say(fault_key(e.kind));
  if (e.born != 0 && e.ended != 0)
    say("why.fault_both", {event_value("born", e.born), event_value("ended", e.ended)});
  else if (e.born != 0)
    say("why.fault_born", {event_value("born", e.born)});
}

void CardMaker::operator()(const Output&) {
  if (call.find<MallocFailed>() != nullptr || call.find<AllocationFailed>() != nullptr) {
    rule("mcxt.c", "MemoryContextStatsDetail", "7.9, 9.1");
    say("why.output_dump");
  } else {
    say("why.output");
  }
}

void CardMaker::operator()(const SourceText& e) { say("why.source_text", {text_value("name", e.name)}); }
void CardMaker::operator()(const SourceLine& e) { say("why.source_line", {count_value("n", e.line)}); }
void CardMaker::operator()(const Narration&) { say("why.narration"); }
void CardMaker::operator()(const Statement& e) { say("why.statement", {text_value("text", e.text)}); }

void CardMaker::operator()(const VariableSet& e) {
  const auto own = text_value("name", e.name);
  if (!e.value) return say("why.variable_gone", {own});
  const auto at = address_value("at", e.value);
  if (!after.pointed) return say("why.variable", {own, at});
  const ChunkRecord& chunk = *after.pointed;
  const std::uint64_t offset = e.value - chunk.at;
  if (offset >= chunk.granted_bytes && offset != 0) return say("why.variable", {own, at});
  const auto in = text_value("context", after.pointed_context);
  if (chunk.state == ChunkState::Free) return say("why.variable_free", {own, at, in});
  if (offset == 0) return say("why.variable_chunk", {own, in, bytes_value("asked", chunk.requested_bytes), at});
  say("why.variable_inside", {own, in, bytes_value("offset", offset), at});
  if (profile.rules.has_aligned) {
    rule("mcxt.c", "MemoryContextAllocAligned", "7.11");
    say("why.variable_aligned");
  }
}

void CardMaker::operator()(const SnapshotBegan& e) {
  if (e.label.empty())
    say("why.snapshot_plain");
  else
    say("why.snapshot", {text_value("label", e.label)});
}
void CardMaker::operator()(const ContextReported& e) {
  rule("mcxt.c", "MemoryContextStatsInternal", "9");
  say("why.reported", {text_value("name", name()), bytes_value("total", e.total_bytes), count_value("blocks", e.blocks),
                       bytes_value("free", e.free_bytes), bytes_value("used", e.used_bytes)});
}
void CardMaker::operator()(const ContextsOmitted& e) {
  rule("mcxt.c", "MemoryContextStatsInternal", "9.1");
  if (e.count == 0) return say("why.omitted_none", {text_value("name", name())});
  say("why.omitted", {text_value("name", name()), count_value("n", e.count), bytes_value("total", e.total_bytes)});
}
void CardMaker::operator()(const SnapshotEnded& e) {
  if (e.problem.empty())
    say("why.snapshot_whole");
  else
    say("why.snapshot_problem", {text_value("problem", e.problem)});
}
void CardMaker::operator()(const ProcessReported& e) {
  if (!e.stopped) return say("why.process_running");
  say("why.process_stopped", {count_value("us", e.pause_ns / 1000), count_value("tries", e.tries)});
  if (e.torn) say("why.process_torn");
}

}  // namespace palloscope::trace
