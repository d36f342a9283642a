// The events of one call: a palloc that finds no room carves, doubles, mallocs, adds a block and hands out a chunk,
// each an event. Which events belong together follows from their order alone (core/README.md, "who emits what").
#pragma once

#include <cstddef>
#include <vector>

#include "trace/replay/timeline.h"

namespace palloscope::trace {

// At most this many events are looked at on each side; of a longer call (a reset that frees thousands of blocks) only
// the neighbourhood is known.
inline constexpr core::EventNumber kCallReach = 64;
// Of a request for a page: the clock hand may go round a small pool several times.
inline constexpr core::EventNumber kServerCallReach = 160;

struct Call {
  core::EventNumber first = 0;          // number of events.front()
  std::vector<core::EventBody> events;  // never empty
  std::size_t at = 0;                   // index of the event that was asked for
  const core::EventBody& event() const { return events[at]; }
  // The first event of this kind in the call; null if there is none.
  template <class E>
  const E* find() const {
    for (const core::EventBody& body : events)
      if (const E* found = std::get_if<E>(&body)) return found;
    return nullptr;
  }
};

// `n` within 1..size().
Call call_around(const Timeline& timeline, core::EventNumber n);

}  // namespace palloscope::trace
