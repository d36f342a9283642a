// How much memory a timeline may take beside what it cannot do without (the state at the cursor, the index): the one
// place where that is divided. And what it takes at the moment.
#pragma once

#include <algorithm>
#include <cstddef>

namespace palloscope::trace {

struct MemoryBudget {
  static constexpr std::size_t kLeast = std::size_t{16} << 20;
  std::size_t bytes = std::size_t{512} << 20;

  // Undoing steps at the cursor, and where else the timeline looks.
  std::size_t cursor_journal() const { return std::clamp(bytes / 8, std::size_t{1} << 20, std::size_t{32} << 20); }
  std::size_t probe_journal() const { return std::clamp(bytes / 32, std::size_t{256} << 10, std::size_t{8} << 20); }
  // The curve over time: not less than what a wide picture shows at once.
  std::size_t curve() const { return std::max(bytes / 4, std::size_t{8} << 20); }
  // The second state, which the timeline looks around with; a larger one is made anew each time.
  std::size_t probe_state() const { return bytes / 2; }
};

struct MemoryUse {
  std::size_t states = 0;  // at the cursor, and the second one
  std::size_t journals = 0, curve = 0;
  std::size_t index = 0;
  std::size_t recording = 0;  // the events of a stream that grows
  std::size_t total() const { return states + journals + curve + index + recording; }
};

}  // namespace palloscope::trace
