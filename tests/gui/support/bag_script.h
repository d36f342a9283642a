// A script for tests of panels that look for events: five allocations of 1000 to 5000 bytes in one context, and its
// reset.
#pragma once

#include <cstddef>
#include <variant>

#include "gui/session.h"

namespace palloscope::test {

inline constexpr const char* kBagScript = R"(
local bag = AllocSetContextCreate(TopMemoryContext, "bag")
MemoryContextSwitchTo(bag)
for i = 1, 5 do palloc(1000 * i) end
MemoryContextReset(bag)
)";

// What the event at the cursor asked for; 0 if it is no allocation.
inline std::size_t requested(const gui::Session& session) {
  const core::EventBody event = session.timeline()->event(session.cursor());
  const auto* allocated = std::get_if<core::ChunkAllocated>(&event);
  return allocated ? allocated->requested_bytes : 0;
}

}  // namespace palloscope::test
