// Opens any file that the program knows: its own traces, and what servers print (trace/importers).
#pragma once

#include <filesystem>
#include <functional>

#include "core/base/result.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// A trace opens at event 0; a file of dumps at its last moment. `progress` is told how much of an import is done (0..1)
// and stops it by answering false. `pg_major`: the version of a dump that does not tell it itself (0: not known).
// An Error says what was looked for, where, and what to do.
core::Result<Timeline> open_any(const std::filesystem::path& file, const std::function<bool(double)>& progress = {},
                                int pg_major = 0);

}  // namespace palloscope::trace
