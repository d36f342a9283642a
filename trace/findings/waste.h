// Where the bytes of contexts go: what the program asked for, and what it costs beyond that. The parts add up:
//
//   total = requested + rounding + headers + free + tails + empty
//
//   total      the regions from malloc that contexts own: their blocks, and those that hold their headers
//   requested  what the program asked for and has not given back
//   rounding   what live chunks were given beyond that (size class, alignment)
//   headers    of contexts, blocks and chunks, with what alignment takes beside them
//   free       freed chunks in blocks that still hold a live one: they wait to be used again
//   tails      behind the last chunk of such blocks: never handed out
//   empty      blocks without a live chunk, but for their headers: kept to be used again
//
// Of a context that is known from a dump only: requested is what counted as used, free what counted as free. What the
// dump left out below it is a path of its own.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/findings/context_paths.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct Waste {
  std::uint64_t total_bytes = 0;
  std::uint64_t requested_bytes = 0, rounding_bytes = 0, header_bytes = 0, free_bytes = 0, tail_bytes = 0,
                empty_bytes = 0;
  friend bool operator==(const Waste&, const Waste&) = default;
  Waste& operator+=(const Waste& other);
};

// One part of it by name, in the order in which a bar shows them. The first is what the memory is for.
struct WastePart {
  std::string_view name;  // "rounding": in JSON; its words are string "waste.<name>"
  std::uint64_t Waste::*bytes;
};
inline constexpr WastePart kWasteParts[] = {
    {"requested", &Waste::requested_bytes}, {"rounding", &Waste::rounding_bytes}, {"headers", &Waste::header_bytes},
    {"free", &Waste::free_bytes},           {"tails", &Waste::tail_bytes},        {"empty", &Waste::empty_bytes},
};

// `profile` may be null: then chunk headers are not known, and count as what else is left over: headers.
Waste waste_of(const MemoryState& state, const ContextRecord& context, const core::VersionProfile* profile);

// Of all contexts, with what a dump left out. Costs contexts and blocks.
Waste waste_of(const MemoryState& state, const core::VersionProfile* profile);

// By path, most total first; what holds nothing is left out.
struct PathWaste {
  PathNumber path = kNoPath;
  std::uint64_t contexts = 0;
  ContextKey example;  // the one of them that holds most
  std::uint64_t example_bytes = 0;
  Waste waste;
};
std::vector<PathWaste> waste_by_path(const MemoryState& state, const core::VersionProfile* profile,
                                     ContextPaths& paths);

}  // namespace palloscope::trace
