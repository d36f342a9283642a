// Reads on through the events of a timeline, so many at a call: for analyses that a window runs between its frames.
#pragma once

#include <algorithm>
#include <cstddef>

#include "trace/replay/event_store.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// From event `next` on, at least block by block, until about `events` were read; `next` moves on. `concerns(summary)`:
// whether a closed block holds anything of interest (what is passed over costs little); `take(number, event)`: the
// events, typed, of the others. True: nothing is left, until the stream grows.
template <class Concerns, class Take>
bool read_slice(const Timeline& timeline, EventNumber& next, std::size_t events, Concerns concerns, Take take) {
  constexpr std::size_t kSkipCost = 32;  // of a block that is passed over, in events read
  const EventStore& store = timeline.events();
  while (next <= timeline.size()) {
    if (events == 0) return false;
    const std::size_t block = store.block_of(next);
    const EventNumber first = store.first_event(block);
    const EventNumber last = first + store.event_count(block) - 1;
    if (!store.is_open(block) && !concerns(store.summary(block))) {
      next = last + 1;
      events -= std::min(events, kSkipCost);
      continue;
    }
    BlockEvents read;
    core::Status status = store.begin(block, read);
    if (status) status = read.skip(static_cast<std::uint32_t>(next - first));
    // A block that cannot be read has nothing to show here; who replays it says so.
    if (status) {
      EventNumber n = next;
      status = read.visit(static_cast<std::uint32_t>(last - next + 1), [&](const auto& event) { take(n++, event); });
    }
    events -= std::min<std::size_t>(events, last - next + 1);
    next = last + 1;
  }
  return true;
}

}  // namespace palloscope::trace
