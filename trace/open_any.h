// Opens any file that the program knows: its own traces, snapshots and cores of servers (trace/live), and what servers
// print (trace/importers).
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/base/result.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// A trace opens at event 0; a file of dumps, a snapshot or a core at its last moment. "-" is a text from standard
// input. `progress` is told how much of an import is done (0..1)
// and stops it by answering false. `pg_major`: the version of a dump that does not tell it itself (0: not known).
// An Error says what was looked for, where, and what to do.
core::Result<Timeline> open_any(const std::filesystem::path& file, const std::function<bool(double)>& progress = {},
                                int pg_major = 0);

// What a server printed, as a text that is in no file (pasted, from standard input). `name`: what messages and the
// title call it.
core::Result<Timeline> open_text(const std::string& name, std::string text,
                                 const std::function<bool(double)>& progress = {}, int pg_major = 0);

}  // namespace palloscope::trace
