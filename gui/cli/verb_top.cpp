// palloscope top PID: the largest and the fastest-growing contexts of a running backend, again and again.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include "gui/cli/arguments.h"
#include "gui/cli/top_table.h"
#include "trace/live/live_server.h"
#include "trace/live/snapshot_events.h"
#include "trace/replay/timeline.h"

namespace palloscope::gui::cli {
namespace {

struct Screen {
  bool is_terminal = false;
  std::size_t rows = 0, width = 0;  // 0: not known
};

Screen look_at_screen(const Streams& io) {
  Screen screen;
  screen.is_terminal = &io.out == &std::cout && isatty(STDOUT_FILENO) != 0;
  winsize size{};
  if (screen.is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    screen.rows = size.ws_row;
    screen.width = size.ws_col;
  }
  return screen;
}

// What the contexts hold is counted where it is for every other view: in the state behind the moment's events.
void take_in(trace::MomentHistory& history, const trace::ServerMoment& moment) {
  trace::Timeline timeline = trace::Timeline::recording(trace::describe_snapshot(moment));
  trace::SnapshotEvents events(timeline.sink());
  events.emit(moment);
  timeline.seek(timeline.size());
  trace::MomentUse use;
  use.label = moment.facts.time;
  use.pid = moment.facts.pid;
  use.told = moment.measure;
  history.add(std::move(use), timeline.state(), timeline.description());
  history.keep_last(2);
}

constexpr std::size_t kHeadLines = 4;  // of the table, and the line below it where the cursor stays

}  // namespace

int run_top(Arguments arguments, Streams io) {
  Usage usage("top",
              "Shows which memory contexts of a running PostgreSQL backend hold most, or grow fastest: on a terminal a "
              "screen that is written anew, elsewhere a table each time. Nothing is installed in the server; it stands "
              "still for the length of a copy each time (shown; some milliseconds with an ordinary backend). Ends with "
              "the process, or with Ctrl+C.");
  std::uint32_t pid = 0;
  float every = 2;
  std::string by = "total";
  std::optional<std::uint64_t> times;
  std::uint64_t rows = 20, pause_limit = 1000;
  bool no_stop = false;
  usage.add("PID", &pid, "the backend's process, as palloscope backends or pg_stat_activity tells").required();
  usage.add("--every", &every, "seconds from one table to the next").takes("S").within(0.1, 86'400).shows_default();
  usage.add("--by", &by, "what the rows are sorted by: memory, or its growth since the table before")
      .one_of({"total", "growth"})
      .shows_default();
  usage.add("--times", &times, "so many tables; left out: until the process ends").takes("N");
  usage.add("--rows", &rows, "so many contexts; a terminal's height bounds them").takes("N").shows_default();
  usage.add("--no-stop", &no_stop, "read it while it runs: parts may not fit together");
  usage.add("--pause-limit", &pause_limit, "milliseconds that it may stand still at most")
      .takes("MS")
      .within(1, 60'000)
      .shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  core::Result<trace::LiveServer> server = trace::LiveServer::attach(pid);
  if (!server) return complain("top", server.error(), io);
  trace::CaptureOptions capture;
  capture.stop = !no_stop;
  capture.pause_limit = std::chrono::milliseconds(pause_limit);
  TopShape shape;
  shape.order = by == "growth" ? trace::GrowthOrder::Growth : trace::GrowthOrder::Total;
  trace::MomentHistory history;
  using Clock = std::chrono::steady_clock;
  Clock::time_point next = Clock::now();
  for (std::uint64_t n = 0; !times || n < *times; ++n) {
    std::this_thread::sleep_until(next);
    next =
        std::max(next + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<float>(every)), Clock::now());
    const core::Result<trace::ServerMoment> moment = server->moment(capture, {.buffers = false, .shmem = false});
    if (!moment && server->is_gone() && n > 0) {
      io.err << "palloscope top: PID " << pid << " has ended\n";
      return kExitGood;
    }
    if (!moment) return complain("top", moment.error(), io);
    take_in(history, *moment);
    const Screen screen = look_at_screen(io);
    shape.rows = rows;
    if (screen.rows > kHeadLines) shape.rows = std::min<std::size_t>(shape.rows, screen.rows - kHeadLines);
    shape.width = screen.width;
    if (screen.is_terminal)
      io.out << "\x1b[H\x1b[2J";
    else if (n > 0)
      io.out << '\n';
    io.out << top_table(history, moment->facts, server->build(), shape) << std::flush;
  }
  return kExitGood;
}

}  // namespace palloscope::gui::cli
