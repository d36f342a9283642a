// palloscope shot: a picture of the window, without a window.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/nearest_word.h"
#include "core/scenario/scenario_info.h"
#include "gui/app.h"
#include "gui/cli/arguments.h"
#include "gui/document.h"
#include "gui/front_panel.h"
#include "gui/key_input.h"
#include "gui/panels/panel_table.h"
#include "gui/platform/offscreen.h"
#include "gui/platform/system_font.h"
#include "gui/view_link.h"

namespace palloscope::gui::cli {
namespace {

constexpr int kLeastPixels = 320, kMostPixels = 8192;

struct ShotOptions {
  std::string file, out, size = "1440x900", theme = "dark", language = "en", preset = "teach", panel, select, overlay,
                         keys;
  std::optional<core::EventNumber> at;
  float scale = 1;
};

std::optional<std::pair<int, int>> parse_size(const std::string& text) {
  int width = 0, height = 0, read = 0;
  if (std::sscanf(text.c_str(), "%dx%d%n", &width, &height, &read) != 2 ||
      text.size() != static_cast<std::size_t>(read))
    return std::nullopt;
  if (std::min(width, height) < kLeastPixels || std::max(width, height) > kMostPixels) return std::nullopt;
  return std::pair{width, height};
}

core::Error no_key(const std::string& word) {
  std::vector<std::string> names;
  for (int key = 1; key < kKeyCount; ++key) names.push_back(format({static_cast<Key>(key)}));
  const std::string key = word.substr(word.rfind('+') + 1);
  const std::vector<std::string_view> choices(names.begin(), names.end());
  const bool known = std::find(names.begin(), names.end(), key) != names.end();
  return {core::ErrorCode::BadArgument,
          fmt::format("--keys: there is no key \"{}\"; write them as in \"Ctrl+K Shift+Right 0\"{}", word,
                      known ? "; before a + stand Ctrl, Shift and Alt" : core::choices_for(key, choices))};
}

// "M Ctrl+K Down"
core::Result<std::vector<KeyChord>> parse_keys(const std::string& text) {
  std::vector<KeyChord> keys;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto chord = parse_key_chord(word);
    if (!chord) return no_key(word);
    keys.push_back(*chord);
  }
  return keys;
}

std::vector<std::string> panel_ids() {
  std::vector<std::string> ids;
  for (const PanelRow& row : panel_table()) ids.emplace_back(row.placement.id);
  return ids;
}

Overlay overlay_named(const std::string& name) {
  if (name == "palette") return Overlay::Palette;
  if (name == "help") return Overlay::Help;
  if (name == "open") return Overlay::OpenDialog;
  if (name == "save") return Overlay::SaveDialog;
  if (name == "scenarios") return Overlay::Scenarios;
  return Overlay::None;
}

void set_preferences(const ShotOptions& options, Preferences& preferences) {
  preferences.theme = options.theme == "light" ? ThemeChoice::Light : ThemeChoice::Dark;
  preferences.language = options.language == "zh" ? Language::Chinese : Language::English;
  preferences.text_scale = options.scale;
  preferences.motion = false;
  preferences.workspace.preset = options.preset == "server"  ? Preset::Server
                                 : options.preset == "debug" ? Preset::Debug
                                                             : Preset::Teach;
}

// A file, or the name of a built-in scenario; a script is run to its end.
core::Status open_subject(Session& session, const ShotOptions& options) {
  const bool is_scenario =
      !std::filesystem::exists(options.file) && core::find_builtin_scenario(options.file) != nullptr;
  core::Result<Document> document = is_scenario ? open_scenario(options.file) : open_document(options.file);
  if (!document) return document.error();
  if (document->run) document->run->advance({});
  session.document.emplace(std::move(*document));
  session.document->serial = ++session.documents_opened;
  trace::Timeline& timeline = session.document->timeline;
  if (options.at && *options.at > timeline.size())
    return core::Error{core::ErrorCode::BadArgument, options.file + ": --at " + std::to_string(*options.at) +
                                                         ": there are only " + std::to_string(timeline.size()) +
                                                         " events"};
  if (is_scenario || session.document->run) timeline.seek(timeline.size());
  // The event before first, so that the picture shows what the last one changed.
  if (options.at) {
    timeline.seek(*options.at > 0 ? *options.at - 1 : 0);
    timeline.seek(*options.at);
  }
  return core::Done{};
}

}  // namespace

int run_shot(Arguments arguments, Streams io) {
  ShotOptions options;
  Usage usage("shot", "Draws the window into a PNG file, without a display. Without FILE: the welcome screen.");
  usage.add("FILE", &options.file, "a trace, a server's dump, a scenario (a file, a name or a number), or a link to a view of one");
  usage.add("-o,--out", &options.out, "the picture").takes("FILE").required();
  usage.add("--at", &options.at, "after this event; left out: where the file opens, a scenario at its end").takes("N");
  usage.add("--size", &options.size, "pixels, 320 to 8192 each").takes("WIDTHxHEIGHT").shows_default();
  usage.add("--theme", &options.theme, "its colours").one_of({"dark", "light"}).shows_default();
  usage.add("--lang", &options.language, "the language of its words").one_of({"en", "zh"}).shows_default();
  usage.add("--scale", &options.scale, "the text's size, 1 as usual")
      .within(kMinTextScale, kMaxTextScale)
      .shows_default();
  usage.add("--preset", &options.preset, "the arrangement of its panels")
      .one_of({"teach", "debug", "server"})
      .shows_default();
  usage.add("--panel", &options.panel, "only this panel").one_of(panel_ids());
  usage.add("--select", &options.select, "a context by its name, 0xADDRESS, or #EVENT");
  usage.add("--overlay", &options.overlay, "what lies over it")
      .one_of({"palette", "help", "open", "save", "scenarios"});
  usage.add("--keys", &options.keys, "pressed before the picture is taken, as in \"M Ctrl+K Period Down\"");
  if (const auto status = usage.parse(arguments, io)) return *status;

  const auto size = parse_size(options.size);
  if (!size) return complain("shot", "--size " + options.size + ": give WIDTHxHEIGHT, 320 to 8192 each", io);
  const auto keys = parse_keys(options.keys);
  if (!keys) return complain("shot", keys.error(), io);

  std::optional<ViewLink> link;
  if (!std::filesystem::exists(options.file) && looks_like_view_link(options.file)) {
    core::Result<ViewLink> parsed = parse_view_link(options.file);
    if (!parsed) return complain("shot", parsed.error(), io);
    options.file = parsed->scenario.empty() ? parsed->file : parsed->scenario;
    link = std::move(*parsed);
  }

  App window(system_chinese_font());
  Session& session = window.session();
  set_preferences(options, session.preferences);
  if (!options.file.empty())
    if (const core::Status opened = open_subject(session, options); !opened)
      return complain("shot", opened.error(), io);
  if (session.document) suit_front(session.preferences.workspace, *session.document);
  if (session.document && !options.panel.empty()) session.focused_panel = options.panel;
  session.preferences.workspace.full_screen = session.document ? options.panel : std::string();
  if (link) show_view(session, *link);
  session.overlay = overlay_named(options.overlay);
  if (!options.select.empty()) {
    apply(session, SetFind{options.select});
    apply(session, FindNext{});
    if (session.message) return complain("shot", "--select " + options.select + ": there is no such thing here", io);
  }

  core::Result<Offscreen> screen = Offscreen::create(window, size->first, size->second);
  if (!screen) return complain("shot", screen.error(), io);
  for (const KeyChord chord : *keys) {
    for (const bool down : {true, false}) {
      send_key(chord, down);
      screen->render(2);
    }
  }
  const Picture picture = render_settled(*screen, window);
  if (const core::Status written = write_png(options.out, picture); !written)
    return complain("shot", written.error(), io);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
