#include "trace/live/backend_list.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <tuple>

#include "trace/live/access.h"
#include "trace/live/backend_title.h"
#include "trace/live/proc_files.h"

namespace palloscope::trace {
namespace {

constexpr std::string_view kTitleBegin = "postgres: ";

bool is_server_name(std::string_view name) { return name == "postgres" || name == "postmaster"; }

}  // namespace

std::vector<Backend> list_backends(const std::filesystem::path& proc) {
  std::vector<Backend> backends;
  std::map<std::uint32_t, std::uint32_t> parents;  // of the server's processes
  for (const std::uint32_t pid : list_pids(proc)) {
    const auto status = read_status(proc, pid);
    if (!status || status->state == 'Z') continue;
    std::string title = read_title(proc, pid);
    const bool tells = title.starts_with(kTitleBegin);
    if (!tells && !is_server_name(status->name)) continue;
    Backend backend;
    backend.pid = pid;
    if (tells)
      apply_title(std::string_view(title).substr(kTitleBegin.size()), backend);
    else
      backend.kind = "postmaster";
    backend.title = std::move(title);
    const std::filesystem::path folder = proc / std::to_string(pid);
    backend.data_directory = read_link(folder / "cwd");
    if (const auto version = read_proc_file(folder / "cwd" / "PG_VERSION", 16))
      backend.major = std::atoi(version->c_str());
    backend.uid = status->effective_uid;
    backend.rss_bytes = status->rss_bytes;
    backend.started_s = started_seconds(proc, pid);
    backend.refused = why_refused(gather_access(pid, proc));
    parents[pid] = status->parent;
    backends.push_back(std::move(backend));
  }
  for (Backend& backend : backends) {
    const std::uint32_t parent = parents[backend.pid];
    const bool is_child = parents.count(parent) != 0;
    backend.postmaster = is_child ? parent : backend.kind == "postmaster" ? backend.pid : 0;
  }
  std::sort(backends.begin(), backends.end(), [](const Backend& a, const Backend& b) {
    return std::tie(a.postmaster, a.pid) < std::tie(b.postmaster, b.pid);
  });
  return backends;
}

}  // namespace palloscope::trace
