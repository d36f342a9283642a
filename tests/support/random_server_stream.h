// Random but valid events around a backend's private memory: backends, buffer pools, rings, segments, placements,
// operations. Not PostgreSQL's rules (core/bufmgr knows those), but every kind of event that a correct server can emit,
// chosen by the state that the events so far give.
#pragma once

#include <cstdint>
#include <vector>

#include "core/events/event.h"

namespace palloscope::test {

std::vector<core::EventBody> random_server_events(std::uint64_t seed, std::size_t count);

}  // namespace palloscope::test
