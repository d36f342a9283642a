#include "gui/cli/memory_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "trace/live/core_file.h"
#include "trace/live/snapshot_file.h"

namespace palloscope::gui::cli {

std::optional<std::uint32_t> pid_of(const std::string& source) {
  std::uint32_t pid = 0;
  const char* end = source.data() + source.size();
  const auto [stop, error] = std::from_chars(source.data(), end, pid);
  std::error_code ignored;
  if (error != std::errc() || stop != end || std::filesystem::exists(source, ignored)) return std::nullopt;
  return pid;
}

core::Result<MemoryFile> open_memory(const std::string& file, const std::string& executable) {
  std::ifstream in(file, std::ios::binary);
  std::string head(64, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  const bool is_core = trace::is_elf_core(head);
  if (!is_core && !trace::is_snapshot_file(head))
    return core::Error{core::ErrorCode::BadFormat,
                       fmt::format("{}: {}", file,
                                   in.is_open() ? "neither a core dump nor a .pssnap file"
                                                : "there is no such file; a process is named by its PID")};
  core::Result<trace::Capture> capture = is_core ? trace::open_core(file, executable) : trace::open_snapshot_file(file);
  if (!capture) return capture.error();
  return MemoryFile{std::move(*capture), is_core};
}

}  // namespace palloscope::gui::cli
