// The first screen: what this is, scenarios, recent files, a file of one's own.
#include <imgui.h>

#include <algorithm>
#include <filesystem>

#include "core/scenario/scenario_info.h"
#include "gui/chrome/chrome.h"
#include "gui/command_table.h"
#include "gui/document.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

const std::string& in_language(const core::LocalizedText& text, Language language) {
  return language == Language::Chinese && !text.zh.empty() ? text.zh : text.en;
}

void draw_heading(const PanelContext& context, std::string_view key) {
  ImGui::PushFont(context.fonts.title, context.fonts.title_size);
  ImGui::TextUnformatted(context.strings(key));
  ImGui::PopFont();
}

void draw_dim_text(const PanelContext& context, const char* text) {
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
  draw_paragraphs(text);
  ImGui::PopStyleColor();
}

// A wide row that lights up: a number or icon, a title, a dim line below. True when clicked.
bool draw_row(const PanelContext& context, const char* id, const char* sign, bool sign_is_number,
              const std::string& title, const std::string& about) {
  const float em = context.em(), wrap = ImGui::GetContentRegionAvail().x - 3.4f * em;
  const float about_height = about.empty() ? 0 : ImGui::CalcTextSize(about.c_str(), nullptr, false, wrap).y + 0.2f * em;
  const float height = ImGui::GetTextLineHeight() + about_height + 0.9f * em;
  const ImVec2 start = ImGui::GetCursorPos();
  const bool clicked = ImGui::Selectable(id, false, 0, {0, height});
  const ImVec2 after = ImGui::GetCursorPos();
  ImGui::SetCursorPos({start.x + 0.6f * em, start.y + 0.45f * em});
  if (sign_is_number) {
    draw_number(context, sign, start.x + 1.9f * em, context.theme.accent);
  } else {
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.accent);
    ImGui::TextUnformatted(sign);
    ImGui::PopStyleColor();
  }
  ImGui::SetCursorPos({start.x + 2.8f * em, start.y + 0.45f * em});
  ImGui::PushFont(context.fonts.title, em);
  draw_cut_text(title, wrap, context.theme.text);
  ImGui::PopFont();
  if (!about.empty()) {
    ImGui::SetCursorPos({start.x + 2.8f * em, start.y + 0.65f * em + ImGui::GetTextLineHeight()});
    ImGui::PushTextWrapPos(start.x + 2.8f * em + wrap);
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
    ImGui::TextUnformatted(about.c_str());
    ImGui::PopStyleColor();
    ImGui::PopTextWrapPos();
  }
  go_back_to(after);
  return clicked;
}

void draw_recent(const PanelContext& context) {
  const auto& recent = context.session.preferences.recent_files;
  draw_heading(context, "welcome.recent");
  if (recent.empty()) {
    draw_dim_text(context, context.strings("welcome.no_recent"));
    return;
  }
  const float em = context.em();
  for (const std::filesystem::path& path : recent) {
    const std::string full = path.string(), name = path.filename().string();
    ImGui::PushID(full.c_str());
    const float right = right_edge();
    ImGui::SetNextItemAllowOverlap();
    const ImVec2 start = ImGui::GetCursorPos();
    std::error_code unknown;
    const bool exists = std::filesystem::exists(path, unknown);
    if (draw_row(context, ("##" + name).c_str(), icons::kFile, false, name,
                 exists ? path.parent_path().string() : context.strings("welcome.missing")))
      context.actions.push(OpenFile{path});
    const ImVec2 after = ImGui::GetCursorPos();
    ImGui::SetCursorPos({right - 2.3f * em, start.y + 0.3f * em});
    if (draw_icon_button(context, "forget", icons::kClose, nullptr, context.strings("welcome.forget")))
      context.actions.push(ForgetRecent{path});
    go_back_to(after);
    ImGui::PopID();
  }
}

void draw_own_file(const PanelContext& context) {
  const Command& open = *find_command("open");
  ImGui::PushStyleColor(ImGuiCol_Button, context.theme.accent);
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, mix(context.theme.accent, context.theme.on_accent, 0.12f));
  ImGui::PushStyleColor(ImGuiCol_ButtonActive, mix(context.theme.accent, context.theme.on_accent, 0.2f));
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.on_accent);
  const std::string label = std::string(icons::kOpen) + "  " + context.strings("welcome.open");
  const ImVec2 padding{1.2f * context.em(), 0.55f * context.em()};
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, padding);
  if (ImGui::Button((label + "###open_file").c_str())) context.actions.push(open.make(context.session));
  ImGui::PopStyleVar();
  ImGui::PopStyleColor(4);
  ImGui::SetItemTooltip("%s", command_tooltip(context, open).c_str());
  draw_dim_text(context, context.strings("welcome.open_hint"));
}

}  // namespace

void draw_scenario_list(const PanelContext& context) {
  const auto& scenarios = core::builtin_scenarios();
  if (scenarios.empty()) draw_dim_text(context, context.strings("welcome.no_lessons"));
  int number = 0;
  for (const core::BuiltinScenario& scenario : scenarios) {
    const Language language = context.session.preferences.language;
    const std::string sign = std::to_string(++number), id = "##" + scenario.info.name;
    if (draw_row(context, id.c_str(), sign.c_str(), true, in_language(scenario.info.title, language),
                 in_language(scenario.info.about, language)))
      context.actions.push(OpenScenario{scenario.info.name});
  }
}

void draw_welcome(const PanelContext& context) {
  const float em = context.em();
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float width = std::min(room.x, 84 * em), left = (room.x - width) / 2;
  const bool two_columns = width > 56 * em;
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + left);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {1.5f * em, 1.2f * em});
  ImGui::BeginChild("##welcome", {width, 0}, ImGuiChildFlags_AlwaysUseWindowPadding);
  ImGui::PopStyleVar();

  if (room.y > 40 * em) ImGui::Dummy({0, std::min(3 * em, room.y * 0.04f)});
  ImGui::PushFont(context.fonts.title, 2.1f * em);
  ImGui::TextUnformatted(context.strings("app.name"));
  ImGui::PopFont();
  draw_dim_text(context, context.strings("app.what"));
  ImGui::Dummy({0, 0.6f * em});

  const auto draw_right = [&] {
    draw_own_file(context);
    ImGui::Dummy({0, 0.4f * em});
    if (draw_row(context, "##attach", icons::kServer, false, context.strings("welcome.attach"),
                 context.strings("welcome.attach_hint")))
      context.actions.push(ShowOverlay{Overlay::Attach});
    if (draw_row(context, "##console", icons::kCommands, false, context.strings("welcome.console"),
                 context.strings("welcome.console_hint")))
      context.actions.push(OpenScenario{std::string(kEmptyProcess)});
    ImGui::Dummy({0, 0.8f * em});
    draw_recent(context);
    ImGui::Dummy({0, 0.8f * em});
    draw_dim_text(context, context.strings
                               .fill("welcome.keys", {{"key", first_key(context, *find_command("help"))},
                                                      {"palette", first_key(context, *find_command("palette"))}})
                               .c_str());
  };
  const auto draw_left = [&] {
    draw_heading(context, "welcome.lessons");
    draw_dim_text(context, context.strings("welcome.lessons_hint"));
    ImGui::Dummy({0, 0.2f * em});
    draw_scenario_list(context);
  };
  if (two_columns) {
    const ImVec2 inner = ImGui::GetContentRegionAvail();
    ImGui::BeginChild("##left", {inner.x * 0.58f, 0});
    draw_left();
    ImGui::EndChild();
    ImGui::SameLine(0, 2.5f * em);
    ImGui::BeginChild("##right", {0, 0});
    draw_right();
    ImGui::EndChild();
  } else {
    draw_left();
    ImGui::Dummy({0, em});
    draw_right();
  }
  ImGui::EndChild();
}

void draw_loading(const PanelContext& context) {
  const std::string text = context.strings.fill("app.loading", {{"name", context.session.opening_scenario}});
  const ImVec2 room = ImGui::GetContentRegionAvail(), size = ImGui::CalcTextSize(text.c_str());
  const ImVec2 start = ImGui::GetCursorPos();
  ImGui::SetCursorPos({start.x + std::max(0.0f, (room.x - size.x) / 2), start.y + (room.y - size.y) / 2});
  ImGui::TextUnformatted(text.c_str());
}

}  // namespace palloscope::gui
