// The server's part of a keyframe: one column. Each table is its length and its records (a stale one is a 0 where its
// `born` would stand); of buffers, runs of those that are as they were when their pool was made are only counted.
#pragma once

#include "trace/file/bytes.h"
#include "trace/replay/server_state.h"

namespace palloscope::trace {

// Writes nothing for an empty state.
void put_server(const ServerState& server, NumberWriter& to);

// False: these bytes make no sense, name things that are not there, or need more memory than `most_bytes`. `at`: the
// keyframe's event.
bool get_server(NumberReader& from, EventNumber at, std::uint64_t most_bytes, ServerState& server);

}  // namespace palloscope::trace
