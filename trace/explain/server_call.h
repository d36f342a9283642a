// The events of one call on the buffer pool: a request for a page with all its steps, a page written out in the
// background, a page thrown away. Which belong together follows from their order (core/README.md, "who emits what").
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "core/events/event.h"

namespace palloscope::trace {

struct CallRange {
  std::size_t first = 0, last = 0;  // indices, both of it
};

// The call that the event at `at` is a step of; none: it stands alone, or the call's ends are not among these events.
std::optional<CallRange> server_call_at(std::span<const core::EventBody> events, std::size_t at);

// Whether the event may be a step of such a call.
bool is_server_step(const core::EventBody& event);

}  // namespace palloscope::trace
