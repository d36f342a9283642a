// What /proc tells about processes, as plain values. Each function takes the folder, so that tests bring one of their
// own; whatever is not there or cannot be read is left empty. Texts come from other processes: nothing in them is
// trusted to be whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trace/live/moment.h"

namespace palloscope::trace {

// /proc/PID/status, as far as we ask for it.
struct ProcessStatus {
  std::string name;  // the executable's short name
  char state = '?';  // R, S, D, T, t, Z, ...
  std::uint32_t pid = 0, parent = 0, tracer = 0, threads = 0;
  std::uint32_t real_uid = 0, effective_uid = 0, saved_uid = 0, gid = 0;
  std::vector<std::uint32_t> namespace_pids;  // outermost first; the last is what the process calls itself
  std::uint64_t rss_bytes = 0, rss_anon = 0, rss_file = 0, rss_shmem = 0;
  std::uint64_t effective_capabilities = 0;
};

std::optional<ProcessStatus> parse_status(std::string_view text);
std::optional<ProcessStatus> read_status(const std::filesystem::path& proc, std::uint32_t pid);

// Lines that cannot be are passed over.
std::vector<Mapping> parse_maps(std::string_view text);

// Numeric entries of the folder, ascending.
std::vector<std::uint32_t> list_pids(const std::filesystem::path& proc);

// The process title that a server writes over its arguments; NULs become blanks, none at the end.
std::string read_title(const std::filesystem::path& proc, std::uint32_t pid);

// When the process began, in ticks since the machine did; with the pid it names a process for good. 0: not known.
std::uint64_t start_ticks(const std::filesystem::path& proc, std::uint32_t pid);
// The same in seconds since 1970; 0: not known.
std::int64_t started_seconds(const std::filesystem::path& proc, std::uint32_t pid);

// A file of /proc whole, but no more than `most` bytes; empty optional: cannot be read (errno is left as it was set).
std::optional<std::string> read_proc_file(const std::filesystem::path& path, std::size_t most = std::size_t{1} << 26);

// Where a link of /proc/PID leads, as in "exe" or "cwd"; empty: not told.
std::string read_link(const std::filesystem::path& link);

// Where PID's name for itself is `inner` in a namespace of its own: the pid by which we know it, or 0.
std::uint32_t pid_of_inner(const std::filesystem::path& proc, std::uint32_t inner);

// Bytes of main memory that can be had without swapping.
std::uint64_t available_memory(const std::filesystem::path& proc);

}  // namespace palloscope::trace
