// Events of buffer pools for tests and measurements of the window: a small pool at work, and pools of any size filled
// at random. Valid streams, but not PostgreSQL's rules (core/bufmgr knows those).
#pragma once

#include <cstdint>
#include <vector>

#include "core/events/event.h"

namespace palloscope::test {

// A shared pool whose buffers hold pages of `relations` relations (the first is named "table 0", ...): free, clean,
// dirty and pinned ones, usage counts 0 to 5, as a seeded generator says. One backend that has nothing pinned of its
// own. Without a freelist.
std::vector<core::EventBody> filled_pool(std::uint32_t buffers, std::uint64_t seed, std::uint32_t relations = 5);

// A pool of four buffers, two backends: a miss from the freelist, a hit, and, as the last events, a miss for which the
// clock has to find a victim that is dirty: request, lookup, two spared, one taken, pin, write, evict, tag, read.
std::vector<core::EventBody> pool_at_work();

}  // namespace palloscope::test
