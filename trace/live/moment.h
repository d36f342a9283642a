// What goes from hand to hand between whoever reads a server's memory and whoever shows it: a Capture is a copy of a
// process's memory with what is known of the process; a ServerMoment is what was found in it. Nothing here touches a
// process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.h"
#include "core/walk/buffer_pool_walker.h"
#include "core/walk/memory_source.h"
#include "core/walk/shmem_walk.h"
#include "core/walk/walked_heap.h"

namespace palloscope::trace {

// A line of /proc/PID/maps, or a segment of a core. Bytes; end is behind the last.
struct Mapping {
  core::Address begin, end;
  std::uint64_t file_offset = 0, device = 0, inode = 0;
  bool read = false, write = false, exec = false, shared = false;
  std::string name;
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

// Addresses of the server's VARIABLES, not of what they point to. Null: not known (a stripped static, say).
struct ServerRoots {
  core::Address top_memory_context, current_memory_context, context_freelists;
  core::Address n_buffers, buffer_descriptors, buffer_blocks;
  core::Address debug_query_string, interrupt_holdoff_count, crit_section_count, my_proc_pid;
};

struct ServerBuild {
  int major = 0;          // 15..18
  bool checking = false;  // MEMORY_CONTEXT_CHECKING
  std::string version;    // as the server has it, "15.18"; empty: not known
  std::string executable, build_id, data_directory;
};

// How the copy was made.
struct CaptureFacts {
  std::uint32_t pid = 0;
  std::string title;     // of the process: "postgres: bob shop [local] idle"
  std::string time;      // UTC, ISO 8601 with milliseconds
  bool stopped = true;   // false: read while it ran
  bool torn = false;     // no try was free of contradictions
  bool payload = false;  // the chunks' contents are in it, too
  std::uint32_t tries = 1;
  std::uint64_t pause_ns = 0, total_ns = 0, copied_bytes = 0;
  std::uint32_t interrupt_holdoff = 0, crit_section = 0;  // not 0: it may hold a lightweight lock
};

struct Capture {
  ServerBuild build;
  ServerRoots roots;
  CaptureFacts facts;
  std::vector<Mapping> maps;
  core::ProcessReported measure;
  std::unique_ptr<core::MemorySource> memory;  // may own the bytes
  std::uint64_t image_bytes = 0;               // of private memory that can be read in it: bounds what a walk may find
};

// One moment of one process.
struct ServerMoment {
  ServerBuild build;
  CaptureFacts facts;
  core::WalkedHeap heap;
  bool recycled_known = true;  // false: the build names the lists of recycled contexts nowhere (stripped ones)
  std::optional<core::WalkedPool> pool;
  std::optional<core::WalkedShmem> shmem;
  core::Address shmem_at;
  core::ProcessReported measure;
  std::string statement;              // debug_query_string; empty: none, or not asked for
  std::vector<std::string> problems;  // what could not be read, a sentence each
};

struct MomentOptions {
  bool buffers = true, shmem = true, statement = true;
};

// Walks the copy. Findings of the walk are in moment.heap; an error says why nothing at all can be made of it.
core::Result<ServerMoment> read_moment(const Capture& capture, const MomentOptions& options = {});

}  // namespace palloscope::trace
