// palloscope snapshot PID|CORE|FILE: what a look into a server's process sees, as a file.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <thread>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "gui/cli/memory_input.h"
#include "trace/file/trace_writer.h"
#include "trace/live/live_server.h"
#include "trace/live/snapshot_events.h"
#include "trace/live/snapshot_file.h"

namespace palloscope::gui::cli {
namespace {

using core::counted;

struct Wish {
  std::string source, out, executable;
  bool anonymize = false, payload = false, no_stop = false;
  int pause_limit_ms = 1000;
  float every_s = 1;
  std::uint64_t times = 1;

  bool as_trace() const { return std::filesystem::path(out).extension() == ".pscope"; }
};

// How long the process stood still, in a sentence's part.
std::string pause_words(const trace::CaptureFacts& facts) {
  if (!facts.stopped) return "not stopped";
  return fmt::format("stopped for {:.2f} ms ({} tr{})", static_cast<double>(facts.pause_ns) / 1e6, facts.tries,
                     facts.tries == 1 ? "y" : "ies");
}

class Snapshots {
 public:
  Snapshots(const Wish& wish, Streams io) : wish_(wish), io_(io) {}

  int of_process(std::uint32_t pid) {
    if (wish_.out.empty()) out_ = fmt::format("{}{}", pid, ".pssnap");
    core::Result<trace::LiveServer> server = trace::LiveServer::attach(pid);
    if (!server) return complain("snapshot", server.error(), io_);
    trace::CaptureOptions options;
    options.stop = !wish_.no_stop;
    options.payload = wish_.payload;
    options.pause_limit = std::chrono::milliseconds(wish_.pause_limit_ms);
    using Clock = std::chrono::steady_clock;
    Clock::time_point next = Clock::now();
    for (std::uint64_t n = 0; n < wish_.times; ++n) {
      std::this_thread::sleep_until(next);
      next += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<float>(wish_.every_s));
      const auto taken = server->take(options);
      if (!taken && n > 0 && server->is_gone()) {
        io_.err << fmt::format("palloscope snapshot: PID {} has ended after {}\n", pid, counted(n, "moment"));
        break;
      }
      if (!taken) return complain("snapshot", taken.error(), io_);
      if (const auto status = take(taken->capture, taken->moment)) return *status;
      tell(taken->moment, pause_words(taken->moment.facts) + "; ");
    }
    return finish();
  }

  int of_file() {
    if (wish_.out.empty()) out_ = std::filesystem::path(wish_.source).filename().string() + ".pssnap";
    core::Result<MemoryFile> file = open_memory(wish_.source, wish_.executable);
    if (!file) return complain("snapshot", file.error(), io_);
    trace::Capture& capture = file->capture;
    if (file->is_core && wish_.payload) capture.facts.payload = true;
    const auto moment = trace::read_moment(capture);
    if (!moment) return complain("snapshot", wish_.source + ": " + moment.error().message, io_);
    if (const auto status = take(capture, *moment)) return *status;
    tell(*moment, "");
    return finish();
  }

 private:
  // Writes the moment. A status: it could not be, and that was told.
  std::optional<int> take(const trace::Capture& capture, const trace::ServerMoment& moment) {
    is_torn_ = is_torn_ || !moment.heap.findings.empty();
    if (!wish_.as_trace()) {
      const auto report = trace::write_snapshot_file(capture, moment, out_, {.anonymize = wish_.anonymize});
      if (!report) return complain("snapshot", report.error(), io_);
      if (wish_.anonymize)
        io_.out << fmt::format("replaced {}, {}, {} and {}\n", counted(report->idents, "ident"),
                               counted(report->names, "name"), counted(report->statements, "statement"),
                               counted(report->titles, "process title"));
      return std::nullopt;
    }
    if (!writer_) {
      auto writer = trace::TraceWriter::create(out_, trace::describe_snapshot(moment));
      if (!writer) return complain("snapshot", writer.error(), io_);
      writer_ = std::move(*writer);
      events_.emplace(*writer_);
    }
    events_->emit(moment);
    writer_->flush();
    return std::nullopt;
  }

  void tell(const trace::ServerMoment& moment, const std::string& pause) {
    const trace::ServerBuild& build = moment.build;
    io_.out << fmt::format("PID {}, PostgreSQL {}{}: {}; {}{}\n", moment.facts.pid,
                           build.version.empty() ? std::to_string(build.major) : build.version,
                           build.checking ? " (memory checking)" : "", counted(moment.heap.contexts.size(), "context"),
                           pause, out_);
    for (const std::string& problem : moment.problems) io_.err << "palloscope snapshot: " << problem << '\n';
    if (moment.heap.findings.empty()) return;
    const core::WalkFinding& first = moment.heap.findings.front();
    io_.err << fmt::format("palloscope snapshot: parts do not fit together: at {:#x}: {} ({} in all)\n",
                           first.where.value, first.what, moment.heap.findings.size() + moment.heap.findings_left_out);
  }

  int finish() {
    if (writer_)
      if (const core::Status status = writer_->close(); !status) return complain("snapshot", status.error(), io_);
    return is_torn_ ? kExitNo : kExitGood;
  }

  const Wish& wish_;
  Streams io_;
  std::string out_ = wish_.out;
  bool is_torn_ = false;
  std::unique_ptr<trace::TraceWriter> writer_;
  std::optional<trace::SnapshotEvents> events_;
};

}  // namespace

int run_snapshot(Arguments arguments, Streams io) {
  Usage usage(
      "snapshot",
      "Writes what is seen of a running PostgreSQL process, or of a core dump of one, into a file that every other "
      "verb and "
      "the window open. A .pssnap file holds the bytes of one moment that its contexts are known by, and no chunk's "
      "contents; a .pscope file holds moments as events. The file can be read by its owner alone: it has SQL texts and "
      "names in it. Run as the server's own user, or as root. Exit status 1: parts of what was seen do not fit "
      "together.");
  Wish wish;
  usage.add("SOURCE", &wish.source, "a process (its PID), a core dump, or a .pssnap file").required();
  usage
      .add("-o,--out", &wish.out,
           "the file, .pssnap or .pscope; an existing one is replaced. Left out: PID.pssnap or SOURCE.pssnap, here")
      .takes("FILE");
  usage.add("--anonymize", &wish.anonymize,
            "idents, SQL, names that are not PostgreSQL's own, process title and folders become codes of the same "
            "length; sizes, order and shape stay (.pssnap)");
  usage.add("--payload", &wish.payload, "the chunks' contents too: people's data (.pssnap)");
  usage.add("--no-stop", &wish.no_stop, "read the process while it runs: parts may not fit together");
  usage.add("--pause-limit", &wish.pause_limit_ms, "milliseconds that the process may stand still at most")
      .takes("MS")
      .within(1, 60'000)
      .shows_default();
  usage.add("--times", &wish.times, "so many moments (.pscope)").takes("N").shows_default();
  usage.add("--every", &wish.every_s, "seconds from one moment to the next")
      .takes("S")
      .within(0.01, 86'400)
      .shows_default();
  usage.add("--exe", &wish.executable, "the server's program, where it is not at the place that the core names")
      .takes("PATH");
  if (const auto status = usage.parse(arguments, io)) return *status;

  if (wish.anonymize && wish.payload)
    return complain("snapshot", "chunks' contents cannot be made anonymous: leave out --payload or --anonymize", io);
  if (wish.as_trace() && (wish.anonymize || wish.payload))
    return complain("snapshot", "--anonymize and --payload need a .pssnap file", io);
  if (!wish.as_trace() && wish.times > 1)
    return complain("snapshot", "a .pssnap file holds one moment: for --times name a .pscope file (-o FILE.pscope)",
                    io);
  Snapshots snapshots(wish, io);
  if (const auto pid = pid_of(wish.source)) {
    if (!wish.executable.empty()) return complain("snapshot", "--exe is for core dumps", io);
    return snapshots.of_process(*pid);
  }
  if (wish.times > 1) return complain("snapshot", "a file has one moment: --times is for processes", io);
  return snapshots.of_file();
}

}  // namespace palloscope::gui::cli
