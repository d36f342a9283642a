#include "gui/panels/contexts_panel.h"

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/map_tint.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/profile_of.h"
#include "gui/panels/widgets.h"
#include "imgui.h"
#include "imgui_stdlib.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui {
namespace {

constexpr std::string_view kOrderKeys[] = {"contexts.order.tree", "contexts.order.own", "contexts.order.inclusive",
                                           "contexts.order.growth"};

// Behind its name, on one line: how many a group stands for, what happened to it, what it is for.
std::string note_of(const PanelContext& panel, const TreeRow& row, const trace::ContextRecord* context, bool is_new) {
  if (row.ghost) return panel.strings("contexts.deleted");
  if (row.group_size > 0) return "\u00D7 " + format_count(static_cast<std::uint64_t>(row.group_size));
  const char* state = is_new                                                   ? panel.strings("contexts.created")
                      : context != nullptr && context->is_reset && context->at ? panel.strings("contexts.is_reset")
                                                                               : "";
  std::string note = state;
  if (!note.empty() && !row.ident.empty()) note += " \u00B7 ";
  note += row.ident;
  std::replace_if(
      note.begin(), note.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  return note;
}

}  // namespace

void ContextsPanel::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  if (!stale_ && document_ == session.document->serial && cursor_ == session.cursor()) return;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  stale_ = false;
  static const trace::ChangeSet kNoChange;
  const trace::ChangeSet& change = session.timeline()->last_change();
  rows_ = lay_out_tree(session.state(), change.known ? change : kNoChange, request_, &profile_of(session));
  largest_ = 1;
  for (const TreeRow& row : rows_)
    if (row.group_size == 0) largest_ = std::max(largest_, row.bytes.own);
}

void ContextsPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document) return;
  const float em = panel.em();
  const bool narrow = width < em * 10;  // then the order is a sign instead of a word
  const float order_width = em * (narrow ? 2.2f : 6.0f),
              filter_width = std::min(em * 8, width - order_width - em * 0.5f);
  if (filter_width < em * 2) return;
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + width - order_width - filter_width - em * 0.5f);
  ImGui::SetNextItemWidth(filter_width);
  if (panel.filter_wanted && panel.is_focused) ImGui::SetKeyboardFocusHere();
  if (ImGui::InputTextWithHint("##filter", panel.strings("contexts.filter"), &request_.filter)) stale_ = true;
  ImGui::SameLine(0, em * 0.5f);
  ImGui::SetNextItemWidth(order_width);
  const char* order = narrow ? icons::kLayout : panel.strings(kOrderKeys[static_cast<int>(request_.order)]);
  if (ImGui::BeginCombo("##order", order, ImGuiComboFlags_NoArrowButton)) {
    for (int i = 0; i < static_cast<int>(std::size(kOrderKeys)); ++i)
      if (ImGui::Selectable(panel.strings(kOrderKeys[i]), static_cast<int>(request_.order) == i)) {
        request_.order = static_cast<TreeOrder>(i);
        stale_ = true;
      }
    ImGui::EndCombo();
  }
  ImGui::SetItemTooltip("%s", panel.strings("contexts.order_hint"));
}

void ContextsPanel::toggle(const TreeRow& row) {
  const auto flip = [](auto& set, auto key) {
    if (!set.erase(key)) set.insert(key);
  };
  if (row.group_size > 0)
    flip(request_.opened_groups, std::pair{row.born, row.name});
  else
    flip(request_.closed, std::pair{row.context.value, row.born});
  stale_ = true;
}

void ContextsPanel::handle_keys(const PanelContext& panel) {
  if (!panel.is_focused || ImGui::GetIO().WantTextInput || rows_.empty()) return;
  const auto* selected = std::get_if<ContextKey>(&panel.session.selection);
  const auto at = std::find_if(rows_.begin(), rows_.end(), [&](const TreeRow& row) {
    return selected != nullptr && row.group_size == 0 && row.context == selected->slot && row.born == selected->born;
  });
  int index = at == rows_.end() ? -1 : static_cast<int>(at - rows_.begin());
  const int direction = ImGui::IsKeyPressed(ImGuiKey_DownArrow) ? 1 : ImGui::IsKeyPressed(ImGuiKey_UpArrow) ? -1 : 0;
  if (ImGui::IsKeyPressed(ImGuiKey_Enter) && at != rows_.end()) toggle(*at);
  if (direction == 0) return;
  const int count = static_cast<int>(rows_.size());
  do index += direction;
  while (index >= 0 && index < count &&
         (rows_[static_cast<std::size_t>(index)].group_size > 0 || rows_[static_cast<std::size_t>(index)].ghost));
  if (index < 0 || index >= count) return;
  const TreeRow& row = rows_[static_cast<std::size_t>(index)];
  scroll_to_ = index;
  panel.actions.push(Select{ContextKey{row.context, row.born}});
}

void ContextsPanel::draw_name(const PanelContext& panel, const TreeRow& row, int index) {
  const float em = panel.em();
  const Theme& theme = panel.theme;
  const trace::MemoryState& state = panel.state();
  const core::ContextSlot selected_slot = context_of(panel.session.selection, state);
  const bool selected = row.group_size == 0 && !row.ghost && row.context == selected_slot;
  const ImVec2 start = ImGui::GetCursorScreenPos();
  const float right = start.x + ImGui::GetContentRegionAvail().x - 0.2f * em;
  ImGui::PushID(index);
  if (ImGui::Selectable("##row", selected,
                        ImGuiSelectableFlags_SpanAllColumns | ImGuiSelectableFlags_AllowOverlap |
                            ImGuiSelectableFlags_AllowDoubleClick,
                        {0, em * 1.35f})) {
    const bool on_arrow = ImGui::GetIO().MousePos.x < start.x + em * (0.8f * static_cast<float>(row.depth) + 1.0f);
    if (row.group_size > 0 || on_arrow || ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left))
      toggle(row);
    else if (!row.ghost)
      panel.actions.push(Select{ContextKey{row.context, row.born}});
  }
  const bool hovered = ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip);
  if (row.group_size == 0 && !row.ghost) offer_menu(panel, ContextKey{row.context, row.born});
  if (!row.ident.empty()) ImGui::SetItemTooltip("%s", row.ident.substr(0, 400).c_str());
  ImGui::PopID();

  ImDrawList* draw = ImGui::GetWindowDrawList();
  float x = start.x + em * 0.8f * static_cast<float>(row.depth);
  const float y = start.y + em * 0.15f;
  if (row.has_children && !row.ghost)
    draw->AddText(panel.fonts.text, em * 0.7f, {x, y + em * 0.2f}, theme.dim, row.open ? icons::kFold : icons::kUnfold);
  x += em * 0.95f;
  const trace::ContextRecord* context = row.ghost ? nullptr : state.context(row.context);
  if (context != nullptr) {
    const Color owner = theme.owner[static_cast<std::size_t>(owner_colour_index(row.context))];
    draw_kind_badge(panel, {x, y}, em, context->kind, with_alpha(owner, row.group_size > 0 ? 0.45f : 1.0f));
    x += em * 1.25f;
  }
  if (context != nullptr && row.group_size == 0 && row.context == state.point().current) {
    draw->AddText(panel.fonts.text, em, {x, y - em * 0.05f}, theme.accent, icons::kCurrent);
    x += em * 0.7f;
  }
  const bool is_new = context != nullptr && row.group_size == 0 && panel.session.timeline()->last_change().known &&
                      row.born > panel.session.timeline()->last_change().from && row.born <= panel.session.cursor();
  const Color colour = row.ghost ? theme.gone : is_new ? theme.born : theme.text;
  const std::string after = note_of(panel, row, context, is_new);
  // How many there are must be read; what is said of one context gives way to its name.
  const float small = panel.fonts.small_size, gap = em * 0.4f;
  const float count =
      row.group_size > 0 ? panel.fonts.text->CalcTextSizeA(small, FLT_MAX, 0, after.c_str()).x + gap : 0;
  const std::string name = cut_to_width(panel.fonts.text, em, row.name, right - x - count);
  draw->AddText(panel.fonts.text, em, {x, y - em * 0.05f}, colour, name.c_str());
  const float width = panel.fonts.text->CalcTextSizeA(em, FLT_MAX, 0, name.c_str()).x;
  if (row.ghost) draw->AddLine({x, y + em * 0.55f}, {x + width, y + em * 0.55f}, theme.gone, em * 0.1f);
  x += width + gap;
  // Some letters of a note say nothing: then it is for the tooltip alone.
  const bool has_room = right - x > em * 3 || fitting_bytes(panel.fonts.text, small, after, right - x) == after.size();
  const bool cut =
      !has_room || add_cut_text(draw, panel.fonts.text, small, {x, y + em * 0.12f}, theme.dim, after, right);
  if (hovered && (cut || name != row.name || !row.ident.empty())) {
    const std::string whole = row.ident.empty() ? after : row.ident;
    ImGui::SetTooltip("%s%s%s", row.name.c_str(), whole.empty() ? "" : "\n",
                      trace::printable_start(whole, 400).c_str());
  }
}

void ContextsPanel::draw_row(const PanelContext& panel, const TreeRow& row, int index) {
  const Theme& theme = panel.theme;
  const float em = panel.em();
  ImGui::TableNextRow(ImGuiTableRowFlags_None, em * 1.35f);
  ImGui::TableNextColumn();
  draw_name(panel, row, index);
  ImGui::TableNextColumn();
  const bool grew = row.bytes.growth != 0;
  draw_bytes(panel, row.bytes.own, row.ghost ? theme.gone : grew ? theme.changed : theme.text);
  if (grew) ImGui::SetItemTooltip("%s", format_change(row.bytes.growth).c_str());
  if (ImGui::TableNextColumn() && !row.ghost && row.has_children && row.group_size == 0)
    draw_bytes(panel, row.bytes.inclusive, theme.dim);
  if (!ImGui::TableNextColumn() || row.ghost || row.bytes.own == 0) return;
  // The bar's length is what the context owns, its filled part what is used of it.
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float space = ImGui::GetContentRegionAvail().x, height = em * 0.5f, top = at.y + em * 0.4f;
  const double scale =
      std::sqrt(static_cast<double>(std::min(row.bytes.own, largest_)) / static_cast<double>(largest_));
  const float length = std::max(em * 0.4f, space * static_cast<float>(scale));
  const float used = length * static_cast<float>(row.bytes.used) / static_cast<float>(row.bytes.own);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Color owner = theme.owner[static_cast<std::size_t>(owner_colour_index(row.context))];
  draw->AddRectFilled({at.x, top}, {at.x + length, top + height}, mix(theme.panel, owner, 0.2f), height * 0.3f);
  draw->AddRectFilled({at.x, top}, {at.x + used, top + height}, owner, height * 0.3f);
  draw->AddRect({at.x, top}, {at.x + length, top + height}, with_alpha(owner, 0.8f), height * 0.3f);
  ImGui::Dummy({space, em});
  const auto share = static_cast<double>(row.bytes.used) / static_cast<double>(row.bytes.own);
  ImGui::SetItemTooltip("%s", panel.strings
                                  .fill("contexts.used_share", {{"used", format_bytes(row.bytes.used)},
                                                                {"own", format_bytes(row.bytes.own)},
                                                                {"share", format_share(share)}})
                                  .c_str());
}

void ContextsPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  refresh(panel);
  handle_keys(panel);
  if (rows_.empty()) {
    ImGui::TextWrapped("%s", panel.strings(request_.filter.empty() ? "contexts.empty" : "contexts.nothing_found"));
    return;
  }
  if (revealed_ != panel.session.selection) {
    revealed_ = panel.session.selection;
    const core::ContextSlot slot = context_of(revealed_, panel.state());
    for (std::size_t i = 0; i < rows_.size() && slot; ++i)
      if (rows_[i].context == slot && rows_[i].group_size == 0) scroll_to_ = static_cast<int>(i);
  }
  const float em = panel.em();
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_NoSavedSettings |
                                     ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_NoPadOuterX;
  // What gives way first when the panel is narrow, so that names keep some letters: the bar, then the totals of
  // subtrees.
  const float width = ImGui::GetContentRegionAvail().x;
  const ImGuiTableColumnFlags bar = width < em * 17.5f ? ImGuiTableColumnFlags_Disabled : 0;
  const ImGuiTableColumnFlags inclusive = width < em * 16 ? ImGuiTableColumnFlags_Disabled : 0;
  ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, {em * 0.2f, em * 0.1f});
  const bool open = ImGui::BeginTable("##contexts", 4, kFlags);
  ImGui::PopStyleVar();
  if (!open) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn(panel.strings("contexts.name"), ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableSetupColumn(panel.strings("contexts.own"), ImGuiTableColumnFlags_WidthFixed, em * 3.2f);
  ImGui::TableSetupColumn(panel.strings("contexts.inclusive"), ImGuiTableColumnFlags_WidthFixed | inclusive, em * 3.2f);
  ImGui::TableSetupColumn(panel.strings("contexts.used"), ImGuiTableColumnFlags_WidthFixed | bar, em * 2.0f);
  ImGui::TableHeadersRow();
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(rows_.size()));
  if (scroll_to_ >= 0) clipper.IncludeItemByIndex(scroll_to_);
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd && i < static_cast<int>(rows_.size()); ++i) {
      draw_row(panel, rows_[static_cast<std::size_t>(i)], i);
      if (i != scroll_to_) continue;
      if (ImGui::TableGetRowIndex() >= 0) ImGui::SetScrollHereY(0.5f);
      scroll_to_ = -1;
    }
  ImGui::EndTable();
}

}  // namespace palloscope::gui
