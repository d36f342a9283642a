// Breakpoints, notes and what lies beside the file, in the window.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gui/notes.h"
#include "gui/watch_condition.h"
#include "tests/gui/support/bag_script.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "trace/query/condition.h"

namespace palloscope::gui {
namespace {

using test::Headless;
using test::kBagScript;
using test::requested;

// A trace in a folder of its own; both gone with the object.
struct TraceFile {
  TraceFile() {
    folder = std::filesystem::temp_directory_path() / ("palloscope-notes-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    Headless window;
    window.open_script(kBagScript);
    path = folder / "work.pscope";
    REQUIRE(window.session().timeline()->save(path));
  }
  ~TraceFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  std::filesystem::path folder, path;
};

void run_to_hit(Headless& window, const char* key) {
  window.key(key);
  for (int i = 0; i < 100 && window.session().run_to.is_running(); ++i) window.frames();
  REQUIRE_FALSE(window.session().run_to.is_running());
}

}  // namespace

TEST_CASE("a typed condition becomes a breakpoint, and F8 runs to its hits both ways") {
  Headless window(1800, 1100);
  window.open_script(kBagScript);
  window.key("Home");
  window.key("Ctrl+B");
  window.frames(2);
  REQUIRE(window.session().focused_panel == "breakpoints");
  window.click("##condition");
  window.type("big: alloc and size > 2kB");
  window.key("Enter");
  window.frames(2);
  REQUIRE(window.session().breakpoints.size() == 1);
  CHECK(window.session().breakpoints[0] == Breakpoint{"alloc and size > 2kB", "big", true});
  window.click("##list");
  for (const std::size_t wanted : {3000u, 4000u, 5000u}) {
    run_to_hit(window, "F8");
    CHECK(requested(window.session()) == wanted);
  }
  run_to_hit(window, "F8");
  CHECK(window.session().message->key == "message.no_later_hit");
  for (const std::size_t wanted : {4000u, 3000u}) {
    run_to_hit(window, "Shift+F8");
    CHECK(requested(window.session()) == wanted);
  }
  for (int i = 0; i < 100 && window.session().run_to.is_counting(); ++i) window.frames();
  CHECK(window.session().run_to.count_of(0) == 3);
  window.click("##switch0");
  window.frames(2);
  CHECK_FALSE(window.session().breakpoints[0].on);
  window.key("F8");
  window.frames(2);
  CHECK(window.session().message->key == "message.no_breakpoint");
  window.click("##remove0");
  window.frames(2);
  CHECK(window.session().breakpoints.empty());
}

TEST_CASE("what is no condition stays in the line and is not taken") {
  Headless window(1800, 1100);
  window.open_script(kBagScript);
  window.key("Ctrl+B");
  window.frames(2);
  window.click("##condition");
  window.type("alloc and siez > 2");
  window.key("Enter");
  window.frames(2);
  CHECK(window.session().breakpoints.empty());
}

TEST_CASE("what is selected can be watched") {
  Headless window(1800, 1100);
  window.open_script(kBagScript);
  window.session().breakpoints = {{"alloc and size == 3000", "", true}};
  window.key("Home");
  run_to_hit(window, "F8");
  const core::EventBody event = window.session().timeline()->event(window.session().cursor());
  const auto& made = std::get<core::ChunkAllocated>(event);
  window.session().selection = ChunkKey{made.chunk, window.session().cursor()};
  window.key("Ctrl+Shift+B");
  window.frames(2);
  REQUIRE(window.session().breakpoints.size() == 2);
  CHECK(window.session().breakpoints[1].condition.starts_with("chunk 0x"));
  run_to_hit(window, "F8");
  const core::EventBody lost = window.session().timeline()->event(window.session().cursor());
  CHECK(std::holds_alternative<core::ContextReset>(lost));
}

TEST_CASE("the menu of what is selected runs to its events, both ways, and watches it") {
  Headless window(1800, 1100);
  window.open_script(kBagScript);
  window.session().breakpoints = {{"alloc and size == 3000", "", true}};
  window.key("Home");
  run_to_hit(window, "F8");
  const core::EventNumber made = window.session().cursor();
  const auto chunk = std::get<core::ChunkAllocated>(window.session().timeline()->event(made)).chunk;
  window.session().selection = ChunkKey{chunk, made};
  run_to_hit(window, "Ctrl+F8");
  const core::EventNumber lost = window.session().cursor();
  CHECK(std::holds_alternative<core::ContextReset>(window.session().timeline()->event(lost)));
  run_to_hit(window, "Ctrl+Shift+F8");
  CHECK(window.session().cursor() == made);
  window.key("Shift+F10");
  window.frames(2);
  REQUIRE(window.session().overlay == Overlay::Thing);
  window.key("Down");
  window.key("Enter");
  for (int i = 0; i < 100 && window.session().run_to.is_running(); ++i) window.frames();
  CHECK(window.session().overlay == Overlay::None);
  CHECK(window.session().cursor() == lost);
  window.key("Shift+F10");
  window.frames(2);
  window.click("thing_menu.watch");
  window.frames(2);
  REQUIRE(window.session().breakpoints.size() == 2);
  CHECK(window.session().breakpoints[1].condition.starts_with("chunk 0x"));
  CHECK(window.session().focused_panel == "breakpoints");
}

TEST_CASE("a right click on a context opens its menu") {
  Headless window(1800, 1100);
  window.open_script(kBagScript);
  window.right_click("##row");
  window.frames(3);
  REQUIRE(window.session().overlay == Overlay::Thing);
  CHECK(window.session().menu_condition.starts_with("context @"));
  CHECK(std::holds_alternative<ContextKey>(window.session().selection));
  window.key("Escape");
  window.frames(2);
  CHECK(window.session().overlay == Overlay::None);
}

TEST_CASE("every way to watch a thing is a condition") {
  Headless window;
  window.open_script(kBagScript);
  Session& session = window.session();
  const auto& blocks = session.state().blocks();
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].born == 0) continue;
    session.selection = BlockKey{{i}, blocks[i].born};
    CHECK(trace::Condition::parse(watch_condition(session)));
  }
  CHECK(trace::Condition::parse(watch_freelist({{0}, 17}, 6)));
}

TEST_CASE("breakpoints, bookmarks and notes lie beside the file and come back with it") {
  const TraceFile file;
  {
    Headless window;
    apply(window.session(), OpenFile{file.path});
    window.frames(2);
    apply(window.session(), AddBreakpoint{{"reset", "over", true}});
    apply(window.session(), ToggleBookmark{3});
    apply(window.session(), AddNote{{9, 12, "the loop"}});
    apply(window.session(), AddNote{{2, 2, "first"}});
  }
  REQUIRE(std::filesystem::exists(file.folder / "work.pscope-notes"));
  Headless window;
  apply(window.session(), OpenFile{file.path});
  window.frames(2);
  const Session& session = window.session();
  CHECK(session.breakpoints == std::vector<Breakpoint>{{"reset", "over", true}});
  CHECK(session.bookmarks == std::set<core::EventNumber>{3});
  CHECK(session.notes == std::vector<Note>{{2, 2, "first"}, {9, 12, "the loop"}});
  apply(window.session(), RemoveBreakpoint{0});
  apply(window.session(), RemoveNote{0});
  apply(window.session(), RemoveNote{0});
  apply(window.session(), ToggleBookmark{3});
  CHECK_FALSE(std::filesystem::exists(file.folder / "work.pscope-notes"));
}

TEST_CASE("damaged notes are told and never written over") {
  const TraceFile file;
  const std::filesystem::path notes = file.folder / "work.pscope-notes";
  const std::string damaged = R"({"palloscope_notes": 1, "breakpoints": [{"condition": "alloc and siez > 3"}]})";
  std::ofstream(notes) << damaged;
  Headless window;
  apply(window.session(), OpenFile{file.path});
  window.frames(2);
  REQUIRE(window.session().message);
  CHECK(window.session().message->key == "message.notes_damaged");
  CHECK(window.session().message->detail.find("did you mean size?") != std::string::npos);
  apply(window.session(), ToggleBookmark{3});
  std::ifstream in(notes);
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == damaged);
}

TEST_CASE("notes are the same after they were written and read") {
  Notes notes;
  notes.breakpoints = {{"context ~ \"a \\\"b\\\"\" and reset", "q", false}, {"fault", "", true}};
  notes.bookmarks = {1, 5'000'000'000};
  notes.notes = {{1, 1, "\u4E2D\u6587"}, {2, 9, ""}};
  const auto again = parse_notes(notes_json(notes));
  REQUIRE(again);
  CHECK(*again == notes);
  for (const char* bad : {"", "{", "[]", "{}", R"({"palloscope_notes": 2})", R"({"palloscope_notes": 1, "notes": 3})",
                          R"({"palloscope_notes": 1, "bookmarks": ["x"]})",
                          R"({"palloscope_notes": 1, "notes": [{"first": 5, "last": 3, "text": ""}]})"})
    CHECK_FALSE(parse_notes(bad));
  CHECK(notes_path("/a/t.pscope") == "/a/t.pscope-notes");
  CHECK(notes_path("/a/dump.log") == "/a/dump.log.pscope-notes");
}

}  // namespace palloscope::gui
