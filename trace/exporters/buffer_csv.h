// The shared buffer pool as rows of pg_buffercache and what comes with it (spec 9.5), as COPY ... CSV HEADER writes
// them. Of a pool that a server reported as of a simulated one.
#pragma once

#include <iosfwd>

namespace palloscope::trace {

class Timeline;

void write_buffer_csv(const Timeline& timeline, std::ostream& out);               // pg_buffercache
void write_buffer_summary_csv(const Timeline& timeline, std::ostream& out);       // pg_buffercache_summary
void write_buffer_usage_counts_csv(const Timeline& timeline, std::ostream& out);  // pg_buffercache_usage_counts
void write_buffer_numa_csv(const Timeline& timeline, std::ostream& out);          // pg_buffercache_numa, if it was read

}  // namespace palloscope::trace
