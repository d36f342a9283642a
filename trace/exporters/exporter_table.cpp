// The exporters: one row each, in the order in which --help lists them.
#include <ostream>
#include <string>
#include <variant>

#include "trace/exporters/buffer_csv.h"
#include "trace/exporters/context_csv.h"
#include "trace/exporters/exporter.h"
#include "trace/exporters/shmem_csv.h"
#include "trace/exporters/state_json.h"
#include "trace/exporters/stats_text.h"
#include "trace/importers/dump_origin.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {
namespace {

// As the server printed it: a moment that was log messages comes as log messages.
void write_text(const Timeline& timeline, std::ostream& out) {
  const MemoryState& state = timeline.state();
  const core::StreamDescription& description = timeline.description();
  std::uint32_t pid = 0;
  std::string first_line;
  if (const EventNumber snapshot = state.point().snapshot; snapshot != 0) {
    const core::EventBody began = timeline.event(snapshot);
    if (const auto* body = std::get_if<core::SnapshotBegan>(&began)) pid = body->pid;
    if (snapshot < timeline.cursor()) {
      const core::EventBody next = timeline.event(snapshot + 1);
      if (const auto* line = std::get_if<core::Output>(&next)) first_line = line->text;
    }
  }
  const bool messages =
      description.source == core::SourceKind::Dump && form_of_moment(description, pid) == DumpForm::Log;
  out << (messages ? log_text(state, description, pid, first_line) : stats_text(state, description));
}

void write_csv(const Timeline& timeline, std::ostream& out) {
  write_context_csv(timeline.state(), timeline.description(), out);
}

void write_json(const Timeline& timeline, std::ostream& out) {
  const RecycledLists recycled{recycled_contexts(timeline, 0), recycled_contexts(timeline, 1)};
  write_state_json(timeline.state(), timeline.description(), out, recycled);
}

void write_shmem(const Timeline& timeline, std::ostream& out) {
  write_shmem_csv(timeline.state().server(), timeline.description(), out);
}

void write_shmem_numa(const Timeline& timeline, std::ostream& out) {
  write_shmem_numa_csv(timeline.state().server(), out);
}

constexpr Exporter kExporters[] = {
    {"text", "as MemoryContextStats, or the log, prints it", write_text, "memory contexts", 0},
    {"csv", "the columns of that version's pg_backend_memory_contexts", write_csv, "memory contexts"},
    {"json", "everything, down to chunks and freelists", write_json, "", 0},
    {"shmem", "the columns of pg_shmem_allocations, in the order of the offsets", write_shmem,
     "allocations in shared memory"},
    {"shmem-numa", "the columns of pg_shmem_allocations_numa (18), in the order of the offsets", write_shmem_numa,
     "NUMA nodes of shared memory"},
    {"buffers", "the shared buffers as rows of pg_buffercache", write_buffer_csv, "shared buffers"},
    {"buffer-summary", "pg_buffercache_summary", write_buffer_summary_csv, "shared buffers"},
    {"buffer-usage-counts", "pg_buffercache_usage_counts", write_buffer_usage_counts_csv, "shared buffers"},
    {"buffer-numa", "pg_buffercache_numa, of a file of it", write_buffer_numa_csv, "NUMA nodes of shared buffers"},
};

constexpr bool names_are_unique() {
  for (const Exporter& a : kExporters)
    for (const Exporter& b : kExporters)
      if (&a != &b && a.name == b.name) return false;
  return true;
}
static_assert(names_are_unique());

}  // namespace

std::span<const Exporter> exporter_table() { return kExporters; }

}  // namespace palloscope::trace
