// The menu of what is selected: watch it, run to what touches it next or before.
#include <algorithm>
#include <iterator>

#include "gui/action.h"
#include "gui/chrome/chrome.h"
#include "gui/command_table.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"
#include "gui/watch_condition.h"
#include "imgui.h"

namespace palloscope::gui {
namespace {

struct Row {
  const char* key;
  const char* command;  // that does the same with the selection
  const char* icon;
};
constexpr Row kRows[] = {{"thing_menu.watch", "watch_selection", icons::kBreakpoint},
                         {"thing_menu.next", "run_to_touch", icons::kForwardTouch},
                         {"thing_menu.previous", "run_back_to_touch", icons::kBackTouch}};
constexpr int kRowCount = static_cast<int>(std::size(kRows));

Action action_of(int row, const std::string& condition) {
  if (row == 0) return AddBreakpoint{{condition, "", true}};
  return RunTo{row == 1 ? 1 : -1, condition};
}

}  // namespace

void ThingMenu::open() {
  chosen_ = 0;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  at_.reset();
  if (ImGui::IsMousePosValid() && ImGui::IsMouseReleased(ImGuiMouseButton_Right)) at_ = OverlayPlace{mouse.x, mouse.y};
}

void ThingMenu::draw(const PanelContext& context) {
  const float em = context.em(), row_height = 1.8f * em;
  if (!begin_overlay(context, "##thing_menu", 34, 9.4f, at_)) return;
  const std::string& condition = context.session.menu_condition;
  ImGui::PushFont(context.fonts.mono, context.fonts.mono_size);
  draw_cut_text(condition, ImGui::GetContentRegionAvail().x, context.theme.dim);
  ImGui::PopFont();
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) ++chosen_;
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) --chosen_;
  chosen_ = std::clamp(chosen_, 0, kRowCount - 1);
  int ran =
      ImGui::IsKeyPressed(ImGuiKey_Enter, false) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false) ? chosen_ : -1;
  for (int i = 0; i < kRowCount; ++i) {
    const ImVec2 start = ImGui::GetCursorPos();
    if (ImGui::Selectable((std::string("##") + kRows[i].key).c_str(), i == chosen_, 0, {0, row_height})) ran = i;
    const ImVec2 after = ImGui::GetCursorPos();
    const float y = start.y + (row_height - ImGui::GetTextLineHeight()) / 2;
    ImGui::SetCursorPos({start.x + 0.4f * em, y});
    ImGui::TextUnformatted(kRows[i].icon);
    ImGui::SetCursorPos({start.x + 2.2f * em, y});
    ImGui::TextUnformatted(context.strings(kRows[i].key));
    if (condition == watch_condition(context.session)) {  // else the command means the selection as a whole
      ImGui::SetCursorPos({start.x + 2.2f * em, y});
      draw_number(context, first_key(context, *find_command(kRows[i].command)), right_edge() - 0.4f * em,
                  context.theme.dim);
    }
    go_back_to(after);
  }
  if (ran >= 0) {
    context.actions.push(ShowOverlay{Overlay::None});
    context.actions.push(action_of(ran, condition));
    if (ran == 0) context.actions.push(ShowPanel{"breakpoints"});
  }
  end_overlay();
}

}  // namespace palloscope::gui
