// palloscope backends: the server processes that run here, by server, and why one cannot be looked into.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "gui/cli/arguments.h"
#include "trace/exporters/printable.h"
#include "trace/live/backend_list.h"

namespace palloscope::gui::cli {
namespace {

using trace::Backend;

std::string started(const Backend& backend) {
  if (backend.started_s == 0) return "";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(backend.started_s)));
}

// "bob@shop 10.0.0.1(5544)"
std::string who(const Backend& backend) {
  std::string text = backend.user;
  if (!backend.database.empty()) text += '@' + backend.database;
  if (!backend.client.empty()) text += ' ' + backend.client;
  return trace::printable(text);
}

void print_server(const Backend& first, std::size_t processes, std::ostream& out) {
  out << (first.major != 0 ? fmt::format("PostgreSQL {}", first.major) : std::string("A server"));
  if (!first.data_directory.empty()) out << " in " << trace::printable(first.data_directory);
  if (first.postmaster != 0) out << fmt::format(", postmaster {}", first.postmaster);
  out << fmt::format(": {} {}\n", processes, processes == 1 ? "process" : "processes");
  out << fmt::format("  {:>8} {:<28} {:>9}  {:<19}  {:<32} {}\n", "PID", "kind", "RSS kB", "started", "user@database",
                     "activity");
}

void print_row(const Backend& backend, std::ostream& out) {
  std::string line = fmt::format("{} {:>8} {:<28} {:>9}  {:<19}  {:<32} {}", backend.refused.empty() ? ' ' : '!',
                                 backend.pid, backend.kind, backend.rss_bytes / 1024, started(backend), who(backend),
                                 trace::printable(backend.activity));
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

void print_text(const std::vector<Backend>& backends, std::ostream& out) {
  for (auto begin = backends.begin(); begin != backends.end();) {
    const auto end =
        std::find_if(begin, backends.end(), [&](const Backend& b) { return b.postmaster != begin->postmaster; });
    if (begin != backends.begin()) out << '\n';
    const auto told = std::find_if(begin, end, [](const Backend& b) { return b.major != 0; });
    print_server(told == end ? *begin : *told, static_cast<std::size_t>(end - begin), out);
    for (auto row = begin; row != end; ++row) print_row(*row, out);
    begin = end;
  }
  const auto refused =
      std::find_if(backends.begin(), backends.end(), [](const Backend& b) { return !b.refused.empty(); });
  if (refused != backends.end()) out << "\n! cannot be looked into. " << trace::printable(refused->refused) << '\n';
}

void print_json(const std::vector<Backend>& backends, std::ostream& out) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Backend& backend : backends)
    rows.push_back({{"pid", backend.pid},
                    {"postmaster", backend.postmaster},
                    {"kind", backend.kind},
                    {"user", backend.user},
                    {"database", backend.database},
                    {"client", backend.client},
                    {"activity", backend.activity},
                    {"title", backend.title},
                    {"major", backend.major},
                    {"data_directory", backend.data_directory},
                    {"uid", backend.uid},
                    {"rss_bytes", backend.rss_bytes},
                    {"started", backend.started_s},
                    {"refused", backend.refused}});
  // Titles are bytes of somebody else's encoding.
  out << rows.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace

int run_backends(Arguments arguments, Streams io) {
  Usage usage(
      "backends",
      "Lists the PostgreSQL processes that run on this machine: what each does, for whom, since when, and whether\n"
      "palloscope may look into it. Nothing is asked of the servers; no process is touched.");
  std::string format = "text";
  usage.add("--format", &format, "how it is written; json: everything").one_of({"text", "json"}).shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  const std::vector<Backend> backends = trace::list_backends();
  if (format == "json") {
    print_json(backends, io.out);
  } else if (!backends.empty()) {
    print_text(backends, io.out);
  }
  if (!backends.empty()) return kExitGood;
  io.err << "palloscope backends: no PostgreSQL process runs here, or none that we may see (another container's, or "
            "/proc mounted with hidepid)\n";
  return kExitNo;
}

}  // namespace palloscope::gui::cli
