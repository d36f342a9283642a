// Questions in the window: typed, completed, asked, gone through by key and by click, stopped and saved.
#include <fstream>
#include <iterator>

#include "tests/gui/support/event_of.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"

namespace palloscope::gui {
namespace {

using test::event_of;
using test::Headless;

constexpr const char* kScript = R"(
local bag = AllocSetContextCreate(TopMemoryContext, "bag")
MemoryContextSwitchTo(bag)
for i = 1, 40 do palloc(100 + i) end
MemoryContextReset(bag)
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(bag)
)";

// The panel over the whole window, with the keyboard in its field.
void open_questions(Headless& window) {
  window.open_script(kScript);
  window.key("Q");
  window.frames(2);
  window.key("Z");
  window.key("Slash");
  window.frames(3);
}

void ask(Headless& window, std::string_view question) {
  window.type(question);
  window.key("Ctrl+Enter");
  window.frames(30);
  window.key("Escape");  // the field gives the keyboard back
  window.frames(2);
}

}  // namespace

TEST_CASE("a question is typed and asked, and a click on an event number goes there") {
  Headless window(1280, 800);
  open_questions(window);
  ask(window, "select event, text from events where kind = 'ContextReset'");
  REQUIRE(window.sees("##cell0"));
  window.click("##cell0");
  window.frames(2);
  REQUIRE(window.session().cursor() == event_of(window.session(), core::ContextReset::kTag));
  REQUIRE(window.session().preferences.questions.size() == 1);
}

TEST_CASE("an answer is gone through by Down and Enter, by full stop to its next column of events") {
  Headless window(1280, 800);
  open_questions(window);
  ask(window, "select requested, chunk, ended from chunks where fate = 'reset' order by requested");
  window.key("Down");
  window.key("Down");
  window.key("Enter");
  window.frames(2);
  REQUIRE(window.session().cursor() == event_of(window.session(), core::ChunkAllocated::kTag, 2));
  window.key("Period");
  window.key("Enter");
  window.frames(2);
  REQUIRE(window.session().cursor() == event_of(window.session(), core::ContextReset::kTag));
}

TEST_CASE("a ready question is chosen by key and has an answer; Backspace goes back to them") {
  Headless window(1280, 800);
  window.open_script(kScript);
  window.key("Q");
  window.frames(2);
  window.key("Z");
  window.frames(2);
  REQUIRE(window.sees("##ready"));
  for (int i = 0; i < 2; ++i) window.key("Down");
  window.key("Enter");
  window.frames(20);
  REQUIRE_FALSE(window.sees("##ready"));
  REQUIRE(window.sees("##cell4"));  // the context with the most resets
  window.key("Backspace");
  window.frames(2);
  REQUIRE(window.sees("##ready"));
}

TEST_CASE("Tab completes, Tab again takes the next word, and Alt+Up brings an earlier question back") {
  Headless window(1280, 800);
  open_questions(window);
  ask(window, "select count(*) from chunks");
  const std::string first = window.session().preferences.questions.front();
  REQUIRE(first == "select count(*) from chunks");
  window.key("Slash");
  window.frames(2);
  window.key("Ctrl+A");
  window.type("select count(*) from cont");
  window.key("Tab");
  window.frames(2);
  window.key("Ctrl+Enter");
  window.frames(10);
  REQUIRE(window.session().preferences.questions.front() == "select count(*) from contexts");
  window.key("Slash");
  window.frames(2);
  for (int i = 0; i < 2; ++i) window.key("Alt+Up");
  window.frames(2);
  window.key("Ctrl+Enter");
  window.frames(10);
  REQUIRE(window.session().preferences.questions.front() == first);
  REQUIRE(window.session().preferences.questions.size() == 2);
}

TEST_CASE("a question without an end leaves the window alone: it goes on between frames until it is stopped") {
  Headless window(1280, 800);
  open_questions(window);
  window.type("with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n");
  window.key("Ctrl+Enter");
  window.frames(3);
  REQUIRE(window.app().wants_frame());
  window.key("Escape");
  window.frames(2);
  window.key("Left");
  window.frames(2);
  REQUIRE(window.session().cursor() + 1 == window.session().event_count());
  window.key("Backspace");
  window.frames(30);
  REQUIRE_FALSE(window.app().wants_frame());
  // Another document while one runs: the old one's timeline is gone.
  window.key("Slash");
  window.frames(2);
  window.key("Ctrl+Enter");
  window.frames(2);
  window.open_script("x = palloc(8)");
  window.frames(5);
  REQUIRE(window.sees("##ready"));
}

TEST_CASE("what an answer and its tables take is told to the session, and no longer when another script is open") {
  Headless window(1280, 800);
  open_questions(window);
  CHECK(window.session().questions_bytes == 0);
  ask(window, "select count(*) from chunks");
  const std::size_t kept = window.session().questions_bytes;
  CHECK(kept > 40 * sizeof(EventNumber));
  CHECK(window.session().timeline()->memory_budget().bytes == window.session().memory_limit() - kept);
  window.open_script(kScript);
  window.frames(3);
  CHECK(window.session().questions_bytes == 0);
}

TEST_CASE("an answer is saved as CSV where the user says") {
  Headless window(1280, 800);
  open_questions(window);
  ask(window, "select 'a,b' as words, null as none, 7 as number");
  const auto path = std::filesystem::temp_directory_path() / "palloscope-answer-test.csv";
  std::filesystem::remove(path);
  window.click(strings_of(Language::English)("query.save"));
  window.frames(3);
  window.key("Ctrl+A");
  window.type(path.string());
  window.key("Enter");
  window.frames(3);
  std::ifstream in(path);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  CHECK(text == "words,none,number\n\"a,b\",,7\n");
  std::filesystem::remove(path);
}

TEST_CASE("the list of events shows what its filter lets through, and Down goes from one to the next") {
  Headless window(1280, 800);
  window.open_script(kScript);
  Session& session = window.session();
  session.preferences.workspace.preset = Preset::Debug;
  window.frames(2);
  window.key("7");
  window.frames(2);
  session.document->timeline.seek(0);
  window.key("Slash");
  window.frames(2);
  window.type("contextreset");
  window.frames(10);
  window.key("Enter");
  window.frames(3);
  const core::EventNumber reset = event_of(session, core::ContextReset::kTag);
  REQUIRE(session.cursor() == reset);
  window.key("Down");
  window.frames(2);
  REQUIRE(session.cursor() == reset);  // the only one
  REQUIRE_FALSE(window.app().wants_frame());
  window.key("Backspace");
  window.frames(2);
  window.key("Down");
  window.frames(2);
  REQUIRE(session.cursor() == reset + 1);
}

}  // namespace palloscope::gui
