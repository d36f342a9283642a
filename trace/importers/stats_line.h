// The lines in which PostgreSQL says what a memory context holds (spec 3.11, 4.6, 5.3, 6, 9.1), without indentation,
// level or log prefix. They are never translated.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/events/event.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// A line of the right shape may hold numbers that no server can mean.
inline constexpr std::uint64_t kLargestNumber = 0x7FFFFFFFFFFFFFFF;

struct StatsLine {
  std::string_view name;
  std::optional<std::string_view> ident;  // "" where the line ends in "used: "
  // From the shape of the line; none for the shape that AllocSet shares with Slab of 14 and 15.
  std::optional<core::ContextKind> kind;
  ReportedCounters counters;
  bool overflow = false;  // a number above kLargestNumber: counters are not to be used
};

// "NAME: 8192 total in 1 blocks; 7952 free (0 chunks); 240 used: IDENT"
std::optional<StatsLine> parse_stats_line(std::string_view text);

struct TotalLine {
  OmittedContexts sum;  // count: of the "more child contexts", else 0
  bool overflow = false;
};

// "112 more child contexts containing 276480 total in 255 blocks; 93832 free (122 chunks); 182648 used"
std::optional<TotalLine> parse_more_children_line(std::string_view text);
// "Grand total: 6593416 bytes in 644 blocks; 2430168 free (249 chunks); 4163248 used"
std::optional<TotalLine> parse_grand_total_line(std::string_view text);

// Digits only; none if there are none or the number is above `largest`.
std::optional<std::uint64_t> parse_number(std::string_view digits, std::uint64_t largest = kLargestNumber);

}  // namespace palloscope::trace
