// palloscope shot: a picture of the window, without a window: PNG, SVG, or a range of steps as an animated PNG.
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
#include "gui/cli/progress.h"
#include "gui/document.h"
#include "gui/front_panel.h"
#include "gui/key_input.h"
#include "gui/panels/panel_table.h"
#include "gui/picture/cpu_screen.h"
#include "gui/picture/picture_files.h"
#include "gui/picture/png_writer.h"
#include "gui/picture/software_renderer.h"
#include "gui/platform/offscreen.h"
#include "gui/platform/system_font.h"
#include "gui/view_link.h"

namespace palloscope::gui::cli {
namespace {

constexpr int kLeastPixels = 320, kMostPixels = 8192;
constexpr core::EventNumber kMostFrames = 5000;

struct ShotOptions {
  std::string file, out, size = "1440x900", theme = "dark", language = "en", preset = "teach", panel, select, overlay,
                         keys, draw;
  std::optional<core::EventNumber> at, from, to;
  core::EventNumber every = 1;
  int delay = 500;
  bool caption = false, bare = false;
  bool is_animated() const { return from || to; }
  bool is_svg() const { return std::filesystem::path(out).extension() == ".svg"; }
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
  if (name == "attach") return Overlay::Attach;
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

// The event before first, so that the picture shows what the last one changed.
void stand_after(trace::Timeline& timeline, core::EventNumber event) {
  if (timeline.cursor() + 1 != event) timeline.seek(event > 0 ? event - 1 : 0);
  timeline.seek(event);
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
  take_notes(session);
  trace::Timeline& timeline = session.document->timeline;
  if (options.at && *options.at > timeline.size())
    return core::Error{core::ErrorCode::BadArgument, options.file + ": --at " + std::to_string(*options.at) +
                                                         ": there are only " + std::to_string(timeline.size()) +
                                                         " events"};
  if (is_scenario || session.document->run) timeline.seek(timeline.size());
  if (options.at) stand_after(timeline, *options.at);
  return core::Done{};
}

// A link of another recording, or of a longer one: the picture is of the nearest moment there is.
void tell_of_link(const ViewLink& link, const Session& session, Streams io) {
  if (!session.document) return;
  const core::EventNumber events = session.event_count();
  if (link.at && *link.at > events)
    io.err << fmt::format(
        "palloscope shot: the link is of event {}, and there are only {}: the picture is of the end\n", *link.at,
        events);
  else if (link.of && !session.document->run && *link.of != events)
    io.err << fmt::format(
        "palloscope shot: the link was made with {} events, and now there are {}: it may be of another "
        "recording\n",
        *link.of, events);
}

// Whoever draws: OpenGL, or the processor.
struct Screen {
  std::optional<Offscreen> gl = {};
  std::optional<CpuScreen> cpu = {};

  void frames(int count) {
    if (gl)
      gl->render(count);
    else
      cpu->frames(count);
  }
  Picture settled(const App& app) { return gl ? render_settled(*gl, app) : cpu->settled(); }
};

core::Result<Screen> make_screen(const ShotOptions& options, App& app, std::pair<int, int> size, Streams io) {
  Screen screen;
  if (options.draw == "gl") {
    core::Result<Offscreen> gl = Offscreen::create(app, size.first, size.second);
    if (gl) {
      screen.gl.emplace(std::move(*gl));
      return screen;
    }
    io.err << "palloscope shot: " << gl.error().message << "; drawn by the processor instead\n";
  }
  screen.cpu.emplace(app, size.first, size.second);
  return screen;
}

core::Status write_animation(const ShotOptions& options, App& app, Screen& screen, Streams io) {
  trace::Timeline& timeline = app.session().document->timeline;
  const core::EventNumber first = options.from.value_or(0), last = options.to.value_or(timeline.size());
  const core::EventNumber count = (last - first) / options.every + 1;
  ApngWriter writer(options.out, static_cast<std::uint32_t>(count), static_cast<std::uint16_t>(options.delay),
                    fmt::format("{}, shown from event {} to {}", picture_text(app.session()), first, last));
  Progress progress("shot", io);
  for (core::EventNumber i = 0; i < count; ++i) {
    progress.tell("pictures", i, count);
    stand_after(timeline, first + i * options.every);
    if (const core::Status added = writer.add(screen.settled(app)); !added) return added.error();
  }
  return writer.finish();
}

// What of the options does not go together; empty: nothing.
std::string wrong_with(const ShotOptions& options) {
  const std::string ending = std::filesystem::path(options.out).extension().string();
  if (ending == ".gif") return options.out + ": no GIF is written; give OUT.png or OUT.apng (an animated PNG)";
  if (options.bare && options.panel.empty()) return "--bare needs a --panel";
  if (options.bare && options.is_animated()) return "--bare goes with one picture: those of many steps have a caption";
  if (!options.is_animated()) return "";
  if (options.is_svg()) return "--from and --to make an animated PNG; give -o OUT.apng";
  if (options.file.empty()) return "--from and --to need a FILE";
  if (options.every == 0) return "--every 0: give 1 or more";
  if (options.at) return "--at goes with one picture, --from and --to with many";
  return "";
}

// Are there these events, and not too many pictures of them?
std::string wrong_range(const ShotOptions& options, core::EventNumber size) {
  const core::EventNumber first = options.from.value_or(0), last = options.to.value_or(size);
  if (first > last || last > size)
    return fmt::format("{}: there is no range from event {} to {}, the last one is {}", options.file, first, last,
                       size);
  const core::EventNumber count = (last - first) / options.every + 1;
  if (count > kMostFrames) return fmt::format("{} pictures are too many; give --every {}", count, count / 200 + 1);
  return "";
}

core::Status write_shot(const ShotOptions& options, App& app, Screen& screen, Streams io) {
  if (options.is_animated()) return write_animation(options, app, screen, io);
  const std::string said = picture_text(app.session());
  const std::string_view panel = options.bare ? options.panel : std::string_view();
  if (options.is_svg()) return write_text(options.out, screen.cpu->settled_svg(said, panel));
  Picture picture = screen.settled(app);
  if (options.bare) {
    const RectF part = app.part_of(panel);
    picture = cut_out(picture, static_cast<int>(part.x), static_cast<int>(part.y), static_cast<int>(part.width),
                      static_cast<int>(part.height));
  }
  return screen.gl ? write_png(options.out, picture) : write_stable_png(options.out, picture, said);
}

}  // namespace

int run_shot(Arguments arguments, Streams io) {
  ShotOptions options;
  Usage usage(
      "shot",
      "Draws the window into a PNG or SVG file, without a display; with --from or --to a range of steps into an "
      "animated PNG. Without FILE: the welcome screen. What the processor draws (--draw cpu, SVG, animations) is "
      "the same on every machine.");
  usage.add("FILE", &options.file,
            "a trace, a server's dump, a scenario (a file, a name or a number), or a link to a view of one");
  usage.add("-o,--out", &options.out, "the picture: .png, .svg, .apng").takes("FILE").required();
  usage.add("--at", &options.at, "after this event; left out: where the file opens, a scenario at its end").takes("N");
  usage.add("--from", &options.from, "the first event of an animated picture").takes("N");
  usage.add("--to", &options.to, "the last one").takes("N");
  usage.add("--every", &options.every, "events from one of its pictures to the next").takes("N");
  usage.add("--delay", &options.delay, "milliseconds for each").within(20, 60000).shows_default();
  usage.add("--caption", &options.caption, "below it: event, file and its checksum (animated pictures always have it)");
  usage.add("--draw", &options.draw, "who draws; left out: gl for a PNG, else cpu").one_of({"gl", "cpu"});
  usage.add("--size", &options.size, "pixels, 320 to 8192 each").takes("WIDTHxHEIGHT").shows_default();
  usage.add("--theme", &options.theme, "its colours").one_of({"dark", "light"}).shows_default();
  usage.add("--lang", &options.language, "the language of its words").one_of({"en", "zh"}).shows_default();
  usage.add("--scale", &options.scale, "the text's size, 1 as usual")
      .within(kMinTextScale, kMaxTextScale)
      .shows_default();
  usage.add("--preset", &options.preset, "the arrangement of its panels")
      .one_of({"teach", "debug", "server"})
      .shows_default();
  usage.add("--panel", &options.panel, "only this panel, over the whole window").one_of(panel_ids());
  usage.add("--bare", &options.bare, "of it, without the window's bars");
  usage.add("--select", &options.select,
            "a context by its name, 0xADDRESS, @EVENT (what that event made), or #EVENT (goes there)");
  usage.add("--overlay", &options.overlay, "what lies over it")
      .one_of({"palette", "help", "open", "save", "scenarios", "attach"});
  usage.add("--keys", &options.keys, "pressed before the picture is taken, as in \"M Ctrl+K Period Down\"");
  if (const auto status = usage.parse(arguments, io)) return *status;

  const auto size = parse_size(options.size);
  if (!size) return complain("shot", "--size " + options.size + ": give WIDTHxHEIGHT, 320 to 8192 each", io);
  const auto keys = parse_keys(options.keys);
  if (!keys) return complain("shot", keys.error(), io);

  if (const std::string wrong = wrong_with(options); !wrong.empty()) return complain("shot", wrong, io);
  if (options.draw.empty()) options.draw = options.is_svg() || options.is_animated() ? "cpu" : "gl";
  if (options.is_svg() && options.draw == "gl") return complain("shot", "--draw gl: an SVG is drawn by cpu", io);
  std::optional<ViewLink> link;
  if (!std::filesystem::exists(options.file) && looks_like_view_link(options.file)) {
    core::Result<ViewLink> parsed = parse_view_link(options.file);
    if (!parsed) return complain("shot", parsed.error(), io);
    options.file = parsed->scenario.empty() ? parsed->file : parsed->scenario;
    link = std::move(*parsed);
  }

  // The system's font is not the same everywhere.
  App window(options.draw == "gl" ? system_chinese_font() : std::span<const unsigned char>{});
  Session& session = window.session();
  set_preferences(options, session.preferences);
  if (!options.file.empty())
    if (const core::Status opened = open_subject(session, options); !opened)
      return complain("shot", opened.error(), io);
  if (session.document) suit_front(session.preferences.workspace, *session.document);
  if (session.document && !options.panel.empty()) session.focused_panel = options.panel;
  session.preferences.workspace.full_screen = session.document ? options.panel : std::string();
  if (link) {
    show_view(session, *link);
    tell_of_link(*link, session, io);
  }
  session.overlay = overlay_named(options.overlay);
  if (!options.select.empty()) {
    apply(session, SetFind{options.select});
    apply(session, FindNext{});
    if (session.message) return complain("shot", "--select " + options.select + ": there is no such thing here", io);
  }

  if (options.is_animated())
    if (const std::string wrong = wrong_range(options, session.event_count()); !wrong.empty())
      return complain("shot", wrong, io);
  if (session.document && (options.caption || options.is_animated()))
    window.set_caption(fmt::format(
        "{}   {}   Palloscope",
        session.document->path.empty() ? session.document->scenario_name : session.document->path.filename().string(),
        content_hash(*session.document)));

  core::Result<Screen> screen = make_screen(options, window, *size, io);
  if (!screen) return complain("shot", screen.error(), io);
  for (const KeyChord chord : *keys) {
    for (const bool down : {true, false}) {
      send_key(chord, down);
      screen->frames(2);
    }
  }
  if (const core::Status written = write_shot(options, window, *screen, io); !written)
    return complain("shot", written.error(), io);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
