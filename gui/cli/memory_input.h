// Where verbs get a server process's memory from: the process itself by its PID, a core dump, a snapshot file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "trace/live/moment.h"

namespace palloscope::gui::cli {

// A number that is no file's name.
std::optional<std::uint32_t> pid_of(const std::string& source);

struct MemoryFile {
  trace::Capture capture;
  bool is_core = false;
  bool has_contents() const { return is_core || capture.facts.payload; }
};
// A core or a .pssnap file. `executable`: as for trace::open_core.
core::Result<MemoryFile> open_memory(const std::string& file, const std::string& executable);

}  // namespace palloscope::gui::cli
