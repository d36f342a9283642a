// Operations under work_mem, in the window.
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"

namespace palloscope::gui {
namespace {

using test::Headless;

constexpr const char* kScript = R"(
s = tuplesort_begin_heap(64, 0, "first sort")
for i = 1, 100 do tuplesort_puttupleslot(s, i, 1000) end
h = ExecHashTableCreate{ rows = 20, width = 984, work_mem = 64, hash_mem_multiplier = 1, name = "a join" }
for i = 1, 100 do ExecHashTableInsert(h, i, 1000) end
)";

TEST_CASE("the operations panel shows what is at work, its name leads to its context, its curve to a moment") {
  Headless window(1600, 900);
  window.open_script(kScript);
  window.key("W");
  window.key("End");
  window.frames(3);
  REQUIRE(window.session().focused_panel == "operations");
  REQUIRE(window.sees("##memory"));
  REQUIRE(window.sees("##curve"));
  window.click("##name");
  window.frames(2);
  const auto* selected = std::get_if<ContextKey>(&window.session().selection);
  REQUIRE(selected != nullptr);
  const core::EventNumber end = window.session().cursor();
  window.click("##curve");
  window.frames(2);
  CHECK(window.session().cursor() < end);
  window.key("Home");
  window.frames(2);
  CHECK_FALSE(window.sees("##memory"));  // nothing is at work: the panel says which scenario to open
}

}  // namespace
}  // namespace palloscope::gui
