// What `palloscope top` prints, and what it and `attach` take.
#include "gui/cli/top_table.h"

#include <unistd.h>

#include <algorithm>

#include "gui/cli/verb_attach.h"
#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_capture.h"
#include "tests/support/simulated_process.h"
#include "trace/live/snapshot_events.h"

namespace palloscope::gui::cli {
namespace {

void take_in(trace::MomentHistory& history, const core::Process& process, const std::string& time) {
  trace::Capture capture = test::capture_of(process);
  capture.facts.time = time;
  const core::Result<trace::ServerMoment> moment = trace::read_moment(capture);
  REQUIRE(moment);
  trace::Timeline timeline = trace::Timeline::recording(trace::describe_snapshot(*moment));
  trace::SnapshotEvents(timeline.sink()).emit(*moment);
  timeline.seek(timeline.size());
  trace::MomentUse use;
  use.label = time;
  use.told = core::ProcessReported{};
  use.told->rss_anon = 3 << 20;
  history.add(use, timeline.state(), timeline.description());
}

TEST_CASE("the table of top has the largest contexts first, or the fastest-growing") {
  test::SimulatedProcess simulated(17);
  const core::Address large = simulated.create("large"), grows = simulated.create("grows");
  simulated.process.memory_context_alloc(large, 1 << 20);
  trace::MomentHistory history;
  take_in(history, simulated.process, "2026-11-22T08:40:00.000Z");
  simulated.process.memory_context_alloc(grows, 64 * 1024);
  take_in(history, simulated.process, "2026-11-22T08:40:02.000Z");

  trace::CaptureFacts facts;
  facts.pid = 4711;
  facts.title = "postgres: bob shop [local] SELECT";
  facts.pause_ns = 420'000;
  trace::ServerBuild build;
  build.major = 17;
  build.version = "17.10";
  TopShape shape;
  const std::string by_total = top_table(history, facts, build, shape);
  CHECK(by_total.starts_with("PID 4711  postgres: bob shop [local] SELECT  PostgreSQL 17.10"));
  CHECK(by_total.find("stood still 0.42 ms; RSS 3.00 MB\n") != std::string::npos);
  CHECK(by_total.find("TopMemoryContext > large\n") < by_total.find("TopMemoryContext > grows\n"));
  shape.order = trace::GrowthOrder::Growth;
  const std::string by_growth = top_table(history, facts, build, shape);
  CHECK(by_growth.find("TopMemoryContext > grows\n") < by_growth.find("TopMemoryContext > large\n"));
  CHECK(by_growth.find("+64.") != std::string::npos);
  CHECK(by_growth.find("+32.") != std::string::npos);  // in a second

  shape.rows = 1;
  shape.width = 30;
  const std::string narrow = top_table(history, facts, build, shape);
  CHECK(std::count(narrow.begin(), narrow.end(), '\n') == 4);
  CHECK(narrow.find("PID 4711  postgres: bob shop [\n") == 0);
}

TEST_CASE("attach is handed on to the window with what it was asked for") {
  std::ostringstream out, err;
  const std::vector<std::string> words = {"4711",     "--every",    "0.5",         "--no-stop",
                                          "--record", "out.pscope", "--stop-when", "ExecutorState > 64MB"};
  const auto request = read_attach(words, {out, err});
  REQUIRE(std::holds_alternative<AttachRequest>(request));
  CHECK(std::get<AttachRequest>(request) ==
        AttachRequest{4711, 500, false, 1000, "out.pscope", trace::StopRule{"ExecutorState", 64 << 20}});
  const std::vector<std::string> once = {"4711", "--once"};
  CHECK(std::get<AttachRequest>(read_attach(once, {out, err})).every_ms == kFollowNever);

  CHECK(run({"attach", "--help"}).status == kExitGood);
  CHECK(run({"attach"}).status == kExitBad);
  CHECK(run({"attach", "4711", "--pause-limit", "0"}).status == kExitBad);
}

TEST_CASE("a process or a limit that cannot be is told of on the terminal, before a window opens") {
  const std::vector<std::vector<std::string>> wrong = {
      {"attach", "4194305"},  // above every kernel's pid_max
      {"attach", std::to_string(getpid()), "--stop-when", "ExecutorState is large"},
      {"attach", std::to_string(getpid()), "--stop-when", ""},
      {"attach", std::to_string(getpid())}};  // no server
  for (const auto& words : wrong) {
    std::ostringstream out, err;
    const auto answer = run_command_line(words, {out, err});
    REQUIRE(std::holds_alternative<int>(answer));
    CHECK(std::get<int>(answer) == kExitBad);
    CHECK(err.str().find("palloscope attach: ") == 0);
    const std::string said = err.str();
    CHECK(std::count(said.begin(), said.end(), '\n') == 1);
  }
}

TEST_CASE("top says in one line why a process cannot be looked into") {
  const Outcome top = run({"top", "4194305"});  // above every kernel's pid_max
  CHECK(top.status == kExitBad);
  CHECK(top.out.empty());
  CHECK(top.err.find("palloscope top: ") == 0);
  CHECK(std::count(top.err.begin(), top.err.end(), '\n') == 1);
}

}  // namespace
}  // namespace palloscope::gui::cli
