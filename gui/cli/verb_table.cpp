// The verbs, in the order in which --help lists them: one row each, and the code of each in its own file.
#include "gui/cli/verb.h"

namespace palloscope::gui::cli {
namespace {

// In the order in which `palloscope --help` lists them.
constexpr Verb kVerbs[] = {
    {"attach", "look into a running backend, in the window", run_attach},
    {"backends", "the PostgreSQL processes that run here, and which of them can be looked into", run_backends},
    {"buffer", "what one buffer held over the whole trace, and what was done to it", run_buffer},
    {"bytes", "what stands in the memory of a running server's process, its core dump or snapshot, at an address",
     run_bytes},
    {"check", "hold a trace to budgets: conditions that must hold at every event, and limits of growth", run_check},
    {"compare", "the same calls answered by several allocators, side by side", run_compare},
    {"diff", "what differs between two moments or two files", run_diff},
    {"events", "list what happened, a line an event", run_events},
    {"export", "events as CSV, JSON Lines or Chrome trace events, the last for Perfetto", run_export},
    {"find", "the events at which a condition holds: alloc and size > 1MB", run_find},
    {"golden", "replay recorded allocator sequences and compare", run_golden},
    {"help", "tell more about one verb", run_help},
    {"info", "what is in a file: source, version, events, moments, peak", run_info},
    {"life", "what one place in memory was used for, over the whole trace", run_life},
    {"merge", "the contexts of many backends as one tree: sums, and who differs", run_merge},
    {"policies", "the recorded page accesses under clock sweep, LRU, 2Q and ARC", run_policies},
    {"query", "questions to a trace in SQL", run_query},
    {"report", "leaks, waste, the peak, lifetimes: what a trace's memory was used for", run_report},
    {"run", "run a scenario without a window", run_scenario},
    {"shmem", "the shared memory of a server, from its settings alone", run_shmem},
    {"shot", "draw the window into a PNG, SVG or animated PNG file, without a display", run_shot},
    {"snapshot", "what is seen of a running server's process, or in its core dump, as a file", run_snapshot},
    {"state", "the state at one moment as text, CSV or JSON", run_state},
    {"top", "the largest and fastest-growing contexts of a running backend, again and again", run_top},
    {"verify", "check every rule that a correct heap and buffer pool obey", run_verify},
    {"watch", "wait until a context of a backend grows past a size: where in C, and a snapshot", run_watch},
    {"why", "why an event did what it did, and by which rule", run_why},
    {"workmem", "what a server may take under work_mem, and what one sort, hash join or aggregate takes", run_workmem},
};

constexpr bool names_are_unique() {
  for (const Verb& a : kVerbs)
    for (const Verb& b : kVerbs)
      if (&a != &b && a.name == b.name) return false;
  return true;
}
static_assert(names_are_unique());

}  // namespace

std::span<const Verb> verb_table() { return kVerbs; }

}  // namespace palloscope::gui::cli
