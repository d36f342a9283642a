// A core dump of a server process, as gcore or the kernel wrote it, as a Capture.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/result.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

bool is_elf_core(std::string_view head);  // the file's first bytes; 64 are enough

// `executable`: the server's program, where it is not at the place that the core names. Error: not a core of a server,
// or of another program than the executable.
core::Result<Capture> open_core(const std::filesystem::path& core, const std::filesystem::path& executable = {});

}  // namespace palloscope::trace
