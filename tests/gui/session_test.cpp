#include "gui/session.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/scenario/scenario_info.h"
#include "gui/action.h"
#include "gui/document.h"
#include "gui/opening.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::gui;

namespace {

// Nothing of the script has run yet.
Session with_script(const char* text) {
  Session session;
  auto document = start_script("test", text);
  REQUIRE(document);
  session.document.emplace(std::move(*document));
  return session;
}

constexpr const char* kScript = R"(
scenario{title = {en = "Test", zh = "测试"}}
local c = AllocSetContextCreate(TopMemoryContext, "leaky", ALLOCSET_DEFAULT_SIZES)
narrate{en = "first", zh = "一"}
p = MemoryContextAlloc(c, 100)
narrate{en = "second", zh = "二"}
pfree(p)
)";

}  // namespace

TEST_CASE("every built-in scenario opens, and goes to its end step by step of the lesson") {
  for (const core::BuiltinScenario& scenario : core::builtin_scenarios()) {
    INFO(scenario.info.name);
    Session session;
    apply(session, OpenScenario{scenario.info.name});
    finish_opening(session);
    REQUIRE(session.document);
    REQUIRE_FALSE(session.message);
    int steps = 0;
    while (steps < 500 && (session.can_run_on() || session.cursor() < session.event_count())) {
      apply(session, StepLesson{1});
      ++steps;
    }
    REQUIRE(session.cursor() == session.event_count());
    REQUIRE_FALSE(session.can_run_on());
    apply(session, Seek{0});
    REQUIRE(session.cursor() == 0);
  }
}

TEST_CASE("a step forward at the end of a paused script runs it on") {
  Session session = with_script(kScript);
  const EventNumber before = session.event_count();
  REQUIRE(session.cursor() == before);
  apply(session, Step{1});
  REQUIRE(session.cursor() == before + 1);
  REQUIRE(session.event_count() > before);
  apply(session, Step{-1});
  REQUIRE(session.cursor() == before);
}

TEST_CASE("lesson steps stop at each narration and can be taken back") {
  Session session = with_script(kScript);
  apply(session, StepLesson{1});
  const EventNumber first = session.cursor();
  REQUIRE(std::holds_alternative<core::Narration>(session.timeline()->event(first)));
  apply(session, StepLesson{1});
  const EventNumber second = session.cursor();
  REQUIRE(second > first);
  apply(session, StepLesson{-1});
  REQUIRE(session.cursor() == first);
}

TEST_CASE("stepping through a context's events visits only what touches it") {
  Session session = with_script(kScript);
  REQUIRE(session.document->run->advance() == core::RunState::Finished);
  session.document->timeline.seek(session.event_count());
  apply(session, SetFind{"leaky"});
  apply(session, FindNext{});
  REQUIRE(std::holds_alternative<ContextKey>(session.selection));
  const ContextKey leaky = std::get<ContextKey>(session.selection);
  apply(session, Seek{0});
  apply(session, StepTouching{1});
  REQUIRE(session.cursor() == leaky.born);
  EventNumber last = 0;
  for (int i = 0; i < 100 && session.cursor() != last; ++i) {
    last = session.cursor();
    apply(session, StepTouching{1});
  }
  REQUIRE(session.message);  // says that there is no later one
}

TEST_CASE("play moves by its speed and stops at the end") {
  Session session = with_script(kScript);
  session.document->run->advance();
  apply(session, Seek{0});
  apply(session, SetSpeed{3});  // 5 events a second
  apply(session, TogglePlay{});
  advance(session, 0.21);
  REQUIRE(session.cursor() == 1);
  advance(session, 0.2);
  REQUIRE(session.cursor() == 2);
  REQUIRE(session.seconds_to_next_move() > 0);
  apply(session, SetSpeed{99});
  for (int i = 0; i < 10; ++i) advance(session, 0.1);
  REQUIRE(session.cursor() == session.event_count());
  REQUIRE_FALSE(session.playback.playing);
  REQUIRE(session.seconds_to_next_move() < 0);
}

TEST_CASE("a long pause of the window does not make play leap") {
  Session session = with_script(kScript);
  session.document->run->advance();
  apply(session, Seek{0});
  apply(session, SetSpeed{1});
  apply(session, TogglePlay{});
  advance(session, 3600);
  REQUIRE(session.cursor() == 1);
}

TEST_CASE("the console goes on in the script's world, and the cursor goes with it") {
  Session session = with_script(kScript);
  apply(session, SeekEnd{});
  while (session.document->runs_to_end) advance(session, 0.01);
  apply(session, Seek{3});
  const EventNumber before = session.event_count();
  apply(session, Evaluate{"q = palloc(64)"});
  REQUIRE(session.document->console.size() == 1);
  REQUIRE(session.document->console[0].answer.ok);
  REQUIRE(session.event_count() > before);
  REQUIRE(session.cursor() == session.event_count());
  apply(session, Evaluate{"this is no Lua"});
  REQUIRE_FALSE(session.document->console[1].answer.ok);
}

TEST_CASE("a file that cannot be opened leaves a message and what was open") {
  Session session = with_script(kScript);
  const EventNumber events = session.event_count();
  apply(session, OpenFile{"/nonexistent/trace.pscope"});
  finish_opening(session);
  REQUIRE(session.message);
  REQUIRE(session.message->kind == MessageKind::Problem);
  REQUIRE(session.message->detail.find("/nonexistent/trace.pscope") != std::string::npos);
  REQUIRE(session.event_count() == events);
}

TEST_CASE("a file is read beside what is open, and can be given up") {
  const auto path = std::filesystem::temp_directory_path() / "palloscope_session_test.log";
  {
    std::ofstream log(path);
    for (int i = 0; i < 60'000; ++i) {
      log << "TopMemoryContext: 8192 total in 1 blocks; 100 free (0 chunks); 8092 used\n";
      if (i % 100 == 99) log << "Grand total: 819200 bytes in 100 blocks; 10000 free (0 chunks); 809200 used\n";
    }
  }
  Session session = with_script(kScript);
  const std::uint64_t serial = session.document->serial;
  apply(session, OpenFile{path});
  REQUIRE(session.opening);
  REQUIRE(session.is_moving());
  apply(session, StepLesson{1});  // what is open goes on
  REQUIRE(session.cursor() > 0);
  apply(session, CancelOpening{});
  REQUIRE_FALSE(session.opening);
  REQUIRE(session.document->serial == serial);
  REQUIRE_FALSE(session.message);

  apply(session, OpenFile{path});
  double before = 0;
  while (!session.opening->is_done()) {
    const double now = session.opening->progress();
    REQUIRE(now >= before);
    before = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(before > 0);
  finish_opening(session);
  REQUIRE(session.document->serial == serial + 1);
  REQUIRE(session.event_count() > 60'000);
  std::filesystem::remove(path);
}

TEST_CASE("a saved trace opens again with the same events") {
  const auto path = std::filesystem::temp_directory_path() / "palloscope_session_test.pscope";
  Session session = with_script(kScript);
  session.document->run->advance();
  apply(session, SaveFile{path});
  REQUIRE(session.message);
  REQUIRE(session.message->key == "message.saved");
  REQUIRE(session.preferences.recent_files.front() == path);
  const EventNumber events = session.event_count();
  apply(session, OpenFile{path});
  finish_opening(session);
  REQUIRE(session.document);
  REQUIRE(session.event_count() == events);
  REQUIRE(session.document->path == path);
  std::filesystem::remove(path);
}

TEST_CASE("a script with a mistake is refused with its line, and the old one stays") {
  Session session = with_script(kScript);
  apply(session, RunScript{"p = palloc(\n"});
  REQUIRE(session.message);
  REQUIRE(session.message->kind == MessageKind::Problem);
  REQUIRE(session.document->script == kScript);
}

TEST_CASE("a scenario runs again on another server, at the same step of its lesson") {
  Session session = with_script(kScript);
  REQUIRE(session.server() == ServerChoice{17, false});
  apply(session, StepLesson{1});
  apply(session, StepLesson{1});
  const auto words = [&] {
    return std::get<core::Narration>(session.timeline()->event(session.state().point().narration)).en;
  };
  REQUIRE(words() == "second");
  apply(session, RunOnServer{{15, false}});
  REQUIRE_FALSE(session.message);
  REQUIRE(session.timeline()->description().pg_major == 15);
  REQUIRE(words() == "second");
  REQUIRE(session.can_run_on());
  apply(session, SeekEnd{});
  while (session.document->runs_to_end) advance(session, 0.01);
  apply(session, RunOnServer{{18, false}});
  while (session.document->runs_to_end) advance(session, 0.01);
  REQUIRE_FALSE(session.can_run_on());
  REQUIRE(session.cursor() == session.event_count());
}

TEST_CASE(
    "an edited script stays on the server that was chosen, and a version that is not there leaves what was open") {
  Session session = with_script(kScript);
  apply(session, RunOnServer{{16, false}});
  apply(session, RunScript{"scenario{pg = 18}\np = palloc(1)"});
  REQUIRE(session.server() == ServerChoice{16, false});
  apply(session, RunOnServer{{12, false}});
  REQUIRE(session.message);
  REQUIRE(session.server() == ServerChoice{16, false});
}

TEST_CASE("the console's lines are run once more on another server") {
  Session session;
  apply(session, OpenScenario{std::string(kEmptyProcess)});
  finish_opening(session);
  apply(session, Evaluate{"p = palloc(100)"});
  apply(session, RunOnServer{{15, false}});
  REQUIRE(session.document->console.size() == 1);
  REQUIRE(session.server().pg_major == 15);
  REQUIRE(session.state().totals().live_chunk_count == 1);
}

TEST_CASE("a recording has no server to choose") {
  Session session;
  REQUIRE_FALSE(session.can_choose_server());
  session.document.emplace(Document{.timeline = trace::Timeline::recording({})});
  REQUIRE_FALSE(session.can_choose_server());
  apply(session, RunOnServer{{15, false}});
  REQUIRE(session.document);
}

TEST_CASE("find understands events and addresses") {
  Session session = with_script(kScript);
  session.document->run->advance();
  session.document->timeline.seek(session.event_count());
  apply(session, SetFind{"#3"});
  apply(session, FindNext{});
  REQUIRE(session.cursor() == 3);
  apply(session, SeekEnd{});
  const auto& contexts = session.state().contexts();
  REQUIRE_FALSE(contexts.empty());
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(contexts[0].at.value));
  apply(session, SetFind{text});
  apply(session, FindNext{});
  REQUIRE_FALSE(std::holds_alternative<NothingSelected>(session.selection));
  apply(session, SetFind{"#many"});
  apply(session, FindNext{});
  REQUIRE(session.message->key == "message.not_found");
}

TEST_CASE("bookmarks are walked in order, around the end") {
  Session session = with_script(kScript);
  session.document->run->advance();
  for (const EventNumber at : {7, 2, 5}) apply(session, ToggleBookmark{at});
  apply(session, Seek{0});
  std::vector<EventNumber> visited;
  for (int i = 0; i < 4; ++i) {
    apply(session, StepBookmark{1});
    visited.push_back(session.cursor());
  }
  REQUIRE(visited == std::vector<EventNumber>{2, 5, 7, 2});
  apply(session, ToggleBookmark{5});
  REQUIRE(session.bookmarks.size() == 2);
}

TEST_CASE(
    "one limit of memory holds for the timeline and for what questions keep, and half of it stays the timeline's") {
  Session session;
  session.opening_scenario = "1";
  finish_opening(session);
  REQUIRE(session.document);
  constexpr std::size_t kMb = std::size_t{1} << 20;
  const auto budget = [&] { return session.document->timeline.memory_budget().bytes; };
  apply(session, SetMemory{64});
  CHECK(budget() == 64 * kMb);
  apply(session, KeepQuestions{16 * kMb});
  CHECK(budget() == 48 * kMb);
  apply(session, KeepQuestions{4096 * kMb});
  CHECK(budget() == 32 * kMb);
  apply(session, SetMemory{256});
  CHECK(budget() == 128 * kMb);
  apply(session, KeepQuestions{0});
  CHECK(budget() == 256 * kMb);
}

TEST_CASE("text size stays within what can be drawn") {
  Session session;
  apply(session, SetTextScale{100});
  REQUIRE(session.preferences.text_scale == kMaxTextScale);
  apply(session, SetTextScale{0});
  REQUIRE(session.preferences.text_scale == kMinTextScale);
}
