// What is found, in the window: the list, what keys and clicks lead to, stop and go on.
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"

namespace palloscope::gui {
namespace {

using test::Headless;

constexpr const char* kLeak = R"(
cache = AllocSetContextCreate(TopMemoryContext, "CacheMemoryContext")
xact = AllocSetContextCreate(TopMemoryContext, "TopTransactionContext")
for i = 1, 60 do
  for k = 1, 5 do MemoryContextAlloc(xact, 40 * k) end
  MemoryContextAlloc(cache, 200)
  if i % 2 == 0 then AllocSetContextCreate(cache, "CachedPlan") end
  MemoryContextReset(xact)
end
)";

std::string selected_name(Headless& window) {
  const auto* context = std::get_if<ContextKey>(&window.session().selection);
  const trace::ContextRecord* record = context != nullptr ? find(window.session().state(), *context) : nullptr;
  return record != nullptr ? record->name : std::string();
}

TEST_CASE("a finding is listed, and click or Enter goes to its event and selects its context") {
  Headless window(1600, 1000);
  window.open_script(kLeak);
  window.key("Ctrl+Y");
  window.frames(4);
  REQUIRE(window.session().focused_panel == "findings");
  window.key("Z");
  window.frames(3);
  REQUIRE(window.sees("##finding1"));
  CHECK_FALSE(window.sees("##finding2"));
  CHECK(window.sees("##peak"));
  window.click("##finding0");
  window.frames(2);
  CHECK(selected_name(window) == "CachedPlan");
  window.key("Down");
  window.key("Enter");
  window.frames(2);
  CHECK(selected_name(window) == "CacheMemoryContext");
  // It leads to the allocation of the first chunk that never came back.
  const core::EventBody event = window.session().timeline()->event(window.session().cursor());
  const auto* allocated = std::get_if<core::ChunkAllocated>(&event);
  REQUIRE(allocated != nullptr);
  CHECK(allocated->requested_bytes == 200);
  window.click("##peak");
  window.frames(2);
  CHECK(window.session().state().totals().malloc_bytes > 100'000);
}

TEST_CASE("three pages: findings, where bytes go over time, allocations; by key and by click") {
  Headless window(1600, 1000);
  window.open_script(kLeak);
  window.key("Ctrl+Y");
  window.frames(4);
  window.key("Z");
  window.frames(2);
  window.key("Period");
  window.frames(2);
  CHECK_FALSE(window.sees("##finding0"));
  REQUIRE(window.sees("##waste_curve"));
  CHECK(window.sees("##waste"));
  // A click in the curve goes there; a holder leads to the highest moment and to its context.
  window.click("##waste_curve");
  window.frames(2);
  CHECK(window.session().cursor() > window.session().event_count() / 3);
  CHECK(window.session().cursor() < window.session().event_count() * 2 / 3);
  window.key("Down");
  window.key("Enter");
  window.frames(2);
  CHECK(selected_name(window) == "CachedPlan");
  CHECK(window.sees("##waste_scope"));
  window.click("###page2");
  window.frames(2);
  CHECK(window.sees("##sizes"));
  CHECK(window.sees("##lifetimes"));
  window.key("Comma");
  window.key("Comma");
  window.frames(2);
  CHECK(window.sees("##finding0"));
}

TEST_CASE("a person says what a round is: the next one by R, typed after /, chosen from the menu") {
  Headless window(1600, 1000);
  window.open_script(R"(
cache = AllocSetContextCreate(TopMemoryContext, "cache")
for i = 1, 40 do
  MemoryContextAlloc(cache, 200)
  pfree(palloc(16))
end
)");
  window.key("Ctrl+Y");
  window.frames(4);
  window.key("Z");
  window.frames(3);
  // A loop is no round by itself.
  CHECK_FALSE(window.sees("##finding0"));
  window.key("R");
  window.frames(4);
  REQUIRE(window.sees("##finding0"));
  window.key("R");
  window.key("R");
  window.frames(4);
  window.key("Slash");
  window.frames(3);
  REQUIRE(window.sees("##round_rule"));
  window.type("alloc and size ==");
  window.key("Enter");
  window.frames(3);
  REQUIRE(window.sees("##round_rule"));  // what is wrong is told
  window.type(" 200");
  window.key("Enter");
  window.frames(4);
  CHECK_FALSE(window.sees("##round_rule"));
  CHECK(window.sees("##finding0"));
}

TEST_CASE("in a low panel the first finding is in sight") {
  Headless window(900, 600);
  window.open_script(kLeak);
  window.key("Ctrl+Y");
  window.frames(4);
  CHECK(window.find("##finding0"));
  CHECK(window.sees("##round_menu"));
}

TEST_CASE("a clean trace says so, in both languages, and what is new is looked at when asked") {
  Headless window(1600, 1000);
  window.open_script("p = palloc(100)\npfree(p)");
  window.key("Ctrl+Y");
  window.frames(4);
  CHECK_FALSE(window.sees("##finding0"));
  CHECK(window.sees("##peak"));
  window.key("L");
  window.frames(2);
  CHECK(window.sees("##peak"));
  window.session().document->timeline.seek(0);
  window.key("Backspace");
  window.frames(3);
  CHECK(window.sees("##peak"));
}

}  // namespace
}  // namespace palloscope::gui
