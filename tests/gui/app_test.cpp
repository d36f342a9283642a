// The window as a person uses it, without a window: clicks, keys and typing go in, the session is looked at.
#include <imgui.h>
#include <imgui_internal.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/scenario/scenario_info.h"
#include "gui/command_table.h"
#include "gui/panels/panel_table.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::gui;
using palloscope::test::Headless;

TEST_CASE("the welcome screen opens a scenario by a click on its line") {
  Headless window;
  const auto& first = core::builtin_scenarios().front();
  window.click("##" + first.info.name);
  window.frames(2);
  REQUIRE(window.session().document);
  REQUIRE(window.session().document->scenario_name == first.info.name);
}

TEST_CASE("the welcome screen opens an empty process, and its console takes calls") {
  Headless window(1920, 1080);
  window.click("##console");
  window.frames(2);
  REQUIRE(window.session().document);
  const EventNumber before = window.session().event_count();
  apply(window.session(), Evaluate{"p = palloc(100)"});
  window.frames(2);
  REQUIRE(window.session().document->console.back().answer.ok);
  REQUIRE(window.session().event_count() > before);
}

TEST_CASE("arrow keys step, Shift by ten, Home and End go to the ends") {
  Headless window;
  window.open_scenario("1");
  const EventNumber count = window.session().event_count();
  window.key("Home");
  REQUIRE(window.session().cursor() == 0);
  window.key("Right");
  REQUIRE(window.session().cursor() == 1);
  window.key("Shift+Right");
  REQUIRE(window.session().cursor() == 11);
  window.key("Left");
  REQUIRE(window.session().cursor() == 10);
  window.key("End");
  REQUIRE(window.session().cursor() == count);
  window.key("PageUp");
  REQUIRE(window.session().cursor() < count);
}

TEST_CASE("every transport button does what its key does") {
  Headless window(1920, 1080);
  window.open_scenario("1");
  for (const char* id : {"back", "back_ten", "seek_start", "forward", "forward_ten", "seek_end", "previous_lesson",
                         "next_lesson", "previous_touch"}) {
    INFO(id);
    const Command& command = *find_command(id);
    const bool available = command.available(window.session());
    const EventNumber before = window.session().cursor();
    window.click(std::string("##") + id);
    if (available) REQUIRE(window.session().cursor() != before);
  }
}

TEST_CASE("keys do nothing to the window while a text field has the keyboard") {
  Headless window(1920, 1080);
  window.open_scenario("1");
  const EventNumber before = window.session().cursor();
  window.key("F");
  window.type("Top l t");
  window.key("Left");
  REQUIRE(window.session().cursor() == before);
  REQUIRE(window.session().preferences.theme == ThemeChoice::Dark);
  window.key("Enter");
  REQUIRE(window.session().find == "Top l t");
}

TEST_CASE("find selects the context whose name was typed") {
  Headless window(1920, 1080);
  window.open_scenario("1");
  window.click("##find");
  window.type("errorcontext");
  window.key("Enter");
  const auto* key = std::get_if<ContextKey>(&window.session().selection);
  REQUIRE(key != nullptr);
  REQUIRE(window.session().state().context(key->slot)->name == "ErrorContext");
}

TEST_CASE("F finds also where the bar has no room for its box") {
  Headless window(1280, 800);
  window.session().preferences.text_scale = 2;
  window.open_scenario("1");
  REQUIRE_FALSE(window.sees("##find"));
  window.key("F");
  window.type("errorcontext");
  window.key("Enter");
  REQUIRE(std::holds_alternative<ContextKey>(window.session().selection));
}

TEST_CASE("the palette finds a command by some of its letters and runs it, in both languages") {
  for (const char* typed : {"lght", "浅色"}) {
    Headless window;
    window.key("Ctrl+K");
    REQUIRE(window.session().overlay == Overlay::Palette);
    window.type(typed);
    window.key("Enter");
    REQUIRE(window.session().overlay == Overlay::None);
    REQUIRE(window.session().preferences.theme == ThemeChoice::Light);
  }
}

TEST_CASE("Escape leaves the innermost thing first") {
  Headless window;
  window.open_scenario("1");
  window.session().selection = EventKey{1};
  window.session().preferences.workspace.full_screen = "why";
  window.key("Ctrl+K");
  window.key("Escape");
  REQUIRE(window.session().overlay == Overlay::None);
  REQUIRE(window.session().preferences.workspace.full_screen == "why");
  window.key("Escape");
  REQUIRE(window.session().preferences.workspace.full_screen.empty());
  window.key("Escape");
  REQUIRE(std::holds_alternative<NothingSelected>(window.session().selection));
}

TEST_CASE("the help shows every command that has a key, in both languages, at every text size") {
  for (const Language language : {Language::English, Language::Chinese})
    for (const float scale : {1.0f, 2.0f}) {
      Headless window(1280, 800);
      window.session().preferences.language = language;
      window.session().preferences.text_scale = scale;
      window.key("F1");
      REQUIRE(window.session().overlay == Overlay::Help);
      window.key("Escape");
    }
}

TEST_CASE("on a usual screen the help is there as a whole; where it is not, the arrow keys scroll it") {
  const auto keys = [] {
    for (ImGuiWindow* window : ImGui::GetCurrentContext()->Windows)
      if (window->WasActive && std::string_view(window->Name).find("##keys") != std::string_view::npos) return window;
    return static_cast<ImGuiWindow*>(nullptr);
  };
  for (const Language language : {Language::English, Language::Chinese}) {
    Headless window(1440, 900);
    window.session().preferences.language = language;
    window.key("F1");
    window.frames(3);
    REQUIRE(keys() != nullptr);
    CHECK(keys()->ScrollMax.y == 0);
    window.session().preferences.text_scale = 2;
    window.frames(3);
    REQUIRE(keys()->ScrollMax.y > 0);
    window.key("Down");
    window.frames(2);
    CHECK(keys()->Scroll.y > 0);
  }
}

TEST_CASE("files are chosen by keyboard: typing narrows, Enter opens, a bad file leaves a message") {
  const auto folder = std::filesystem::temp_directory_path() / "palloscope_app_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "inner");
  std::ofstream(folder / "inner" / "broken.pscope") << "not a trace";
  std::ofstream(folder / "zebra.txt") << "x";
  const auto old = std::filesystem::current_path();
  std::filesystem::current_path(folder);
  {
    Headless window;
    window.key("Ctrl+O");
    REQUIRE(window.session().overlay == Overlay::OpenDialog);
    window.frames(2);
    window.type("inn");
    window.key("Enter");
    window.type("brok");
    window.key("Enter");
    window.frames(3);
    REQUIRE(window.session().overlay == Overlay::None);
    REQUIRE_FALSE(window.session().document);
    REQUIRE(window.session().message);
    REQUIRE(window.session().message->key == "message.cannot_open");
    window.click("##dismiss");
    REQUIRE_FALSE(window.session().message);
  }
  std::filesystem::current_path(old);
  std::filesystem::remove_all(folder);
}

TEST_CASE("saving asks before it replaces a file") {
  const auto folder = std::filesystem::temp_directory_path() / "palloscope_save_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto old = std::filesystem::current_path();
  std::filesystem::current_path(folder);
  {
    Headless window;
    window.open_scenario("1");
    const auto file = folder / (window.session().document->scenario_name + ".pscope");
    std::ofstream(file) << "precious";
    window.key("Ctrl+S");
    window.frames(2);
    window.key("Enter");
    REQUIRE(window.session().overlay == Overlay::SaveDialog);
    REQUIRE(std::filesystem::file_size(file) == 8);
    window.key("Enter");
    window.frames(2);
    REQUIRE(window.session().overlay == Overlay::None);
    REQUIRE(std::filesystem::file_size(file) > 8);
  }
  std::filesystem::current_path(old);
  std::filesystem::remove_all(folder);
}

TEST_CASE("every panel draws in every scenario, language, theme and text size, and nothing is left clipped away") {
  Headless window(1280, 800);
  for (const core::BuiltinScenario& scenario : core::builtin_scenarios()) {
    window.open_scenario(scenario.info.name);
    for (const PanelRow& row : panel_table())
      for (const float scale : {1.0f, 2.0f}) {
        Session& session = window.session();
        session.preferences.text_scale = scale;
        session.preferences.workspace.full_screen = row.placement.id;
        session.preferences.language =
            session.preferences.language == Language::English ? Language::Chinese : Language::English;
        session.document->timeline.seek(0);
        window.frames(1);
        session.document->timeline.seek(session.event_count() / 2);
        window.frames(2);
        session.document->timeline.seek(session.event_count());
        window.frames(1);
      }
  }
}

TEST_CASE("the number keys bring each panel to the front") {
  Headless window(1280, 800);
  window.open_scenario("1");
  for (std::size_t i = 0; i < panel_table().size() && i < 9; ++i) {
    window.key(KeyChord{static_cast<Key>(static_cast<int>(Key::Digit1) + static_cast<int>(i))});
    INFO(panel_table()[i].placement.id);
    REQUIRE(window.session().focused_panel == panel_table()[i].placement.id);
    REQUIRE(window.sees("##tab_" + std::string(panel_table()[i].placement.id)));
  }
  window.key("H");
  REQUIRE(window.session().focused_panel == "life");
}

TEST_CASE("Space plays and pauses; the window asks for frames only while it plays") {
  Headless window;
  window.open_scenario("1");
  window.key("Home");
  window.frames(5);
  REQUIRE_FALSE(window.app().wants_frame());
  REQUIRE(window.app().seconds_to_next_frame() < 0);
  window.key("Space");
  REQUIRE(window.session().playback.playing);
  window.frames(90);
  REQUIRE(window.session().cursor() > 0);
  window.key("Space");
  const EventNumber paused = window.session().cursor();
  window.frames(90);
  REQUIRE(window.session().cursor() == paused);
  REQUIRE_FALSE(window.app().wants_frame());
}

TEST_CASE("language, theme, text size and arrangement change by key") {
  Headless window;
  window.open_scenario("1");
  window.key("L");
  REQUIRE(window.session().preferences.language == Language::Chinese);
  window.key("T");
  REQUIRE(window.session().preferences.theme == ThemeChoice::Light);
  window.key("Ctrl+Plus");
  REQUIRE(window.session().preferences.text_scale > 1.05f);
  window.key("Ctrl+2");
  REQUIRE(window.session().preferences.workspace.preset == Preset::Debug);
}

TEST_CASE("PostgreSQL's version is chosen by key and in the top bar") {
  Headless window(1600, 900);
  window.open_scenario("1");
  window.key("V");
  window.frames(2);
  REQUIRE(window.session().server().pg_major == 18);
  window.key("Shift+V");
  window.key("Shift+V");
  window.frames(2);
  REQUIRE(window.session().server().pg_major == 16);
  window.click("PG 16##server");
  window.frames(2);
  window.click("PostgreSQL 15");
  window.frames(2);
  REQUIRE(window.session().server().pg_major == 15);
}

TEST_CASE("a wall between two columns can be dragged") {
  Headless window(1600, 900);
  window.open_scenario("1");
  const float before = window.session().preferences.workspace.left_share;
  std::set<float> walls;
  for (const auto& [id, item] : test::item_log().current)
    if (item.label.find("##wall") != std::string::npos && item.bottom - item.top > 300) walls.insert(item.left);
  REQUIRE_FALSE(walls.empty());
  window.drag(*walls.begin() + 2, 450, *walls.begin() + 102, 450);
  REQUIRE(window.session().preferences.workspace.left_share > before + 0.03f);
}
