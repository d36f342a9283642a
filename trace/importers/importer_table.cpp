// The importers, in the order in which a file is shown to them: one row each.
#include "trace/importers/importer.h"

namespace palloscope::trace {
namespace {

constexpr Importer kImporters[] = {
    {"context view", "rows of pg_backend_memory_contexts as CSV", sniff_context_view, read_context_view},
    {"buffers", "rows of pg_buffercache as CSV", sniff_buffer_view, emit_buffer_view},
    {"buffer summary", "pg_buffercache_summary", sniff_buffer_summary, emit_buffer_summary},
    {"buffer usage counts", "pg_buffercache_usage_counts", sniff_buffer_usage_counts, emit_buffer_usage_counts},
    {"buffer nodes", "pg_buffercache_numa", sniff_buffer_numa, emit_buffer_numa},
    {"csvlog", "a server's csvlog", sniff_csv_log, read_csv_log},
    {"jsonlog", "a server's jsonlog", sniff_json_log, read_json_log},
    {"text", "text with the output of MemoryContextStats or pg_log_backend_memory_contexts", sniff_plain_log,
     read_plain_log},
    {"shared memory", "rows of pg_shmem_allocations as CSV", sniff_shmem_view, emit_shmem_view},
    {"shared memory by node", "rows of pg_shmem_allocations_numa as CSV", sniff_shmem_numa_view, emit_shmem_view},
    {"plan memory", "the output of EXPLAIN (MEMORY)", sniff_plan_memory, read_plan_memory},
    {"psql", "psql's tables of these views", sniff_psql_table, emit_psql_tables},
};

constexpr bool names_are_unique() {
  for (const Importer& a : kImporters)
    for (const Importer& b : kImporters)
      if (&a != &b && a.name == b.name) return false;
  return true;
}
static_assert(names_are_unique());

}  // namespace

std::span<const Importer> importer_table() { return kImporters; }

}  // namespace palloscope::trace
