// Streams of events like those of real work, made by the simulated process: what sizes and speeds of traces are
// measured with. The mixes follow counts taken from real servers (TPC-B-like transactions: about 1,500 events each,
// four of five allocations never freed one by one; queries over many rows: a few allocations and a reset for each row).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/events/event_sink.h"

namespace palloscope::test {

enum class Workload {
  Oltp,    // short transactions: parse, plan, execute, throw away
  Olap,    // sort, aggregate and build strings over many rows
  Random,  // the worst case: random sizes freed in random order, 100,000 chunks live
};

inline constexpr std::string_view kWorkloadNames[] = {"oltp", "olap", "random"};

// Feeds at least `events` events to the sink (a little more, to end a statement).
void run_workload(Workload workload, std::uint64_t seed, std::uint64_t events, core::EventSink& sink);

std::vector<core::EventBody> workload_events(Workload workload, std::uint64_t seed, std::uint64_t events);

}  // namespace palloscope::test
