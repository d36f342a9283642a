#include "gui/settings.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace palloscope::gui {
namespace {

using Json = nlohmann::json;

constexpr const char* kPresets[kPresetCount] = {"teach", "debug", "server"};
constexpr const char* kPlaces[kPlaceCount] = {"left_top",     "left_bottom",   "centre_top", "centre_middle",
                                              "centre_lower", "centre_bottom", "right_top",  "right_bottom"};

const Json* member(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? nullptr : &*found;
}

void read_float(const Json& object, const char* key, float low, float high, float& into) {
  const Json* value = member(object, key);
  if (value == nullptr || !value->is_number()) return;
  const float number = value->get<float>();
  if (std::isfinite(number)) into = std::clamp(number, low, high);
}

std::string read_string(const Json& object, const char* key) {
  const Json* value = member(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

void read_flags(const Json& object, const char* key, std::map<std::string, bool>& into) {
  const Json* value = member(object, key);
  if (value == nullptr || !value->is_object()) return;
  for (const auto& [name, flag] : value->items())
    if (flag.is_boolean()) into[name] = flag.get<bool>();
}

WorkspaceState read_workspace(const Json& json) {
  WorkspaceState state;
  const std::string preset = read_string(json, "preset");
  for (int i = 0; i < kPresetCount; ++i)
    if (preset == kPresets[i]) state.preset = static_cast<Preset>(i);
  read_float(json, "left_share", 0.05f, 0.6f, state.left_share);
  read_float(json, "right_share", 0.05f, 0.6f, state.right_share);
  for (std::size_t i = 0; i < kPlaceCount; ++i) {
    if (const Json* weights = member(json, "weights")) read_float(*weights, kPlaces[i], 0.05f, 20, state.weight[i]);
    if (const Json* front = member(json, "front")) state.front[i] = read_string(*front, kPlaces[i]);
  }
  read_flags(json, "visible", state.visible);
  read_flags(json, "folded", state.folded);
  return state;
}

Json workspace_json(const WorkspaceState& state) {
  Json json;
  json["preset"] = kPresets[static_cast<std::size_t>(state.preset)];
  json["left_share"] = state.left_share;
  json["right_share"] = state.right_share;
  for (std::size_t i = 0; i < kPlaceCount; ++i) {
    json["weights"][kPlaces[i]] = state.weight[i];
    if (!state.front[i].empty()) json["front"][kPlaces[i]] = state.front[i];
  }
  json["visible"] = state.visible;
  json["folded"] = state.folded;
  return json;
}

}  // namespace

std::filesystem::path settings_file() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != 0) return std::filesystem::path(config) / "palloscope" / "settings.json";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == 0) return {};
  return std::filesystem::path(home) / ".config" / "palloscope" / "settings.json";
}

std::string write_preferences(const Preferences& preferences) {
  Json json;
  json["language"] = preferences.language == Language::Chinese ? "zh" : "en";
  json["theme"] = preferences.theme == ThemeChoice::Light ? "light" : "dark";
  json["text_scale"] = preferences.text_scale;
  json["motion"] = preferences.motion;
  json["memory_mb"] = preferences.memory_mb;
  json["workspace"] = workspace_json(preferences.workspace);
  json["recent_files"] = Json::array();
  for (const auto& path : preferences.recent_files) json["recent_files"].push_back(path.string());
  json["questions"] = preferences.questions;
  json["keys"] = preferences.keys;
  // File names need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

core::Result<Preferences> read_preferences(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object())
    return core::Error{core::ErrorCode::BadFormat, "the settings are no JSON object"};
  Preferences preferences;
  if (read_string(json, "language") == "zh") preferences.language = Language::Chinese;
  if (read_string(json, "theme") == "light") preferences.theme = ThemeChoice::Light;
  read_float(json, "text_scale", kMinTextScale, kMaxTextScale, preferences.text_scale);
  if (const Json* motion = member(json, "motion"); motion != nullptr && motion->is_boolean())
    preferences.motion = motion->get<bool>();
  if (const Json* memory = member(json, "memory_mb"); memory != nullptr && memory->is_number_integer())
    preferences.memory_mb =
        static_cast<int>(std::clamp<std::int64_t>(memory->get<std::int64_t>(), kMinMemoryMb, kMaxMemoryMb));
  if (const Json* workspace = member(json, "workspace")) preferences.workspace = read_workspace(*workspace);
  if (const Json* recent = member(json, "recent_files"); recent != nullptr && recent->is_array())
    for (const Json& path : *recent)
      if (path.is_string() && preferences.recent_files.size() < kMaxRecentFiles)
        preferences.recent_files.emplace_back(path.get<std::string>());
  if (const Json* questions = member(json, "questions"); questions != nullptr && questions->is_array())
    for (const Json& question : *questions)
      if (question.is_string() && preferences.questions.size() < kMaxQuestions)
        preferences.questions.push_back(question.get<std::string>());
  if (const Json* keys = member(json, "keys"); keys != nullptr && keys->is_object())
    for (const auto& [command, chords] : keys->items())
      if (chords.is_string()) preferences.keys[command] = chords.get<std::string>();
  return preferences;
}

core::Result<Preferences> load_preferences(const std::filesystem::path& file) {
  Preferences fresh;
  fresh.language = language_of_environment();
  std::ifstream in(file, std::ios::binary);
  if (!in) return fresh;
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  core::Result<Preferences> read = read_preferences(text);
  if (!read) return core::Error{read.error().code, file.string() + ": " + read.error().message};
  return read;
}

core::Status save_preferences(const std::filesystem::path& file, const Preferences& preferences) {
  if (file.empty()) return core::Done{};
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  // Written beside and renamed: a crash leaves the old settings.
  const std::filesystem::path fresh = file.string() + ".new";
  std::ofstream out(fresh, std::ios::binary);
  out << write_preferences(preferences);
  out.close();
  if (!out) return core::Error{core::ErrorCode::Io, fresh.string() + ": cannot be written"};
  std::filesystem::rename(fresh, file, failed);
  if (failed) return core::Error{core::ErrorCode::Io, file.string() + ": " + failed.message()};
  return core::Done{};
}

Language language_of_environment() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == 0) continue;
    return std::string_view(value).starts_with("zh") ? Language::Chinese : Language::English;
  }
  return Language::English;
}

}  // namespace palloscope::gui
