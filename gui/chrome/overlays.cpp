// What lies over everything else: palette, help, scenario list, file dialogs; at most one at a time.
#include <imgui.h>

#include <cfloat>

#include "gui/chrome/chrome.h"
#include "gui/command_table.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::string_view kGroupKeys[kCommandGroupCount] = {"group.file", "group.time",   "group.find",
                                                             "group.view", "group.panels", "group.help"};

void draw_group(const PanelContext& context, CommandGroup group) {
  ImGui::PushFont(context.fonts.title, context.em());
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.accent);
  ImGui::TextUnformatted(context.strings(kGroupKeys[static_cast<int>(group)]));
  ImGui::PopStyleColor();
  ImGui::PopFont();
  for (const Command& command : command_table()) {
    if (command.group != group) continue;
    const std::string key = command_title_key(command);
    if (!context.strings.has(key)) continue;
    const float right = ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x - 0.5f * context.em();
    std::string keys;
    for (const KeyChord chord : keys_of(command, context.session.preferences))
      keys += (keys.empty() ? "" : "   ") + format_for_people(chord);
    if (keys.empty()) keys = "·";
    const float keys_width =
        context.fonts.mono->CalcTextSizeA(context.fonts.mono_size, FLT_MAX, 0, keys.c_str()).x + context.em();
    draw_cut_text(context.strings(key), right - ImGui::GetCursorPosX() - keys_width, context.theme.text);
    ImGui::SameLine();
    draw_number(context, keys, right, context.theme.dim);
  }
  ImGui::Dummy({0, 0.4f * context.em()});
}

// The wheel works too; nothing here can be chosen, so these keys are free.
void scroll_by_keys(float line) {
  float by = 0;
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) by += line;
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) by -= line;
  if (ImGui::IsKeyPressed(ImGuiKey_PageDown)) by += ImGui::GetWindowHeight() - line;
  if (ImGui::IsKeyPressed(ImGuiKey_PageUp)) by -= ImGui::GetWindowHeight() - line;
  if (by != 0) ImGui::SetScrollY(ImGui::GetScrollY() + by);
}

}  // namespace

void draw_help(const PanelContext& context) {
  if (!begin_overlay(context, "##help", 80, 46)) return;
  ImGui::PushFont(context.fonts.title, context.fonts.title_size);
  ImGui::TextUnformatted(context.strings("help.title"));
  ImGui::PopFont();
  ImGui::SameLine(right_edge() - 2.1f * context.em());
  if (draw_icon_button(context, "close", icons::kClose, nullptr, context.strings("help.close")))
    context.actions.push(ShowOverlay{Overlay::None});
  ImGui::BeginChild("##keys");
  scroll_by_keys(1.4f * context.em());
  const float width = ImGui::GetContentRegionAvail().x / context.em();
  const int columns = width > 62 ? 3 : width > 40 ? 2 : 1;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0.5f * context.em(), 0.12f * context.em()});
  if (ImGui::BeginTable("##columns", columns, ImGuiTableFlags_SizingStretchSame)) {
    // As they fill three columns of about the same length; of two, the second is what does not go with time.
    ImGui::TableNextColumn();
    draw_group(context, CommandGroup::Time);
    draw_group(context, CommandGroup::Find);
    ImGui::TableNextColumn();
    draw_group(context, CommandGroup::File);
    draw_group(context, CommandGroup::View);
    if (columns == 3) ImGui::TableNextColumn();
    draw_group(context, CommandGroup::Panels);
    draw_group(context, CommandGroup::Help);
    ImGui::EndTable();
  }
  ImGui::PopStyleVar();
  ImGui::EndChild();
  end_overlay();
}

void Overlays::draw(const PanelContext& context) {
  const Overlay wanted = context.session.overlay;
  if (wanted != shown_) {
    if (wanted == Overlay::Palette) palette_.open();
    if (wanted == Overlay::OpenDialog) files_.open(FileDialogKind::Open, context.session);
    if (wanted == Overlay::SaveDialog) files_.open(FileDialogKind::Save, context.session);
    if (wanted == Overlay::BaseDialog) files_.open(FileDialogKind::Base, context.session);
    if (wanted == Overlay::Thing) menu_.open();
    if (wanted == Overlay::Attach) attach_.open(context.session);
    shown_ = wanted;
  }
  switch (wanted) {
    case Overlay::None:
      break;
    case Overlay::Palette:
      palette_.draw(context);
      break;
    case Overlay::Thing:
      menu_.draw(context);
      break;
    case Overlay::Help:
      draw_help(context);
      break;
    case Overlay::OpenDialog:
    case Overlay::SaveDialog:
    case Overlay::BaseDialog:
      files_.draw(context);
      break;
    case Overlay::Attach:
      attach_.draw(context);
      break;
    case Overlay::Scenarios:
      if (begin_overlay(context, "##scenarios", 44, 36)) {
        ImGui::PushFont(context.fonts.title, context.fonts.title_size);
        ImGui::TextUnformatted(context.strings("welcome.lessons"));
        ImGui::PopFont();
        ImGui::BeginChild("##list");
        draw_scenario_list(context);
        ImGui::EndChild();
        end_overlay();
      }
      break;
  }
}

}  // namespace palloscope::gui
