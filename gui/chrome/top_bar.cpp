// The line at the top: commands as buttons, transport, speed, find box, text size, language, theme, help.
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <vector>

#include "gui/chrome/chrome.h"
#include "gui/command_table.h"
#include "gui/icons.h"

namespace palloscope::gui {
namespace {

// The bar's parts, left to right. When they do not all fit, words go first, then whole parts by rank (highest first):
// every command is in the palette too.
enum class Part : std::uint8_t {
  Files,
  Server,
  Arrange,
  Start,
  TouchBack,
  TenBack,
  Back,
  Play,
  Forward,
  TenForward,
  TouchForward,
  End,
  Lesson,
  Speed,
  Find,
  Bookmark,
  Text,
  Language,
  Theme,
  Help
};

struct PartRow {
  Part part;
  int rank;  // 0: always there
};

constexpr PartRow kParts[] = {
    {Part::Files, 0},        {Part::Server, 4}, {Part::Arrange, 9},  {Part::Start, 5},   {Part::TouchBack, 4},
    {Part::TenBack, 6},      {Part::Back, 0},   {Part::Play, 0},     {Part::Forward, 0}, {Part::TenForward, 6},
    {Part::TouchForward, 4}, {Part::End, 5},    {Part::Lesson, 2},   {Part::Speed, 7},   {Part::Find, 8},
    {Part::Bookmark, 8},     {Part::Text, 3},   {Part::Language, 1}, {Part::Theme, 3},   {Part::Help, 0},
};

struct BarShape {
  bool has_words = true;
  int max_rank = 9;
  bool needs_find = false;  // F was pressed: the find box has a place, whatever goes for it

  bool has(const PartRow& row) const { return row.rank <= max_rank || (needs_find && row.part == Part::Find); }
};

float gap_before(const PanelContext& context, Part part) {
  switch (part) {
    case Part::Server:
    case Part::Arrange:
    case Part::Start:
    case Part::Lesson:
    case Part::Speed:
    case Part::Find:
      return 0.9f * context.em();
    default:
      return 0.1f * context.em();
  }
}

const char* word(const PanelContext& context, const BarShape& shape, std::string_view key) {
  return shape.has_words ? context.strings(key) : nullptr;
}

std::string speed_text(const PanelContext& context) {
  const double speed = kSpeeds[context.session.playback.speed];
  if (speed < 1) return context.strings.fill("bar.speed_slow", {{"n", fmt::format("{:g}", 1 / speed)}});
  const std::string number = speed >= 1e6    ? "1 M"
                             : speed >= 1000 ? fmt::format("{:g} k", speed / 1000)
                                             : fmt::format("{:g}", speed);
  return context.strings.fill("bar.speed", {{"n", number}});
}

const char* play_word(const PanelContext& context) {
  return context.strings(context.session.is_moving() ? "bar.pause" : "bar.play");
}
// Wide enough for both words, so that the bar does not jump.
float play_width(const PanelContext& context) {
  return std::max(icon_button_width(context, context.strings("bar.pause")),
                  icon_button_width(context, context.strings("bar.play")));
}

std::string server_text(const PanelContext& context, const ServerChoice& server) {
  return context.strings.fill(server.checking ? "bar.server_checking" : "bar.server",
                              {{"n", std::to_string(server.pg_major)}});
}

constexpr std::string_view kPresetKeys[kPresetCount] = {"bar.preset_teach", "bar.preset_debug", "bar.preset_server"};

float part_width(const PanelContext& context, Part part, const BarShape& shape) {
  const float icon = icon_button_width(context, nullptr), em = context.em();
  switch (part) {
    case Part::Files:
      return icon_button_width(context, word(context, shape, "bar.open")) +
             icon_button_width(context, word(context, shape, "bar.attach")) +
             icon_button_width(context, word(context, shape, "bar.scenarios")) + icon + 0.3f * em;
    case Part::Arrange: {
      float width = 0;
      for (const auto key : kPresetKeys) width += ImGui::CalcTextSize(context.strings(key)).x + 1.2f * em;
      return width;
    }
    case Part::Server:
      return ImGui::CalcTextSize(server_text(context, {18, true}).c_str()).x + 1.2f * em;
    case Part::Play:
      return play_width(context);
    case Part::Lesson:
      return 2 * icon + 0.1f * em;
    case Part::Speed:
      return 2 * icon + 8 * em;
    case Part::Find:
      return 11 * em;
    case Part::Text:
      return 2 * icon;
    default:
      return icon;
  }
}

bool has_part(const PanelContext& context, Part part) {
  if (part == Part::Server) return context.session.can_choose_server();
  if (context.session.document) return true;
  switch (part) {  // nothing to travel through yet
    case Part::Files:
    case Part::Text:
    case Part::Language:
    case Part::Theme:
    case Part::Help:
      return true;
    default:
      return false;
  }
}

float total_width(const PanelContext& context, const BarShape& shape) {
  float width = 0;
  for (const PartRow& row : kParts)
    if (shape.has(row) && has_part(context, row.part))
      width += part_width(context, row.part, shape) + gap_before(context, row.part);
  return width;
}

BarShape fitting_shape(const PanelContext& context, float room, bool needs_find) {
  BarShape shape;
  shape.needs_find = needs_find;
  if (total_width(context, shape) <= room) return shape;
  shape.has_words = false;
  while (shape.max_rank > 0 && total_width(context, shape) > room) --shape.max_rank;
  return shape;
}

void command(const PanelContext& context, std::string_view id, const char* word = nullptr) {
  draw_command_button(context, *find_command(id), word);
}

void draw_play(const PanelContext& context) {
  const Command& play = *find_command("play");
  const bool plays = context.session.is_moving();
  const ImVec2 size{play_width(context), ImGui::GetFrameHeight()};
  ImGui::PushStyleColor(ImGuiCol_Button, context.theme.accent);
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, mix(context.theme.accent, context.theme.on_accent, 0.12f));
  ImGui::PushStyleColor(ImGuiCol_ButtonActive, mix(context.theme.accent, context.theme.on_accent, 0.2f));
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.on_accent);
  const std::string label = fmt::format("{} {}###play", plays ? icons::kPause : icons::kPlay, play_word(context));
  if (ImGui::Button(label.c_str(), size)) context.actions.push(play.make(context.session));
  ImGui::PopStyleColor(4);
  ImGui::SetItemTooltip("%s", command_tooltip(context, play).c_str());
}

void draw_presets(const PanelContext& context) {
  for (int i = 0; i < kPresetCount; ++i) {
    const auto preset = static_cast<Preset>(i);
    const char* name = context.strings(kPresetKeys[i]);
    const bool is_on = context.session.preferences.workspace.preset == preset;
    if (i > 0) ImGui::SameLine(0, 0);
    ImGui::PushStyleColor(ImGuiCol_Button, is_on ? context.theme.raised : with_alpha(context.theme.raised, 0));
    ImGui::PushStyleColor(ImGuiCol_Text, is_on ? context.theme.text : context.theme.dim);
    const std::string label = fmt::format("{}###preset_{}", name, i);
    if (ImGui::Button(label.c_str(), {ImGui::CalcTextSize(name).x + 1.2f * context.em(), 0}))
      context.actions.push(SetPreset{preset});
    ImGui::PopStyleColor(2);
    constexpr std::string_view kCommands[] = {"preset_teach", "preset_debug", "preset_server"};
    ImGui::SetItemTooltip("%s", command_tooltip(context, *find_command(kCommands[i])).c_str());
  }
}

// Which PostgreSQL the scenario runs on, and which build of it.
void draw_server(const PanelContext& context, float width) {
  const ServerChoice server = context.session.server();
  const std::string label = server_text(context, server) + "##server";
  if (ImGui::Button(label.c_str(), {width, 0})) ImGui::OpenPopup("##servers");
  ImGui::SetItemTooltip("%s\n%s\n%s\n%s", context.strings("bar.server_hint"),
                        command_tooltip(context, *find_command("newer_server")).c_str(),
                        command_tooltip(context, *find_command("older_server")).c_str(),
                        command_tooltip(context, *find_command("checking_build")).c_str());
  if (!ImGui::BeginPopup("##servers")) return;
  for (int major = 15; major <= 18; ++major) {
    const std::string name = context.strings.fill("status.pg", {{"n", std::to_string(major)}});
    if (ImGui::Selectable(name.c_str(), server.pg_major == major) && server.pg_major != major)
      context.actions.push(RunOnServer{{major, server.checking}});
  }
  ImGui::Separator();
  if (ImGui::MenuItem(context.strings("bar.server_checks"), nullptr, server.checking))
    context.actions.push(RunOnServer{{server.pg_major, !server.checking}});
  ImGui::EndPopup();
}

void draw_speed(const PanelContext& context) {
  command(context, "slower");
  ImGui::SameLine(0, 0);
  const std::string text = speed_text(context);
  const float width = 8 * context.em(), start = ImGui::GetCursorPosX();
  ImGui::SetCursorPosX(start + std::max(0.0f, (width - ImGui::CalcTextSize(text.c_str()).x) / 2));
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(text.c_str());
  ImGui::SameLine(0, 0);
  ImGui::SetCursorPosX(start + width);
  command(context, "faster");
}

}  // namespace

void TopBar::draw(const PanelContext& context) {
  const float em = context.em(), room = ImGui::GetContentRegionAvail().x;
  if (context.session.find_wanted) find_is_open_ = true;
  const BarShape shape = fitting_shape(context, room, find_is_open_);
  // What belongs to the window stands at the right edge.
  float right_width = 0;
  for (const PartRow& row : kParts)
    if (row.part >= Part::Find && shape.has(row) && has_part(context, row.part))
      right_width += part_width(context, row.part, shape) + gap_before(context, row.part);
  const float right_start = ImGui::GetCursorPosX() + room - right_width;

  bool is_first = true, is_right = false;
  for (const PartRow& row : kParts) {
    if (!shape.has(row) || !has_part(context, row.part)) continue;
    if (!is_first) ImGui::SameLine(0, gap_before(context, row.part));
    is_first = false;
    if (row.part >= Part::Find && !is_right) {
      ImGui::SetCursorPosX(std::max(ImGui::GetCursorPosX(), right_start));
      is_right = true;
    }
    const Session& session = context.session;
    switch (row.part) {
      case Part::Files:
        command(context, "open", word(context, shape, "bar.open"));
        ImGui::SameLine(0, 0.1f * em);
        command(context, "attach", word(context, shape, "bar.attach"));
        ImGui::SameLine(0, 0.1f * em);
        command(context, "scenarios", word(context, shape, "bar.scenarios"));
        ImGui::SameLine(0, 0.1f * em);
        command(context, "save");
        break;
      case Part::Server:
        draw_server(context, part_width(context, row.part, shape));
        break;
      case Part::Arrange:
        draw_presets(context);
        break;
      case Part::Start:
        command(context, "seek_start");
        break;
      case Part::TouchBack:
        command(context, "previous_touch");
        break;
      case Part::TenBack:
        command(context, "back_ten");
        break;
      case Part::Back:
        command(context, "back");
        break;
      case Part::Play:
        draw_play(context);
        break;
      case Part::Forward:
        command(context, "forward");
        break;
      case Part::TenForward:
        command(context, "forward_ten");
        break;
      case Part::TouchForward:
        command(context, "next_touch");
        break;
      case Part::End:
        command(context, "seek_end");
        break;
      case Part::Lesson:
        command(context, "previous_lesson");
        ImGui::SameLine(0, 0.1f * em);
        command(context, "next_lesson");
        break;
      case Part::Speed:
        draw_speed(context);
        break;
      case Part::Find:
        if (session.find_wanted) {
          ImGui::SetKeyboardFocusHere();
          find_ = session.find;
        }
        ImGui::SetNextItemWidth(part_width(context, row.part, shape));
        if (ImGui::InputTextWithHint("##find", context.strings("bar.find_hint"), &find_,
                                     ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll)) {
          context.actions.push(SetFind{find_});
          context.actions.push(FindNext{ImGui::GetIO().KeyShift ? -1 : 1});
          ImGui::SetKeyboardFocusHere(-1);
        }
        if (ImGui::IsItemDeactivated()) find_is_open_ = false;
        ImGui::SetItemTooltip("%s", command_tooltip(context, *find_command("find")).c_str());
        break;
      case Part::Bookmark: {
        const Command& bookmark = *find_command("bookmark");
        const bool is_set = session.bookmarks.count(session.cursor()) != 0;
        if (draw_icon_button(context, "bookmark", is_set ? icons::kBookmark : icons::kBookmarkOff, nullptr,
                             command_tooltip(context, bookmark), true, is_set))
          context.actions.push(bookmark.make(session));
        break;
      }
      case Part::Text:
        command(context, "text_smaller");
        ImGui::SameLine(0, 0);
        command(context, "text_larger");
        break;
      case Part::Language:
        command(context, "language");
        break;
      case Part::Theme:
        command(context, "theme");
        break;
      case Part::Help:
        command(context, "help");
        break;
    }
  }
}

}  // namespace palloscope::gui
