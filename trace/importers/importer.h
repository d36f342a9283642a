// The kinds of file that servers and their users make of memory, one importer each, named in the table of
// importer_table.cpp. An importer of memory contexts reads lines and hands over Dumps; what they become is dump_events'
// business. One of what lies around the contexts (shared memory, buffers) makes its few events itself.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.h"
#include "core/events/event_sink.h"
#include "trace/importers/dump.h"
#include "trace/importers/text_source.h"

namespace palloscope::trace {

using DumpConsumer = std::function<void(Dump)>;

// Reads the source to its end. Dumps go to the consumer in the order in which they end.
using DumpReader = core::Result<DumpFacts> (*)(TextSource& source, const DumpConsumer& consumer);

// A SnapshotBegan, what it says, a SnapshotEnded, for each moment. Called twice: the first time only the facts are
// wanted.
using EventEmitter = core::Result<DumpFacts> (*)(TextSource& source, core::EventSink& sink);

struct Importer {
  std::string_view name;       // "csvlog"
  std::string_view looks_for;  // in words, for "not recognised: looked for ..."
  // How sure: 0 not mine, 100 certain. `head`: the file's first bytes, up to kSniffedBytes.
  int (*sniff)(std::string_view head) = nullptr;
  std::variant<DumpReader, EventEmitter> read;
};

inline constexpr std::size_t kSniffedBytes = 65536;

std::span<const Importer> importer_table();

// The importers' functions, one file each.
int sniff_plain_log(std::string_view head);
core::Result<DumpFacts> read_plain_log(TextSource& source, const DumpConsumer& consumer);
int sniff_csv_log(std::string_view head);
core::Result<DumpFacts> read_csv_log(TextSource& source, const DumpConsumer& consumer);
int sniff_json_log(std::string_view head);
core::Result<DumpFacts> read_json_log(TextSource& source, const DumpConsumer& consumer);
int sniff_context_view(std::string_view head);
core::Result<DumpFacts> read_context_view(TextSource& source, const DumpConsumer& consumer);
int sniff_shmem_view(std::string_view head);
core::Result<DumpFacts> emit_shmem_view(TextSource& source, core::EventSink& sink);
int sniff_shmem_numa_view(std::string_view head);
int sniff_buffer_view(std::string_view head);
core::Result<DumpFacts> emit_buffer_view(TextSource& source, core::EventSink& sink);
int sniff_buffer_summary(std::string_view head);
core::Result<DumpFacts> emit_buffer_summary(TextSource& source, core::EventSink& sink);
int sniff_buffer_usage_counts(std::string_view head);
core::Result<DumpFacts> emit_buffer_usage_counts(TextSource& source, core::EventSink& sink);
int sniff_buffer_numa(std::string_view head);
core::Result<DumpFacts> emit_buffer_numa(TextSource& source, core::EventSink& sink);
int sniff_plan_memory(std::string_view head);
core::Result<DumpFacts> read_plan_memory(TextSource& source, const DumpConsumer& consumer);
int sniff_psql_table(std::string_view head);
core::Result<DumpFacts> emit_psql_tables(TextSource& source, core::EventSink& sink);

}  // namespace palloscope::trace
