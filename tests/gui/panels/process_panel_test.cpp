// A live process in the window: its panel, the keys that follow it, and the dialog that chooses it.
#include <imgui.h>

#include <atomic>
#include <chrono>
#include <filesystem>

#include "gui/action.h"
#include "gui/document.h"
#include "gui/opening.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_capture.h"
#include "tests/support/simulated_process.h"

namespace palloscope::gui {
namespace {

using test::Headless;
using test::SimulatedProcess;

// A simulated backend whose bag grows by two chunks from one look to the next.
struct Backend {
  SimulatedProcess simulated{17};
  core::Address bag = simulated.create("bag");
  std::atomic<bool> gone = false;
  std::optional<trace::WatchHit> passes;  // what a rule that is armed tells
  trace::CaptureFacts stands = {};        // then

  struct Rule final : trace::RuleWatch {
    explicit Rule(Backend& watched) : backend(watched) {}
    core::Result<std::optional<trace::WatchHit>> wait(std::chrono::milliseconds) override { return backend.passes; }
    std::size_t watched_by_processor() const override { return 1; }
    const std::string& limitation() const override { return none; }
    Backend& backend;
    std::string none;
  };

  trace::MomentSource source() {
    trace::MomentSource made;
    made.take = [this]() -> core::Result<trace::ServerMoment> {
      if (gone) return core::Error{core::ErrorCode::NotFound, "PID 4711 has ended"};
      for (int i = 0; i < 2; ++i) simulated.process.memory_context_alloc(bag, 6000);
      trace::Capture capture = test::capture_of(simulated.process);
      capture.facts.interrupt_holdoff = stands.interrupt_holdoff;
      return trace::read_moment(capture);
    };
    made.take_with_stack = [take = made.take](std::vector<trace::CFrame>& stack) {
      stack = {{{0x401000}, "WaitEventSetWait", "postgres", 0x42}};
      return take();
    };
    made.arm = [this](const trace::StopRule& rule) -> core::Result<std::unique_ptr<trace::RuleWatch>> {
      if (rule.context == "refused") return core::Error{core::ErrorCode::Unsupported, "not here"};
      return std::unique_ptr<trace::RuleWatch>(std::make_unique<Rule>(*this));
    };
    made.is_gone = [this] { return gone.load(); };
    return made;
  }
};

// Opens the backend as AttachTo does, but for where its bytes come from.
void attach(Headless& window, Backend& backend) {
  window.session().opening = std::make_shared<Opening>(
      "PID 4711", "message.cannot_attach", [&backend](const Opening::Progress&) -> core::Result<Document> {
        trace::FollowOptions options;
        options.paused = true;
        core::Result<trace::Followed> followed = trace::start_follow(backend.source(), options);
        if (!followed) return followed.error();
        return live_document(std::move(*followed), {.pid = 4711, .every_ms = kFollowNever});
      });
  REQUIRE(window.session().opening->wait_for(std::chrono::seconds(20)));
  window.frames(5);
}

// Until the window has one more moment.
void take(Headless& window, std::uint64_t moments) {
  window.key("F5");
  for (int i = 0; i < 20'000 && window.session().document->live->moments() < moments; ++i) window.frames(1);
  REQUIRE(window.session().document->live->moments() == moments);
  window.frames(5);
}

TEST_CASE("a live process opens at its first moment, F5 takes another, and the cursor goes along at the end") {
  Backend backend;
  Headless window(1600, 900);
  attach(window, backend);
  Session& session = window.session();
  REQUIRE((session.document && session.document->live));
  CHECK(session.title() == "postgres: bob shop [local] SELECT");
  CHECK(session.cursor() == session.event_count());
  CHECK(session.document->unsaved);
  const EventNumber first = session.event_count();

  take(window, 2);
  CHECK(session.event_count() > first);
  CHECK(session.cursor() == session.event_count());

  window.key("Home");
  window.frames(2);
  take(window, 3);
  CHECK(session.cursor() == 0);  // somebody looks at the past
  CHECK(session.faults().empty());
  CHECK(session.state().fault_count() == 0);
}

TEST_CASE("the panel of the process shows what grew between two moments, and a click selects the context") {
  Backend backend;
  Headless window(1600, 900);
  attach(window, backend);
  take(window, 2);
  window.key("Ctrl+P");
  window.frames(5);
  Session& session = window.session();
  REQUIRE(session.focused_panel == "process");
  REQUIRE(window.sees("process.part.contexts_used"));
  window.key("Ctrl+C");
  window.frames(2);
  window.click("##grown");
  window.frames(2);
  CHECK(std::holds_alternative<ContextKey>(session.selection));
  window.key("Home");
  window.frames(3);
  CHECK_FALSE(window.sees("##grown"));  // before the first moment there is nothing to tell
}

trace::RuleState::Stage stage(Headless& window) { return window.session().document->live->rule().stage; }

// Until the follow's thread has the rule where it is wanted.
void wait_for(Headless& window, trace::RuleState::Stage wanted) {
  for (int i = 0; i < 20'000 && stage(window) != wanted; ++i) window.frames(1);
  REQUIRE(stage(window) == wanted);
  window.frames(2);
}

TEST_CASE("a limit is written in the panel, watched, and taken away, by keyboard and by mouse") {
  Backend backend;
  Headless window(1600, 900);
  attach(window, backend);
  window.key("Ctrl+P");
  window.frames(5);
  window.key("Slash");
  window.frames(2);
  window.type("bag, large");
  window.key("Enter");
  window.frames(3);
  CHECK(stage(window) == trace::RuleState::None);  // no rule
  window.key("Slash");
  window.frames(2);
  window.key("Ctrl+A");
  window.type("bag > 1MB");
  window.key("Enter");
  window.frames(2);
  wait_for(window, trace::RuleState::Armed);
  CHECK(window.session().document->live->rule().rule == trace::StopRule{"bag", 1 << 20});
  window.key("Backspace");
  wait_for(window, trace::RuleState::None);

  window.key("Slash");
  window.frames(2);
  window.type("refused > 1MB");
  window.key("Enter");
  wait_for(window, trace::RuleState::Refused);
  window.click("##stop_rule");
  window.key("Ctrl+A");
  window.type("bag > 2MB");
  window.click("###stop_go");
  wait_for(window, trace::RuleState::Armed);
  window.click("###stop_go");
  wait_for(window, trace::RuleState::None);
  CHECK(window.session().document->live->passed().empty());
}

TEST_CASE("where a limit is passed a moment is taken, the window goes there and stays, and the C functions are shown") {
  const bool at_the_write = GENERATE(true, false);
  Backend backend;
  backend.stands.interrupt_holdoff = 1;
  backend.passes = trace::WatchHit{backend.bag, 70'000, at_the_write, {}};
  if (at_the_write)
    backend.passes->stack = {{{0x402000}, "AllocSetAlloc", "postgres", 0x1f3}, {{0x403000}, "", "libc.so.6", 0x4711}};
  Headless window(1600, 900);
  attach(window, backend);
  Session& session = window.session();
  window.key("Home");
  window.frames(2);
  window.app().actions().push(StopWhen{trace::StopRule{"bag", 65'536}});
  for (int i = 0; i < 20'000 && session.document->live->passed().empty(); ++i) window.frames(1);
  REQUIRE(session.document->live->passed().size() == 1);
  window.frames(10);
  CHECK(stage(window) == trace::RuleState::Passed);
  REQUIRE(session.message);
  CHECK(session.message->key == "message.limit_passed");
  CHECK(session.message->detail.find("bag") == 0);
  CHECK(session.cursor() == session.event_count());
  const PassedLimit& passed = session.document->live->passed().front();
  CHECK(passed.hit.interrupt_holdoff == 1);
  CHECK(passed.hit.hit.stack.front().function == (at_the_write ? "AllocSetAlloc" : "WaitEventSetWait"));
  REQUIRE(window.sees("##stop_rule"));  // the panel came to the front
  CHECK_FALSE(window.sees("##passed"));
  window.click("##stop_rule");
  window.key("Escape");
  window.key("Ctrl+C");
  window.frames(2);
  CHECK(std::string(ImGui::GetClipboardText()).find(at_the_write ? "AllocSetAlloc+0x1f3" : "WaitEventSetWait+0x42") !=
        std::string::npos);

  const EventNumber here = session.cursor();
  take(window, 3);
  CHECK(session.cursor() == here);
  CHECK(session.event_count() > here);
  window.key("End");
  window.frames(3);
  REQUIRE(window.sees("##passed"));
  take(window, 4);
  CHECK(session.cursor() == session.event_count());
  window.click("##passed");
  window.frames(2);
  CHECK(session.cursor() == here);
}

TEST_CASE("a process that ends is told of, and its moments stay") {
  Backend backend;
  Headless window;
  attach(window, backend);
  backend.gone = true;
  window.key("F5");
  Session& session = window.session();
  for (int i = 0; i < 20'000 && !session.message; ++i) window.frames(1);
  REQUIRE(session.message);
  CHECK(session.message->key == "message.process_ended");
  CHECK(session.document->live->ended());
  CHECK(session.event_count() > 0);
  window.key("Shift+F5");
  window.frames(2);
  CHECK_FALSE(session.document->live);
}

TEST_CASE("the dialog lists processes of a folder like /proc, and a PID that is typed is looked into") {
  const std::filesystem::path proc = std::filesystem::temp_directory_path() / "palloscope_attach_test";
  std::filesystem::remove_all(proc);
  std::filesystem::create_directories(proc);
  Headless window;
  window.session().proc_folder = proc;
  window.key("Ctrl+Shift+A");
  window.frames(3);
  REQUIRE(window.session().overlay == Overlay::Attach);
  CHECK_FALSE(window.sees("##backend_"));
  window.type("4194305");  // above every kernel's pid_max: no such process
  window.frames(2);
  window.key("Enter");
  window.frames(2);
  CHECK(window.session().overlay == Overlay::None);
  for (int i = 0; i < 20'000 && !window.session().message; ++i) window.frames(1);
  REQUIRE(window.session().message);
  CHECK(window.session().message->key == "message.cannot_attach");
  std::filesystem::remove_all(proc);
}

TEST_CASE("text in the clipboard opens as what a server printed") {
  Headless window;
  ImGui::SetClipboardText(
      "TopMemoryContext: 97696 total in 5 blocks; 15056 free (10 chunks); 82640 used\n"
      "  MessageContext: 8192 total in 1 blocks; 6856 free (0 chunks); 1336 used\n"
      "Grand total: 105888 bytes in 6 blocks; 21912 free (10 chunks); 83976 used\n");
  window.key("Ctrl+V");
  for (int i = 0; i < 20'000 && !window.session().document; ++i) window.frames(1);
  REQUIRE(window.session().document);
  CHECK(window.session().timeline()->description().source == core::SourceKind::Dump);
  CHECK(window.session().title() == "clipboard");

  ImGui::SetClipboardText("nothing of the kind");
  window.key("Ctrl+V");
  for (int i = 0; i < 20'000 && !window.session().message; ++i) window.frames(1);
  REQUIRE(window.session().message);
  CHECK(window.session().message->key == "message.cannot_open_text");
}

}  // namespace
}  // namespace palloscope::gui
