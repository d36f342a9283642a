// Which panel stands in front when something is opened.
#include "gui/front_panel.h"

#include "core/scenario/scenario_info.h"
#include "gui/document.h"
#include "gui/panels/panel_table.h"
#include "gui/panels/shmem_panel.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::gui;

TEST_CASE("every scenario's head names a panel that exists, or none") {
  for (const core::BuiltinScenario& scenario : core::builtin_scenarios()) {
    INFO(scenario.info.name << " wants " << scenario.info.panel);
    const auto document = open_scenario(scenario.info.name);
    REQUIRE(document);
    CHECK((scenario.info.panel.empty() || find_panel(front_panel(*document)) != nullptr));
    CHECK((front_view(*document).empty() || shmem_view_named(front_view(*document))));
  }
}

TEST_CASE("a lesson about buffers opens with the buffers, and the next one about the heap with the map again") {
  WorkspaceState workspace;
  const auto open = [&](std::string_view name) {
    const auto document = open_scenario(name);
    REQUIRE(document);
    suit_front(workspace, *document);
    return workspace.front[static_cast<std::size_t>(find_panel("buffers")->placement.place)];
  };
  CHECK(open("50") == "buffers");
  CHECK(open("1") == "");
  CHECK(open("55") == "shmem");
}

TEST_CASE("the lesson on dynamic segments opens on them, the one on NUMA on pages and nodes") {
  const auto view = [](std::string_view name) {
    const auto document = open_scenario(name);
    REQUIRE(document);
    CHECK(front_panel(*document) == "shmem");
    return shmem_view_named(front_view(*document));
  };
  CHECK(view("57") == ShmemView::Dynamic);
  CHECK(view("61") == ShmemView::Pages);
  CHECK_FALSE(view("55").has_value());
}
