// The panel that compares allocators, as a person uses it: opened by its key, contenders added by typing and from its
// list, stopped and gone on, and its figures beside those of a trace::Comparison of the test's own.
#include <imgui.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "trace/compare/comparison.h"

using namespace palloscope;
using namespace palloscope::gui;
using palloscope::test::Headless;

namespace {

// Frames until nothing moves any more.
void let_it_finish(Headless& window) {
  for (int i = 0; i < 2000 && (window.app().wants_frame() || i < 3); ++i) window.frames(1);
  REQUIRE_FALSE(window.app().wants_frame());
  REQUIRE_FALSE(window.sees("##stop"));
}

void open_panel(Headless& window, std::string_view scenario) {
  window.open_scenario(scenario);
  window.key("C");
  window.frames(2);
  REQUIRE(window.session().focused_panel == "compare");
}

using Table = std::vector<std::vector<std::string>>;

// What Ctrl+C copies: the table that is shown.
Table copied(Headless& window) {
  window.key("Ctrl+C");
  window.frames(1);
  Table table;
  std::istringstream lines(ImGui::GetClipboardText());
  for (std::string line; std::getline(lines, line);) {
    table.emplace_back();
    std::istringstream cells(line + "\t");
    for (std::string cell; std::getline(cells, cell, '\t');) table.back().push_back(cell);
  }
  return table;
}

constexpr const char* kLong = R"(
set = AllocSetContextCreate(TopMemoryContext, "set", ALLOCSET_DEFAULT_SIZES)
for i = 1, 60000 do
  p = MemoryContextAlloc(set, 100)
  pfree(p)
end
)";

}  // namespace

TEST_CASE("C opens the compare panel, which runs the usual contenders to their end") {
  Headless window(1600, 900);
  open_panel(window, "12");
  let_it_finish(window);
  for (const char* name : {"Generation", "malloc", "PostgreSQL 15"}) {
    INFO(name << "\n" << window.labels());
    CHECK(window.sees(std::string("##chip_") + name));
  }
}

TEST_CASE("the compare panel's table equals trace::Comparison at the cursor, stepping forth and back") {
  Headless window(1600, 900);
  open_panel(window, "12");
  window.click("##chip_pool");
  window.click("##chip_PostgreSQL 15");
  let_it_finish(window);
  Session& session = window.session();
  trace::Comparison comparison(session.document->timeline);
  for (const char* text : {"generation", "malloc"}) REQUIRE(comparison.add(*trace::parse_contender(text)));
  while (comparison.advance(10'000)) {
  }
  using F = trace::Figures;
  constexpr std::uint64_t F::*kRows[] = {&F::held_bytes, &F::requested_bytes, &F::in_chunk_bytes,
                                         &F::free_bytes, &F::tail_bytes,      &F::other_bytes,
                                         &F::blocks,     &F::malloc_calls,    &F::free_calls};
  const EventNumber last = session.event_count();
  for (const EventNumber at : {last, EventNumber{300}, EventNumber{301}, last / 2, EventNumber{0}, last - 3}) {
    CAPTURE(at);
    apply(session, Seek{at});
    window.frames(3);
    const Table table = copied(window);
    REQUIRE(table.size() == 11);
    REQUIRE(table[0].size() == 4);
    CHECK(table[0][2] == "Generation");
    CHECK(table[0][3] == "malloc");
    const std::uint64_t call = comparison.marks().call_of(at);
    const F recorded = figures_of(session.state(), comparison.recorded_measure());
    for (std::size_t i = 0; i < std::size(kRows); ++i) {
      CAPTURE(i);
      CHECK(table[i + 1][1] == std::to_string(recorded.*kRows[i]));
      for (std::size_t who = 0; who < 2; ++who)
        CHECK(table[i + 1][who + 2] == std::to_string((*comparison.figures_at(who, call)).*kRows[i]));
    }
    for (std::size_t who = 0; who < 2; ++who)
      CHECK(table[10][who + 2] == std::to_string(comparison.entries()[who].contender->figures().peak.held_bytes));
  }
}

TEST_CASE("contenders are chosen by keyboard: typed behind '/', or from the list that Enter opens") {
  Headless window(1600, 900);
  open_panel(window, "12");
  window.key(KeyChord{Key::Slash});
  window.type("slab:136");
  window.key("Enter");
  let_it_finish(window);
  CHECK(window.sees("##chip_Slab 136"));
  window.key(KeyChord{Key::Slash});
  window.type("nonsense");
  window.key("Enter");
  window.frames(2);
  REQUIRE(window.session().message);
  CHECK(window.session().message->key == "message.bad_contender");
  window.key("Escape");
  window.key("Escape");
  window.frames(2);
  window.click("##chip_malloc");
  window.frames(2);
  CHECK_FALSE(window.sees("##chip_malloc"));
  window.key("Enter");
  window.frames(2);
  INFO(window.labels());
  REQUIRE(window.sees("##choice_bump"));
  window.key("Enter");  // the first line
  window.frames(2);
  window.key("Escape");
  let_it_finish(window);
  CHECK_FALSE(window.sees("##choice_bump"));
  CHECK(window.sees("##chip_AllocSet"));
}

TEST_CASE("a comparison that runs can be stopped, and goes on") {
  Headless window(1600, 900);
  window.open_script(kLong);
  window.key("C");
  window.frames(1);
  REQUIRE(window.sees("##stop"));
  window.key("Backspace");
  window.frames(3);
  REQUIRE(window.sees("##stop"));
  CHECK_FALSE(window.app().wants_frame());
  const Table before = copied(window);
  window.frames(5);
  CHECK(copied(window) == before);
  window.key("Backspace");
  let_it_finish(window);
  const Table after = copied(window);
  CHECK_FALSE(after[1][2].empty());
  CHECK(after != before);
}
