#include "gui/view_link.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "core/base/nearest_word.h"
#include "gui/action.h"
#include "gui/document.h"
#include "gui/panels/panel_table.h"

namespace palloscope::gui {
namespace {

constexpr std::string_view kScheme = "palloscope:", kScenario = "scenario:";
constexpr std::string_view kPresetNames[] = {"teach", "debug", "server"};
constexpr std::string_view kParts[] = {"at", "of", "sel", "base", "preset", "panels", "full", "pg", "checking"};
constexpr std::size_t kLongestLink = 8192;

core::Error bad(const std::string& what) { return {core::ErrorCode::BadArgument, "link: " + what}; }

bool is_plain(unsigned char c) {
  return c > 0x20 && c != 0x7F && c != '#' && c != '%' && c != '&' && c != '"' && c != '\'' && c != '\\';
}

std::string escaped(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char sign : text) {
    const auto c = static_cast<unsigned char>(sign);
    if (is_plain(c)) {
      out += sign;
    } else {
      out += '%';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [stop, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (error != std::errc() || stop != text.data() + i + 3 || value == 0) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return !text.empty() && error == std::errc() && stop == text.data() + text.size();
}

// "12@345"
template <class KeyOf>
std::optional<Selection> born_key(std::string_view text) {
  const std::size_t sign = text.find('@');
  std::uint32_t slot = 0;
  EventNumber born = 0;
  if (sign == std::string_view::npos || !read_number(text.substr(0, sign), slot) ||
      !read_number(text.substr(sign + 1), born))
    return std::nullopt;
  return KeyOf{{slot}, born};
}

std::optional<Selection> parse_selection(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view kind = text.substr(0, colon), rest = text.substr(std::min(colon + 1, text.size()));
  if (kind == "context") return born_key<ContextKey>(rest);
  if (kind == "block") return born_key<BlockKey>(rest);
  if (kind == "chunk") return born_key<ChunkKey>(rest);
  if (kind == "segment") return born_key<SegmentKey>(rest);
  if (kind == "shmem") {
    const auto key = born_key<ChunkKey>(rest);  // the same form, but an index
    if (!key) return std::nullopt;
    const auto& chunk = std::get<ChunkKey>(*key);
    return ShmemKey{chunk.slot.value, chunk.born};
  }
  std::uint32_t slot = 0;
  EventNumber number = 0;
  core::Address address;
  if (kind == "buffer" && read_number(rest, slot)) return BufferKey{{slot}};
  if (kind == "event" && read_number(rest, number)) return EventKey{number};
  if (kind == "address" && rest.starts_with("0x") && read_number(rest.substr(2), address.value, 16)) return address;
  return std::nullopt;
}

struct SelectionText {
  static std::string born(std::string_view kind, std::uint32_t slot, EventNumber born_at) {
    return std::string(kind) + ':' + std::to_string(slot) + '@' + std::to_string(born_at);
  }
  std::string operator()(const NothingSelected&) const { return {}; }
  std::string operator()(const ContextKey& key) const { return born("context", key.slot.value, key.born); }
  std::string operator()(const BlockKey& key) const { return born("block", key.slot.value, key.born); }
  std::string operator()(const ChunkKey& key) const { return born("chunk", key.slot.value, key.born); }
  std::string operator()(const SegmentKey& key) const { return born("segment", key.slot.value, key.born); }
  std::string operator()(const ShmemKey& key) const { return born("shmem", key.allocation, key.born); }
  std::string operator()(const BufferKey& key) const { return "buffer:" + std::to_string(key.slot.value); }
  std::string operator()(const EventKey& key) const { return "event:" + std::to_string(key.number); }
  std::string operator()(const core::Address& at) const {
    char digits[16];
    const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), at.value, 16);
    return "address:0x" + std::string(digits, error == std::errc() ? end : digits);
  }
};

core::Result<std::vector<std::string>> parse_panels(std::string_view text) {
  std::vector<std::string> panels;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    const std::string_view id = text.substr(from, to - from);
    if (find_panel(id) == nullptr) {
      std::vector<std::string_view> ids;
      for (const PanelRow& row : panel_table()) ids.push_back(row.placement.id);
      return bad("there is no panel \"" + std::string(id) + '"' + core::choices_for(id, ids));
    }
    if (std::find(panels.begin(), panels.end(), id) == panels.end()) panels.emplace_back(id);
    from = to + 1;
  }
  return panels;
}

// One "key=value" behind the #.
core::Status take_part(ViewLink& link, std::string_view key, std::string_view value) {
  const std::string shown = std::string(key) + "=" + std::string(value);
  const auto event = [&](std::optional<EventNumber>& into) -> core::Status {
    EventNumber number = 0;
    if (!read_number(value, number)) return bad(shown + ": give the number of an event");
    into = number;
    return core::Done{};
  };
  if (key == "at") return event(link.at);
  if (key == "of") return event(link.of);
  if (key == "base") return event(link.base);
  if (key == "sel") {
    link.selection = parse_selection(value);
    if (!link.selection)
      return bad(shown + ": give context:SLOT@EVENT, block:, chunk:, event:N, buffer:N or address:0x..");
    return core::Done{};
  }
  if (key == "preset") {
    const auto* found = std::find(std::begin(kPresetNames), std::end(kPresetNames), value);
    if (found == std::end(kPresetNames)) return bad(shown + ": give teach, debug or server");
    link.preset = static_cast<Preset>(found - std::begin(kPresetNames));
    return core::Done{};
  }
  if (key == "panels" || key == "full") {
    core::Result<std::vector<std::string>> panels = parse_panels(value);
    if (!panels) return panels.error();
    if (key == "panels") {
      link.panels = std::move(*panels);
      return core::Done{};
    }
    if (panels->size() != 1) return bad(shown + ": give one panel");
    link.full_screen = panels->front();
    return core::Done{};
  }
  if (key == "pg" || key == "checking") {
    int number = 0;
    const bool is_version = key == "pg";
    if (!read_number(value, number) || (is_version ? core::find_profile(number, false) == nullptr : number > 1))
      return bad(shown + (is_version ? ": give 15 to 18" : ": give 0 or 1"));
    if (!link.server) link.server = ServerChoice{};
    if (is_version)
      link.server->pg_major = number;
    else
      link.server->checking = number == 1;
    return core::Done{};
  }
  return bad("there is no part \"" + std::string(key) + '"' + core::choices_for(key, kParts));
}

}  // namespace

bool looks_like_view_link(std::string_view text) {
  if (text.starts_with(kScheme)) return true;
  const std::size_t hash = text.rfind('#');
  if (hash == std::string_view::npos) return false;
  return std::any_of(std::begin(kParts), std::end(kParts), [&](std::string_view key) {
    return text.substr(hash + 1).starts_with(key) && text.substr(hash + 1 + key.size()).starts_with('=');
  });
}

core::Result<ViewLink> parse_view_link(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.size() > kLongestLink) return bad("it is too long");
  if (text.find('\0') != std::string_view::npos) return bad("it holds a zero byte");
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  const std::size_t hash = std::min(text.rfind('#'), text.size());
  const auto file = unescaped(text.substr(0, hash));
  if (!file) return bad("in the file's name a % has no two digits behind it (a % itself is %25)");
  ViewLink link{.file = *file};
  if (link.file.starts_with(kScenario)) link.scenario = std::exchange(link.file, {}).substr(kScenario.size());
  if (link.file.empty() && link.scenario.empty()) return bad("it names no file");
  std::vector<std::string_view> seen;
  for (std::size_t from = hash + 1; from < text.size();) {
    const std::size_t to = std::min(text.find('&', from), text.size());
    const std::string_view part = text.substr(from, to - from);
    from = to + 1;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return bad("\"" + std::string(part) + "\": give at=N, sel=..., panels=...");
    const std::string_view key = part.substr(0, equals);
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) return bad(std::string(key) + " is given twice");
    seen.push_back(key);
    if (const core::Status taken = take_part(link, key, part.substr(equals + 1)); !taken) return taken.error();
  }
  return link;
}

std::string format_view_link(const ViewLink& link) {
  std::string text(kScheme);
  text += link.scenario.empty() ? escaped(link.file) : std::string(kScenario) + escaped(link.scenario);
  char separator = '#';
  const auto part = [&](std::string_view key, const std::string& value) {
    text += std::exchange(separator, '&');
    text += key;
    text += '=';
    text += value;
  };
  if (link.server) {
    part("pg", std::to_string(link.server->pg_major));
    if (link.server->checking) part("checking", "1");
  }
  if (link.at) part("at", std::to_string(*link.at));
  if (link.of) part("of", std::to_string(*link.of));
  if (link.selection && !std::holds_alternative<NothingSelected>(*link.selection))
    part("sel", std::visit(SelectionText{}, *link.selection));
  if (link.base) part("base", std::to_string(*link.base));
  if (link.preset) part("preset", std::string(kPresetNames[static_cast<std::size_t>(*link.preset)]));
  std::string panels;
  for (const std::string& id : link.panels) panels += (panels.empty() ? "" : ",") + id;
  if (!panels.empty()) part("panels", panels);
  if (!link.full_screen.empty()) part("full", link.full_screen);
  return text;
}

core::Result<ViewLink> view_link_of(const Session& session) {
  if (!session.document) return bad("nothing is open");
  const Document& document = *session.document;
  ViewLink link{.file = {}};
  if (!document.path.empty()) {
    std::error_code ignored;
    link.file = std::filesystem::absolute(document.path, ignored).lexically_normal().string();
    if (link.file.empty()) link.file = document.path.string();
  } else {
    const core::BuiltinScenario* scenario = core::find_builtin_scenario(document.scenario_name);
    if (scenario == nullptr || scenario->text != document.script)
      return bad("what is open is in no file yet; save it first");
    link.scenario = document.scenario_name;
  }
  if (document.server) link.server = document.server;
  link.at = session.cursor();
  link.of = session.event_count();
  if (!std::holds_alternative<NothingSelected>(session.selection)) link.selection = session.selection;
  if (session.diff_base && session.diff_base->document == document.serial) link.base = session.diff_base->event;
  const WorkspaceState& workspace = session.preferences.workspace;
  link.preset = workspace.preset;
  for (const PanelPlacement& panel : panel_placements())
    if (is_visible(workspace, panel) &&
        std::find(workspace.front.begin(), workspace.front.end(), panel.id) != workspace.front.end())
      link.panels.emplace_back(panel.id);
  // The last one shown is the one that has the keys.
  const auto focused = std::find(link.panels.begin(), link.panels.end(), session.focused_panel);
  if (focused != link.panels.end()) std::rotate(focused, focused + 1, link.panels.end());
  link.full_screen = workspace.full_screen;
  return link;
}

void show_view(Session& session, const ViewLink& link) {
  if (!session.document) return;
  if (link.server && session.can_choose_server() && session.server() != *link.server)
    apply(session, RunOnServer{*link.server});
  if (link.preset && *link.preset != session.preferences.workspace.preset) apply(session, SetPreset{*link.preset});
  for (const std::string& id : link.panels) apply(session, ShowPanel{id});
  if (session.preferences.workspace.full_screen != link.full_screen) apply(session, FullScreenPanel{link.full_screen});
  const EventNumber known = session.event_count();
  if (link.at && *link.at > known && session.can_run_on()) {
    apply(session, Seek{known});
    apply(session, Step{static_cast<std::int64_t>(std::min<EventNumber>(*link.at - known, 1u << 30))});
  }
  if (link.base) apply(session, MarkDiffBase{*link.base});
  if (link.at) apply(session, Seek{*link.at});
  if (link.selection) apply(session, Select{*link.selection});
  if ((link.at && *link.at > session.event_count()) ||
      (link.of && !session.document->run && *link.of != session.event_count()))
    session.message =
        Message{MessageKind::Notice, "message.link_of_another",
                std::to_string(link.of.value_or(link.at.value_or(0))) + " -> " + std::to_string(session.event_count())};
}

}  // namespace palloscope::gui
