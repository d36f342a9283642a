// Buttons that name their command and its keys, and the frame of overlays: shared by the files of this folder.
#include <imgui.h>

#include <algorithm>

#include "gui/chrome/chrome.h"
#include "gui/command_table.h"

namespace palloscope::gui {

std::string first_key(const PanelContext& context, const Command& command) {
  const auto keys = keys_of(command, context.session.preferences);
  return keys.empty() ? std::string() : format_for_people(keys.front());
}

std::string command_tooltip(const PanelContext& context, const Command& command) {
  std::string text = context.strings(command_title_key(command));
  const std::string key = first_key(context, command);
  if (!key.empty()) text += "   " + key;
  return text;
}

float icon_button_width(const PanelContext& context, const char* word) {
  const float icon = 2.1f * context.em();
  return word == nullptr ? icon : icon + ImGui::CalcTextSize(word).x + 0.6f * context.em();
}

bool draw_icon_button(const PanelContext& context, const char* id, const char* icon, const char* word,
                      const std::string& tooltip, bool is_enabled, bool is_lit) {
  const ImVec2 size{icon_button_width(context, word), ImGui::GetFrameHeight()};
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::BeginDisabled(!is_enabled);
  if (is_lit) ImGui::PushStyleColor(ImGuiCol_Button, context.theme.selection);
  const std::string label = std::string("##") + id;
  const bool clicked = ImGui::Button(label.c_str(), size);
  if (is_lit) ImGui::PopStyleColor();
  // Icons differ in width: each is centred in a square of its own.
  const float square = 2.1f * context.em();
  const ImVec2 icon_size = ImGui::CalcTextSize(icon);
  const Color color = ImGui::GetColorU32(is_lit ? context.theme.accent : context.theme.text);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddText({at.x + (square - icon_size.x) / 2, at.y + (size.y - icon_size.y) / 2}, color, icon);
  if (word != nullptr)
    list->AddText({at.x + square - 0.1f * context.em(), at.y + (size.y - ImGui::GetTextLineHeight()) / 2}, color, word);
  ImGui::EndDisabled();
  if (!tooltip.empty() && ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled | ImGuiHoveredFlags_DelayNormal))
    ImGui::SetTooltip("%s", tooltip.c_str());
  return clicked;
}

void draw_command_button(const PanelContext& context, const Command& command, const char* word) {
  const bool available = command.available(context.session);
  if (draw_icon_button(context, command.id.data(), command.icon.data(), word, command_tooltip(context, command),
                       available))
    context.actions.push(command.make(context.session));
}

bool move_choice(int& chosen, int count) {
  bool moved = false;
  const auto move = [&](ImGuiKey key, int by) {
    if (!ImGui::IsKeyPressed(key)) return;
    chosen = std::clamp(chosen + by, 0, std::max(0, count - 1));
    moved = true;
  };
  move(ImGuiKey_DownArrow, 1);
  move(ImGuiKey_UpArrow, -1);
  move(ImGuiKey_PageDown, 10);
  move(ImGuiKey_PageUp, -10);
  return moved;
}

bool begin_overlay(const PanelContext& context, const char* id, float width_em, float height_em,
                   std::optional<OverlayPlace> at) {
  const ImVec2 room = ImGui::GetIO().DisplaySize;
  const float em = context.em();
  // The ground: dims the window and takes clicks.
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(room);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, with_alpha(rgb(0x000000), at ? 0.0f : context.theme.is_dark ? 0.5f : 0.3f));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::Begin("##dim", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoBringToFrontOnFocus);
  if (ImGui::InvisibleButton("##outside", room)) context.actions.push(ShowOverlay{Overlay::None});
  ImGui::End();
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor();

  const ImVec2 size{std::min(width_em * em, room.x - 2 * em), std::min(height_em * em, room.y - 2 * em)};
  if (at)
    ImGui::SetNextWindowPos({std::clamp(at->x, 0.0f, room.x - size.x), std::clamp(at->y, 0.0f, room.y - size.y)});
  else
    ImGui::SetNextWindowPos({(room.x - size.x) / 2, std::max(em, (room.y - size.y) * 0.35f)});
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, context.theme.panel);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {1.2f * em, em});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::Begin(id, nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor();
  if (ImGui::IsWindowAppearing()) ImGui::SetWindowFocus();
  return true;
}

void end_overlay() { ImGui::End(); }

}  // namespace palloscope::gui
