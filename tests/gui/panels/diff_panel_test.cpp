#include <filesystem>
#include <fstream>

#include "gui/layout/diff_rows.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "tests/support/random_stream.h"

using namespace palloscope;
using namespace palloscope::gui;
using palloscope::test::Headless;

namespace {

constexpr const char* kScript = R"(
local a = AllocSetContextCreate(TopMemoryContext, "first")
local b = AllocSetContextCreate(TopMemoryContext, "second")
for i = 1, 40 do MemoryContextAlloc(a, 1000) end
MemoryContextDelete(b)
)";

}  // namespace

TEST_CASE("A is marked by key, the cursor is B, and a click on a row selects its context") {
  Headless window;
  window.open_script(kScript);
  apply(window.session(), Seek{0});
  window.frames(2);
  window.key("Ctrl+D");
  window.frames(2);
  CHECK(window.session().focused_panel == "diff");
  CHECK_FALSE(window.session().diff_base);
  window.key("Ctrl+Shift+D");
  window.frames(2);
  REQUIRE(window.session().diff_base);
  CHECK(window.session().diff_base->event == 0);
  apply(window.session(), Seek{window.session().event_count()});
  window.frames(3);
  window.click("##difference");
  window.frames(2);
  const auto* selected = std::get_if<ContextKey>(&window.session().selection);
  REQUIRE(selected != nullptr);
  for (int i = 0; i < 4; ++i) window.key("Up");
  window.frames(2);
  selected = std::get_if<ContextKey>(&window.session().selection);
  REQUIRE(selected != nullptr);
  CHECK(find(window.session().state(), *selected)->name == "TopMemoryContext");
  window.key("Down");
  window.frames(2);
  selected = std::get_if<ContextKey>(&window.session().selection);
  REQUIRE(selected != nullptr);
  CHECK(find(window.session().state(), *selected)->name == "first");
}

TEST_CASE("A and B change places, and a mark of another document is kept with its name") {
  Headless window;
  window.open_script(kScript);
  const EventNumber end = window.session().event_count();
  apply(window.session(), MarkDiffBase{});
  apply(window.session(), Seek{10});
  window.key("Alt+D");
  window.frames(2);
  CHECK(window.session().cursor() == end);
  CHECK(window.session().diff_base->event == 10);
  window.open_script("x = palloc(5)");
  window.frames(3);
  REQUIRE(window.session().diff_base);
  CHECK(window.session().diff_base->document != window.session().document->serial);
  window.key("Alt+D");  // the other document is gone: nothing to go to
  window.frames(2);
  CHECK(window.session().diff_base->event == 10);
}

TEST_CASE("another file is compared with, and one that is none is a message") {
  Headless window;
  window.open_script(kScript);
  const auto path = std::filesystem::temp_directory_path() / "palloscope_diff_base.lua";
  std::ofstream(path) << "AllocSetContextCreate(TopMemoryContext, 'third')\n";
  apply(window.session(), OpenDiffBase{path});
  REQUIRE(window.session().opening);  // read beside the frames
  finish_opening(window.session());
  window.frames(2);
  REQUIRE(window.session().diff_base);
  CHECK(window.session().diff_base->title == "palloscope_diff_base.lua");
  CHECK(window.session().diff_base->document == 0);
  apply(window.session(), OpenDiffBase{"/no/such/file"});
  finish_opening(window.session());
  REQUIRE(window.session().message);
  CHECK(window.session().message->key == "message.cannot_open");
  std::filesystem::remove(path);
}

TEST_CASE("a file to compare with that takes long is given up with Escape, and the window goes on meanwhile") {
  Headless window;
  window.open_script(kScript);
  const std::uint64_t serial = window.session().document->serial;
  const auto path = std::filesystem::temp_directory_path() / "palloscope_diff_endless.lua";
  std::ofstream(path) << "while true do pfree(palloc(8)) end\n";
  apply(window.session(), OpenDiffBase{path});
  window.frames(3);
  REQUIRE(window.session().opening);
  const EventNumber before = window.session().cursor();
  window.key("Left");
  CHECK(window.session().cursor() == before - 1);
  window.key("Escape");
  CHECK_FALSE(window.session().opening);
  CHECK_FALSE(window.session().diff_base);
  CHECK(window.session().document->serial == serial);
  std::filesystem::remove(path);
}

TEST_CASE("A and B change places across files: the other file opens at its moment, and this one is marked") {
  const auto folder = std::filesystem::temp_directory_path() / "palloscope_diff_swap";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "one.lua") << "AllocSetContextCreate(TopMemoryContext, 'one')\n";
  std::ofstream(folder / "two.lua") << "AllocSetContextCreate(TopMemoryContext, 'two')\n";
  Headless window;
  apply(window.session(), OpenFile{folder / "one.lua"});
  window.frames(6);
  apply(window.session(), OpenDiffBase{folder / "two.lua"});
  finish_opening(window.session());
  window.frames(6);
  REQUIRE(window.session().diff_base);
  CHECK(window.session().diff_base->path == folder / "two.lua");
  window.key("Alt+D");
  window.frames(12);
  CHECK(window.session().document->path == folder / "two.lua");
  REQUIRE(window.session().diff_base);
  CHECK(window.session().diff_base->title == "one");
  CHECK(window.session().diff_base->document != window.session().document->serial);
  std::filesystem::remove_all(folder);
}

TEST_CASE("of a dump with several moments each can be A, by click; the timeline shows the moments as columns") {
  const auto path = std::filesystem::temp_directory_path() / "palloscope_two_dumps.log";
  {
    std::ofstream log(path);
    for (const int hour : {10, 11}) {
      const auto line = [&](const std::string& text) {
        log << "2026-03-01 " << hour << ":00:00.000 UTC [77] LOG:  " << text << '\n';
      };
      line("logging memory contexts of PID 77");
      line("level: 1; TopMemoryContext: " + std::to_string(hour * 10'000) +
           " total in 4 blocks; 2000 free (3 chunks); " + std::to_string(hour * 10'000 - 2000) + " used");
      line("Grand total: " + std::to_string(hour * 10'000) + " bytes in 4 blocks; 2000 free (3 chunks); " +
           std::to_string(hour * 10'000 - 2000) + " used");
    }
  }
  Headless window;
  apply(window.session(), OpenFile{path});
  window.frames(6);
  REQUIRE(window.session().document);
  CHECK(window.sees("##waste_curve"));
  CHECK_FALSE(window.sees("##timeline"));
  const EventNumber end = window.session().cursor();
  window.key("Ctrl+D");
  window.frames(3);
  window.click("##be_a");  // the first
  window.frames(4);
  REQUIRE(window.session().diff_base);
  CHECK(window.session().diff_base->event < end);
  CHECK(window.session().diff_base->table.whole(0).total_bytes == 100'000);
  CHECK(window.sees("##difference"));
  std::filesystem::remove(path);
}

TEST_CASE("rows of differences: every path that differs is there below its parents, equal ones only when asked for") {
  trace::MemoryState a, b;
  const auto events = test::random_events(21, 3000, {.live_chunks = 200, .resets = 0.05});
  for (std::size_t i = 0; i < events.size(); ++i) {
    b.apply(events[i]);
    if (i == 1200) a = b;
  }
  trace::PathTable table;
  table.add(a, nullptr);
  table.add(b, nullptr);
  DiffRequest request;
  const DiffRows rows = lay_out_differences(table, {0, 1}, request);
  std::size_t different = 0;
  for (std::uint32_t i = 0; i < table.nodes().size(); ++i) different += differs(table, i, {0, 1}) ? 1 : 0;
  REQUIRE(rows.came + rows.went + rows.changed == different);
  REQUIRE(different > 5);
  std::set<std::uint32_t> seen{trace::PathNode::kNone};
  std::int64_t sum = 0;
  for (const DiffRow& row : rows.rows) {
    REQUIRE(seen.insert(row.node).second);
    REQUIRE(seen.count(table.nodes()[row.node].parent) == 1);
    REQUIRE(static_cast<std::uint64_t>(std::abs(row.whole)) <= rows.largest);
    sum += row.own;
  }
  REQUIRE(sum == static_cast<std::int64_t>(rows.b - rows.a));
  request.with_equal = true;
  REQUIRE(lay_out_differences(table, {0, 1}, request).rows.size() == table.nodes().size());
  request.closed.insert(table.path(0));
  const DiffRows closed = lay_out_differences(table, {0, 1}, request);
  for (const DiffRow& row : closed.rows) REQUIRE(table.nodes()[row.node].parent != 0);
  REQUIRE(lay_out_differences(table, {0, 0}, {}).rows.empty());
}

TEST_CASE("a picture of the panel or the window is saved beside what is open, and the message says where") {
  const auto folder = std::filesystem::temp_directory_path() / "palloscope_saved_pictures";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "own.lua") << kScript;
  Headless window(700, 480);
  apply(window.session(), OpenFile{folder / "own.lua"});
  window.frames(4);
  apply(window.session(), ShowPanel{"contexts"});
  for (const char* keys : {"Ctrl+E", "Ctrl+E", "Alt+E", "Alt+Shift+E"}) {
    window.key(keys);
    window.frames(8);
    REQUIRE(window.session().message);
    INFO(window.session().message->detail);
    CHECK(window.session().message->key == "message.picture_saved");
    CHECK(std::filesystem::file_size(window.session().message->detail) > 1000);
  }
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().extension().string());
  CHECK(names == std::set<std::string>{".lua", ".png", ".svg"});
  std::filesystem::remove_all(folder);
}
