// The tables of one moment, the cursor's unless the question names another (`at`): pg_backend_memory_contexts,
// freelists, buffers, pg_shmem_allocations, segments.
#pragma once

#include <memory>

#include "trace/sql/moment.h"

namespace palloscope::trace::sql {

std::unique_ptr<Table> make_context_view(Source& source, Moment& moment);
std::unique_ptr<Table> make_freelist_table(Source& source, Moment& moment);
std::unique_ptr<Table> make_buffer_table(Source& source, Moment& moment);
std::unique_ptr<Table> make_shmem_view(Source& source, Moment& moment);
std::unique_ptr<Table> make_segment_table(Source& source, Moment& moment);

}  // namespace palloscope::trace::sql
