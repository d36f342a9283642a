// The panels in their places, with the walls between them, tabs and title lines.
#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "gui/chrome/chrome.h"
#include "gui/icons.h"
#include "gui/panels/panel_table.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

float title_height(const PanelContext& context) { return std::round(2.3f * context.em()); }

std::string joined(std::string_view prefix, std::string_view id) {
  std::string text(prefix);
  text += id;
  return text;
}

// A title that is cut away by what stands right of it is worse than a short one: tabs share `width`.
void draw_tabs(const PanelContext& context, const WorkspaceCell& cell, float width) {
  const float em = context.em();
  float wanted = 0;
  for (const std::string_view id : cell.tabs)
    wanted += ImGui::CalcTextSize(context.strings(panel_title_key(id))).x + 3.0f * em;
  const bool has_words_only_in_front = wanted > width;
  bool is_first = true;
  for (const std::string_view id : cell.tabs) {
    const bool is_front = id == cell.front;
    const char* title = context.strings(panel_title_key(id));
    const bool has_word = is_front || !has_words_only_in_front;
    ImGui::PushFont(is_front ? context.fonts.title : context.fonts.text, em);
    const ImVec2 text_size = ImGui::CalcTextSize(title);
    const ImVec2 size{has_word ? text_size.x + 2.4f * em : 2 * em, title_height(context)};
    if (!is_first) ImGui::SameLine(0, 0.2f * em);
    is_first = false;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (ImGui::InvisibleButton(joined("##tab_", id).c_str(), size)) context.actions.push(ShowPanel{std::string(id)});
    const bool is_hovered = ImGui::IsItemHovered();
    if (is_hovered && !has_word) ImGui::SetTooltip("%s", title);
    const Color color = is_front || is_hovered ? context.theme.text : context.theme.dim;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float y = at.y + (size.y - text_size.y) / 2;
    const bool is_one = cell.tabs.size() == 1;
    list->AddText({at.x + 0.2f * em, y}, is_front ? context.theme.accent : color, find_panel(id)->icon.data());
    if (has_word) list->AddText({at.x + 1.7f * em, y}, color, title);
    if (is_front && !is_one)
      list->AddRectFilled({at.x + 0.1f * em, at.y + size.y - 0.15f * em}, {at.x + size.x - 0.3f * em, at.y + size.y},
                          context.theme.accent);
    ImGui::PopFont();
  }
}

}  // namespace

WorkspaceView::WorkspaceView() {
  for (const PanelRow& row : panel_table()) panels_.emplace(row.placement.id, row.make());
}

WorkspaceView::~WorkspaceView() = default;

std::optional<RectF> WorkspaceView::place_of(std::string_view panel) const {
  const auto found = places_.find(panel);
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

void WorkspaceView::draw_cell(const PanelContext& context, const WorkspaceCell& cell) {
  const float em = context.em(), head = title_height(context);
  const std::string front(cell.front);
  places_[front] = cell.rect;
  const bool is_full = context.session.preferences.workspace.full_screen == cell.front;
  const bool is_focused = context.session.focused_panel == cell.front;

  ImGui::SetCursorScreenPos({cell.rect.x, cell.rect.y});
  ImGui::PushStyleColor(ImGuiCol_ChildBg, context.theme.panel);
  if (is_focused) ImGui::PushStyleColor(ImGuiCol_Border, mix(context.theme.line, context.theme.accent, 0.6f));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0.7f * em, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0.4f * em, 0});
  ImGui::BeginChild(front.c_str(), {cell.rect.width, cell.rect.height}, ImGuiChildFlags_Borders,
                    ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PopStyleVar(2);
  if (is_focused) ImGui::PopStyleColor();
  ImGui::PopStyleColor();

  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float inner = ImGui::GetContentRegionAvail().x;
  const float button = 1.7f * em, buttons = 2 * button;
  PanelContext inside = context;
  inside.is_focused = is_focused && context.session.overlay != Overlay::Thing;  // the menu has the keys
  inside.filter_wanted = context.filter_wanted && is_focused;
  Panel& panel = *panels_.find(cell.front)->second;

  ImGui::BeginGroup();
  draw_tabs(context, cell, inner - buttons - 6 * em);
  ImGui::EndGroup();
  const float tabs_width = ImGui::GetItemRectSize().x;

  if (!cell.folded) {
    const float room = inner - tabs_width - buttons - 0.8f * em;
    if (room > 4 * em) {
      ImGui::SetCursorScreenPos({corner.x + tabs_width + 0.4f * em, corner.y + (head - ImGui::GetFrameHeight()) / 2});
      ImGui::PushID("tools");
      ImGui::BeginGroup();
      ImGui::AlignTextToFramePadding();  // small buttons and words share a line with the filter boxes
      panel.draw_title_tools(inside, room);
      ImGui::EndGroup();
      ImGui::PopID();
    }
  }
  // Small buttons at the right edge: fold, whole window.
  const auto small_button = [&](const char* id, const char* icon, float x, const char* tip) {
    ImGui::SetCursorScreenPos({corner.x + x, corner.y});
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool clicked = ImGui::InvisibleButton(id, {button, head});
    const Color color = ImGui::IsItemHovered() ? context.theme.text : mix(context.theme.panel, context.theme.dim, 0.8f);
    ImGui::PushFont(context.fonts.text, context.fonts.small_size);
    const ImVec2 size = ImGui::CalcTextSize(icon);
    ImGui::GetWindowDrawList()->AddText({at.x + (button - size.x) / 2, at.y + (head - size.y) / 2}, color, icon);
    ImGui::PopFont();
    if (ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal)) ImGui::SetTooltip("%s", tip);
    return clicked;
  };
  if (!is_full && small_button("##fold", cell.folded ? icons::kUnfold : icons::kFold, inner - buttons,
                               context.strings(cell.folded ? "bar.unfold" : "bar.fold")))
    for (const std::string_view id : cell.tabs) context.actions.push(FoldPanel{std::string(id), !cell.folded});
  if (small_button("##full", is_full ? icons::kFullScreenOff : icons::kFullScreen, inner - button,
                   context.strings(is_full ? "bar.restore" : "bar.enlarge")))
    context.actions.push(FullScreenPanel{is_full ? std::string() : front});

  if (!cell.folded) {
    ImGui::SetCursorScreenPos({corner.x, corner.y + head});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
    ImGui::BeginChild("##content", {0, -0.5f * em}, ImGuiChildFlags_None);
    ImGui::PopStyleVar();
    panel.draw(inside);
    ImGui::EndChild();
  }
  if (ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows | ImGuiHoveredFlags_AllowWhenBlockedByActiveItem) &&
      ImGui::IsMouseClicked(ImGuiMouseButton_Left) && !is_focused)
    context.actions.push(FocusPanel{front});
  ImGui::EndChild();
}

void WorkspaceView::draw_splitters(const PanelContext& context, const WorkspaceLayout& layout, RectF area) {
  int number = 0;
  for (const Splitter& splitter : layout.splitters) {
    const bool is_row = splitter.kind == Splitter::Kind::Rows;
    ImGui::PushID(number++);
    ImGui::SetCursorScreenPos({splitter.rect.x, splitter.rect.y});
    ImGui::InvisibleButton("##wall", {splitter.rect.width, splitter.rect.height});
    if (ImGui::IsItemHovered() || ImGui::IsItemActive()) {
      ImGui::SetMouseCursor(is_row ? ImGuiMouseCursor_ResizeNS : ImGuiMouseCursor_ResizeEW);
      const float inset = 0.3f;
      const RectF& r = splitter.rect;
      const float dx = is_row ? 0 : r.width * inset, dy = is_row ? r.height * inset : 0;
      ImGui::GetWindowDrawList()->AddRectFilled({r.x + dx, r.y + dy}, {r.x + r.width - dx, r.y + r.height - dy},
                                                context.theme.accent, 2);
    }
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
      WorkspaceState state = context.session.preferences.workspace;
      const WorkspaceState fresh;
      state.left_share = fresh.left_share;
      state.right_share = fresh.right_share;
      state.weight = fresh.weight;
      context.actions.push(SetWorkspace{state});
    } else if (ImGui::IsItemActive()) {
      const ImVec2 moved = ImGui::GetIO().MouseDelta;
      const float delta = is_row ? moved.y : moved.x;
      if (delta != 0)
        context.actions.push(
            SetWorkspace{drag(context.session.preferences.workspace, layout, splitter, area, context.em(), delta)});
    }
    ImGui::PopID();
  }
}

void WorkspaceView::draw(const PanelContext& context) {
  places_.clear();
  const ImVec2 at = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  const RectF area{at.x, at.y, room.x, room.y};
  const WorkspaceLayout layout =
      lay_out(context.session.preferences.workspace, panel_placements(), area, context.em(), title_height(context) + 2);
  draw_splitters(context, layout, area);
  for (const WorkspaceCell& cell : layout.cells) draw_cell(context, cell);
}

}  // namespace palloscope::gui
