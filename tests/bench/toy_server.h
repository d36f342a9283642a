// Streams of events like those of a busy server, of any length and on heaps of any size, from a ToyHeap: what the
// budgets are measured with. Counts follow real servers (TPC-B-like transactions: 1,500 events, 22 contexts; queries
// over many rows: a few allocations and a reset for each row).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/events/event_sink.h"

namespace palloscope::bench {

enum class StreamKind { Oltp, Olap, Random };
inline constexpr std::string_view kStreamNames[] = {"oltp", "olap", "random"};
std::optional<StreamKind> stream_named(std::string_view name);

struct StreamOptions {
  StreamKind kind = StreamKind::Oltp;
  std::uint64_t events = 10'000'000;  // at least so many: a statement is ended
  std::uint64_t live = 2'700;         // chunks that live beside what the statements hold
  std::uint64_t seed = 1;
};

void make_stream(const StreamOptions& options, core::EventSink& sink);

}  // namespace palloscope::bench
