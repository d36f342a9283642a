// How an imported stream says in its description which form its dumps had: what gives them back (exporters) needs to
// know whether a moment was indented text, log messages or rows.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/events/event_sink.h"
#include "trace/importers/dump.h"

namespace palloscope::trace {

inline constexpr std::string_view kOriginStats = "MemoryContextStats";
inline constexpr std::string_view kOriginLog = "pg_log_backend_memory_contexts";
inline constexpr std::string_view kOriginStatsAndLog = "MemoryContextStats, pg_log_backend_memory_contexts";
inline constexpr std::string_view kOriginView = "pg_backend_memory_contexts";
inline constexpr std::string_view kOriginShmem = "pg_shmem_allocations";
inline constexpr std::string_view kOriginShmemByNode = "pg_shmem_allocations_numa";

std::string_view origin_of(const DumpFacts& facts);

// The form of a moment whose SnapshotBegan has this PID (where both forms are in one file, only log dumps have one).
DumpForm form_of_moment(const core::StreamDescription& description, std::uint32_t pid);

}  // namespace palloscope::trace
