// Finding: something about a trace's memory that somebody should look at, without a word of any language: a key of the
// string tables ("finding.") and the numbers that go into it, the events it leads to, the contexts it is about.
// gui/finding_text.h makes text of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trace/explain/card.h"
#include "trace/findings/rounds.h"

namespace palloscope::trace {

enum class FindingKind : std::uint8_t {
  Growth,         // chunks that no round gives back
  ContextPileUp,  // contexts that no round gives back
  Hoard,          // free chunks kept for long while little is in use
  PinnedBlocks,   // blocks kept by one small chunk each
  Churn,          // contexts created and deleted instead of reset
  WrongLifetime,  // chunks freed one by one when a shorter-lived context ends
  Temporary,      // chunks freed before anything else is allocated
};
inline constexpr int kFindingKindCount = 7;
std::string_view finding_kind_name(FindingKind kind);  // "growth"

struct Finding {
  FindingKind kind = FindingKind::Growth;
  std::uint64_t weight_bytes = 0;  // what could be had back: the list's order
  EventNumber event = 0;           // where to look first
  EventNumber until = 0;           // the last event it is about
  ContextKey context = {};         // there at `event`; none: nothing to select
  std::string path = {};           // "TopMemoryContext/CacheMemoryContext"
  Sentence sentence = {};          // what was found
  Sentence advice = {};            // what is to be done; key empty: nothing is known
  // Growth: bytes after each round (or every so many); ContextPileUp: contexts.
  std::vector<RoundNote> rounds = {};
  friend bool operator==(const Finding&, const Finding&) = default;
};

}  // namespace palloscope::trace
