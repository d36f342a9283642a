// Which PostgreSQL processes run here, as /proc tells.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace palloscope::trace {

struct Backend {
  std::uint32_t pid = 0, postmaster = 0;
  std::string kind;                              // "backend", "checkpointer", "walwriter", "postmaster", ...
  std::string database, user, client, activity;  // as the process title has them; empty where it does not
  std::string title, data_directory;
  int major = 0;  // 0: not known
  std::uint32_t uid = 0;
  std::uint64_t rss_bytes = 0;
  std::int64_t started_s = 0;  // seconds since 1970
  std::string refused;         // why it cannot be looked into, and what to do; empty: it can
};

// By postmaster, then by pid. `proc`: a folder like /proc.
std::vector<Backend> list_backends(const std::filesystem::path& proc = "/proc");

}  // namespace palloscope::trace
