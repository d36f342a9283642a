// The strip of a life and the mistakes of a program, in the window.
#include <algorithm>
#include <string>

#include "gui/fault_text.h"
#include "gui/layout/life_layout.h"
#include "tests/gui/support/event_of.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "trace/analysis/chunk_life.h"

namespace palloscope::gui {
namespace {

using test::event_of;
using test::Headless;

constexpr const char* kScript = R"(
local bag = AllocSetContextCreate(TopMemoryContext, "bag")
MemoryContextSwitchTo(bag)
p = palloc(100)
pfree(p)
q = palloc(90)
pfree(q)
PG_TRY(function() pfree(q) end, { catch = function() end })
local r = palloc(3000)
MemoryContextReset(bag)
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(bag)
local other = AllocSetContextCreate(TopMemoryContext, "other")
)";

// The chunk that `p` was given, selected, with the cursor at its birth.
ChunkKey select_p(Headless& window) {
  Session& session = window.session();
  const core::EventNumber born = event_of(session, core::ChunkAllocated::kTag);
  const auto event = std::get<core::ChunkAllocated>(session.timeline()->event(born));
  session.document->timeline.seek(born);
  session.selection = ChunkKey{event.chunk, born};
  window.key("H");
  window.frames(3);
  return {event.chunk, born};
}

}  // namespace

TEST_CASE("the strip tells a chunk's life, and a click on a stretch goes to where it began") {
  Headless window(3000, 900);
  window.open_script(kScript);
  const ChunkKey p = select_p(window);
  REQUIRE(window.session().focused_panel == "life");
  // block added, palloc, pfree, palloc again, pfree, reset, kept for reuse, a block again: after nothing at all.
  REQUIRE(window.sees("##segment7"));
  window.click("##segment3");
  window.frames(2);
  const core::EventNumber reused = event_of(window.session(), core::ChunkFreed::kTag);
  REQUIRE(window.session().cursor() == reused);
  REQUIRE(std::get<ChunkKey>(window.session().selection) == p);
  window.click("##segment4");
  window.frames(2);
  REQUIRE(window.session().cursor() == event_of(window.session(), core::ChunkAllocated::kTag, 2));
  REQUIRE(std::get<ChunkKey>(window.session().selection).born == window.session().cursor());
  REQUIRE(window.sees("##segment7"));  // another chunk, but the same place: the strip stays
}

TEST_CASE("Up and Down go through a life when its panel has the keys") {
  Headless window(1280, 800);
  window.open_script(kScript);
  const ChunkKey p = select_p(window);
  window.key("Down");
  REQUIRE(window.session().cursor() == event_of(window.session(), core::ChunkFreed::kTag));
  window.frames(2);
  window.key("Right");
  window.key("Up");
  REQUIRE(window.session().cursor() == event_of(window.session(), core::ChunkFreed::kTag));
  window.frames(2);
  window.key("Up");
  REQUIRE(window.session().cursor() == p.born);
}

TEST_CASE("the strip stays quiet once all is found, and follows another document") {
  Headless window(1280, 800);
  window.open_script(kScript);
  select_p(window);
  window.frames(30);
  REQUIRE_FALSE(window.app().wants_frame());
  window.open_script("x = palloc(8)");
  window.frames(3);
  REQUIRE_FALSE(window.sees("##segment0"));
  select_p(window);
  REQUIRE(window.sees("##segment2"));
}

TEST_CASE("the count of mistakes in the status bar leads to each of them, round and round") {
  Headless window(1600, 900);
  window.open_script(kScript);
  window.frames(2);
  Session& session = window.session();
  const auto faults = session.faults();
  REQUIRE(faults.size() == 1);
  session.document->timeline.seek(0);
  window.frames(1);
  window.click("##faults");
  window.frames(1);
  REQUIRE(session.cursor() == faults[0].event);
  REQUIRE(std::get<ChunkKey>(session.selection).born == faults[0].what.born);
  window.click("##faults");
  REQUIRE(session.cursor() == faults[0].event);
}

TEST_CASE("E goes to a mistake and selects its memory, and its line in the list leads to where that came from") {
  Headless window(1600, 900);
  window.open_script(kScript);
  window.session().preferences.workspace.preset = Preset::Debug;
  window.frames(2);
  window.session().document->timeline.seek(0);
  window.key("E");
  window.frames(2);
  const auto fault = window.session().faults()[0];
  REQUIRE(window.session().cursor() == fault.event);
  REQUIRE(std::get<ChunkKey>(window.session().selection).born == fault.what.born);
  window.click("##born");
  window.frames(2);
  REQUIRE(window.session().cursor() == fault.what.born);
  window.key("E");
  window.frames(2);
  window.click("##ended");
  REQUIRE(window.session().cursor() == fault.what.ended);
}

TEST_CASE("a deleted context waits under its old name until the next one takes it") {
  Headless window(1600, 900);
  window.open_script(kScript);
  Session& session = window.session();
  session.preferences.workspace.full_screen = "freelists";
  session.document->timeline.seek(event_of(session, core::ContextRecycled::kTag));
  window.frames(2);
  REQUIRE(window.sees("##recycled"));
  session.document->timeline.seek(session.event_count());
  window.frames(2);
  REQUIRE_FALSE(window.sees("##recycled"));
}

TEST_CASE("every kind of mistake has a name of its own in both languages") {
  for (const Language language : {Language::English, Language::Chinese}) {
    const Strings& strings = strings_of(language);
    std::vector<std::string> names;
    for (int kind = 0; kind < core::kFaultKindCount; ++kind) {
      const auto key = fault_key(static_cast<core::FaultKind>(kind));
      REQUIRE(strings.has(key));
      names.emplace_back(strings(key));
    }
    std::sort(names.begin(), names.end());
    REQUIRE(std::adjacent_find(names.begin(), names.end()) == names.end());
  }
}

TEST_CASE("a strip is as wide as its panel or wider, and the needle stands in the present stretch") {
  std::vector<trace::LifeSegment> segments(3);
  segments[0].last = 9;
  segments[1].first = 10;
  segments[1].last = 1'000'000;
  segments[1].use = trace::LifeUse::Live;
  segments[2].first = 1'000'001;
  const LifeLayout wide(segments, 1'000'010, 2000, 16);
  REQUIRE(std::abs(wide.width() - 2000) < 1);
  REQUIRE(wide.boxes()[1].width > wide.boxes()[0].width);
  REQUIRE(LifeLayout(segments, 1'000'010, 100, 16).width() > 100);
  for (const core::EventNumber event : {core::EventNumber{0}, core::EventNumber{10}, core::EventNumber{999'999}}) {
    const std::size_t i = wide.segment_at(event);
    const LifeBox& box = wide.boxes()[i];
    REQUIRE(wide.x_of(event) >= box.x);
    REQUIRE(wide.x_of(event) <= box.x + box.width);
  }
  REQUIRE(wide.segment_at(9) == 0);
  REQUIRE(wide.segment_at(10) == 1);
  REQUIRE(wide.segment_at(1'000'005) == 2);
}

}  // namespace palloscope::gui
