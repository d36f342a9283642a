// Opens any file that the program knows: its own traces, snapshots and cores of servers (trace/live), and what servers
// print (trace/importers).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/walk/memory_source.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// What a file of a process's memory opens as, beside its events. A trace or a dump has neither.
struct OpenedFile {
  Timeline timeline;
  std::unique_ptr<core::MemorySource> memory = {};  // of a core, or a snapshot with chunks' contents; else none
  bool is_headers_only = false;                     // a snapshot without them
};

// A trace opens at event 0; a file of dumps, a snapshot or a core at its last moment. "-" is a text from standard
// input. `progress` is told how much of an import is done (0..1)
// and stops it by answering false. `pg_major`: the version of a dump that does not tell it itself (0: not known).
// An Error says what was looked for, where, and what to do.
core::Result<Timeline> open_any(const std::filesystem::path& file, const std::function<bool(double)>& progress = {},
                                int pg_major = 0);
// The same, with the memory to read contents from.
core::Result<OpenedFile> open_with_memory(const std::filesystem::path& file,
                                          const std::function<bool(double)>& progress = {}, int pg_major = 0);

// What a server printed, as a text that is in no file (pasted, from standard input). `name`: what messages and the
// title call it.
core::Result<Timeline> open_text(const std::string& name, std::string text,
                                 const std::function<bool(double)>& progress = {}, int pg_major = 0);

}  // namespace palloscope::trace
