#include "gui/settings.h"

#include <fstream>

#include "tests/support/catch.h"

using namespace palloscope::gui;

namespace {

Preferences unusual() {
  Preferences preferences;
  preferences.language = Language::Chinese;
  preferences.theme = ThemeChoice::Light;
  preferences.text_scale = 1.5f;
  preferences.memory_mb = 64;
  preferences.motion = false;
  preferences.workspace.preset = Preset::Server;
  preferences.workspace.left_share = 0.3125f;
  preferences.workspace.weight[2] = 2.5f;
  preferences.workspace.visible["events"] = false;
  preferences.workspace.folded["why"] = true;
  preferences.workspace.front[3] = "statistics";
  preferences.recent_files = {"/tmp/a.pscope", "/tmp/中文.log"};
  preferences.keys["forward"] = "Down";
  return preferences;
}

}  // namespace

TEST_CASE("preferences are read back as they were written") {
  const auto read = read_preferences(write_preferences(unusual()));
  REQUIRE(read);
  REQUIRE(*read == unusual());
}

TEST_CASE("settings with foreign or unfit values fall back to defaults there") {
  const auto read = read_preferences(
      R"({"theme": 7, "text_scale": 1e30, "workspace": [], "recent_files": [1, "/x"], "keys": {"a": 1}, "new": {}})");
  REQUIRE(read);
  REQUIRE(read->theme == ThemeChoice::Dark);
  REQUIRE(read->text_scale == kMaxTextScale);
  REQUIRE(read->recent_files.size() == 1);
  REQUIRE(read->keys.empty());
}

TEST_CASE("settings that are no JSON are an error, a missing file is not") {
  REQUIRE_FALSE(read_preferences("{broken"));
  REQUIRE(load_preferences("/nonexistent/settings.json"));
}

TEST_CASE("settings are saved below a folder that is made, and found again") {
  const auto folder = std::filesystem::temp_directory_path() / "palloscope_settings_test";
  std::filesystem::remove_all(folder);
  const auto file = folder / "deep" / "settings.json";
  REQUIRE(save_preferences(file, unusual()));
  const auto read = load_preferences(file);
  REQUIRE(read);
  REQUIRE(*read == unusual());
  std::filesystem::remove_all(folder);
}
