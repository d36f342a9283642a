// The part of a moment that all processes of a server share: its buffers, and the main shared memory segment by its
// index (spec 10, 11, 14.2). Only the backend may be stopped, so others change these bytes while they are read.
#pragma once

#include "trace/live/moment.h"

namespace palloscope::trace {

// Fills in moment.pool, shmem, shmem_at and what malloc has (trace/live/malloc_walk.h), and adds to its problems.
void read_server(const Capture& capture, const MomentOptions& options, ServerMoment& moment);

}  // namespace palloscope::trace
