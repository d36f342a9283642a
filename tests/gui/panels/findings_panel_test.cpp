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
  CHECK(window.sees("##waste"));
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
