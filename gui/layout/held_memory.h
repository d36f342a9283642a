// What a process holds, part by part: its resident memory (RSS) as a waterfall of what the contexts use, what they keep
// free, what malloc keeps free, the rest of its private memory, the program's own pages, and touched shared memory.
#pragma once

#include <array>
#include <cstdint>

#include "core/events/event.h"

namespace palloscope::gui {

enum class HeldPart : std::uint8_t { ContextsUsed, ContextsFree, MallocFree, OtherPrivate, Program, Shared };
inline constexpr int kHeldPartCount = 6;

struct HeldMemory {
  std::array<std::uint64_t, kHeldPartCount> bytes{};
  std::uint64_t resident = 0;   // RSS
  std::uint64_t untouched = 0;  // of what contexts and malloc hold: no page was ever written there, so it is not in RSS
  bool malloc_known = false;    // else MallocFree is part of OtherPrivate

  std::uint64_t operator[](HeldPart part) const { return bytes[static_cast<std::size_t>(part)]; }
  std::uint64_t sum() const;  // resident + untouched
  friend bool operator==(const HeldMemory&, const HeldMemory&) = default;
};

// `contexts_total`: of all contexts, used and free.
HeldMemory held_memory(const core::ProcessReported& told, std::uint64_t contexts_total, std::uint64_t contexts_used);

}  // namespace palloscope::gui
