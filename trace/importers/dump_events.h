// Dumps into events. The first dump of a process builds its tree; a later one of the same process (by PID) says only
// what differs, so that growth, and what came and went, is visible. Trees of several processes stand side by side, each
// as its last dump had it.
//
// A context of a dump is taken for one of the dump before if parent, name, ident and kind are equal, and the order
// allows it: children stand newest first, so what is behind an old child cannot be new (the oldest equal ones are
// matched first). A dump that leaves children out (over 100) may show older ones again; there the order is restored
// with a ContextReparented to the same parent, which moves a context to the front.
//
// The top context of the moment's process is always the first of all top contexts: so the state alone tells which tree
// the dump was of.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/events/event_sink.h"
#include "trace/importers/dump.h"

namespace palloscope::trace {

class DumpEvents {
 public:
  // `standard_kind`: what a line of the standard shape is in this version: AllocSet from 16 on, else Unknown.
  DumpEvents(core::EventSink& sink, core::ContextKind standard_kind) : sink_(sink), standard_kind_(standard_kind) {}

  void emit(Dump dump);

 private:
  struct Tree {
    std::vector<DumpedContext> contexts;
    std::vector<core::ContextSlot> slots;  // by index of context
  };

  core::ContextSlot take_slot();
  void remove_gone(const Tree& before, const std::vector<bool>& kept);
  void add_and_report(Tree& now, const Tree& before, const std::vector<std::uint32_t>& old_index, bool is_front);
  void report(core::ContextSlot slot, const ReportedCounters& counters);
  void report_omitted(core::ContextSlot slot, const std::optional<OmittedContexts>& omitted);
  void report_error(const Dump& dump, const Tree& now);

  core::EventSink& sink_;
  core::ContextKind standard_kind_;
  std::optional<std::uint32_t> front_;   // the PID whose tree is the first
  std::map<std::uint32_t, Tree> trees_;  // by PID; 0: not said, taken for one process
  std::vector<core::ContextSlot> free_slots_;
  std::uint32_t next_slot_ = 0;
};

}  // namespace palloscope::trace
