#include "gui/panels/shmem_list.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/shmem_map.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr float kOffsetFrom = 27;  // em: there is room for the offsets

bool has_part(std::string_view name, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(name.begin(), name.end(), part.begin(), part.end(), same) != name.end();
}

}  // namespace

std::vector<int> sorted_items(const ShmemModel& model, ShmemColumn column, bool descending, std::string_view filter) {
  std::vector<int> rows;
  for (std::size_t i = 0; i < model.items.size(); ++i)
    if (filter.empty() || has_part(model.items[i].name, filter)) rows.push_back(static_cast<int>(i));
  const auto before = [&](int left, int right) {
    const ShmemItem& a = model.items[static_cast<std::size_t>(left)];
    const ShmemItem& b = model.items[static_cast<std::size_t>(right)];
    switch (column) {
      case ShmemColumn::Name:
        return std::lexicographical_compare(
            a.name.begin(), a.name.end(), b.name.begin(), b.name.end(), [](char x, char y) {
              return std::tolower(static_cast<unsigned char>(x)) < std::tolower(static_cast<unsigned char>(y));
            });
      case ShmemColumn::Allocated:
      case ShmemColumn::Share:
        return a.allocated_bytes < b.allocated_bytes;
      case ShmemColumn::Asked:
        return a.bytes < b.bytes;
      case ShmemColumn::Found:
        return a.found < b.found;
      case ShmemColumn::Offset:
        break;
    }
    return a.offset < b.offset;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](int a, int b) { return descending ? before(b, a) : before(a, b); });
  return rows;
}

int ShmemList::next(int selected, int direction) const {
  if (rows_.empty()) return -1;
  const auto at = std::find(rows_.begin(), rows_.end(), selected);
  if (at == rows_.end()) return direction > 0 ? rows_.front() : rows_.back();
  const auto index =
      std::clamp<std::ptrdiff_t>((at - rows_.begin()) + direction, 0, static_cast<std::ptrdiff_t>(rows_.size()) - 1);
  return rows_[static_cast<std::size_t>(index)];
}

void ShmemList::refresh(const PanelContext& panel, const ShmemModel& model) {
  if (!stale_ && document_ == panel.session.document->serial && cursor_ == panel.session.cursor()) return;
  stale_ = false;
  document_ = panel.session.document->serial;
  cursor_ = panel.session.cursor();
  rows_ = sorted_items(model, column_, descending_, filter_);
}

void ShmemList::draw_filter(const PanelContext& panel, float width) {
  std::array<char, 64> text{};
  std::copy_n(filter_.begin(), std::min(filter_.size(), text.size() - 1), text.begin());
  if (panel.filter_wanted) ImGui::SetKeyboardFocusHere();
  ImGui::SetNextItemWidth(width);
  if (ImGui::InputTextWithHint("##shmem_filter", panel.strings("shmem.filter"), text.data(), text.size())) {
    filter_ = text.data();
    stale_ = true;
  }
}

void ShmemList::draw_row(const PanelContext& panel, const ShmemModel& model, int index, bool is_selected) {
  const ShmemItem& item = model.items[static_cast<std::size_t>(index)];
  const EventNumber cursor = panel.session.cursor();
  const bool is_new = item.newest == cursor && cursor != 0;
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushID(index);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  if (ImGui::Selectable("##row", is_selected, ImGuiSelectableFlags_SpanAllColumns)) {
    const std::uint32_t piece = item.pieces.front();
    panel.actions.push(Select{ShmemKey{piece, panel.state().server().allocations[piece].born}});
  }
  if (is_selected && revealed_ != index) {
    revealed_ = index;
    ImGui::SetScrollHereY();
  }
  ImGui::PopID();
  const float side = ImGui::GetTextLineHeight() * 0.95f;
  draw_area_badge(panel, at, side, item.area);
  ImGui::SameLine(0, 0);
  ImGui::SetCursorScreenPos({at.x + side + 0.4f * panel.em(), at.y});
  const Color ink = is_new ? panel.theme.born : item.named ? panel.theme.text : panel.theme.dim;
  draw_cut_text(is_new ? fmt::format("{} {}", icons::kBorn, item.name) : item.name, ImGui::GetContentRegionAvail().x,
                ink);
  if (ImGui::TableNextColumn()) draw_bytes(panel, item.allocated_bytes);
  if (ImGui::TableNextColumn())
    draw_share_bar(panel,
                   static_cast<float>(static_cast<double>(item.allocated_bytes) /
                                      static_cast<double>(std::max<std::uint64_t>(1, model.bytes))),
                   ImGui::GetContentRegionAvail().x, shmem_area_colour(panel.theme, item.area));
  if (ImGui::TableNextColumn()) draw_bytes(panel, item.bytes);
  if (ImGui::TableNextColumn()) draw_number(panel, format_count(item.offset), right_edge(), panel.theme.text);
  if (ImGui::TableNextColumn()) draw_count(panel, item.found);
}

void ShmemList::draw_requests(const PanelContext& panel) {
  for (const trace::ShmemRequestRecord& request : panel.state().server().requests) {
    if (request.born == 0) continue;
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const std::string text =
        request.lwlocks == 0 ? panel.strings.fill("shmem.request", {{"library", request.library}})
                             : panel.strings.fill("shmem.request_locks", {{"library", request.library},
                                                                          {"count", format_count(request.lwlocks)}});
    const bool is_new = request.born == panel.session.cursor();
    draw_cut_text(is_new ? fmt::format("{} {}", icons::kBorn, text) : text, ImGui::GetContentRegionAvail().x,
                  is_new ? panel.theme.born : panel.theme.dim);
    if (ImGui::TableNextColumn()) draw_bytes(panel, request.bytes, panel.theme.dim);
  }
}

void ShmemList::draw(const PanelContext& panel, const ShmemModel& model, int selected) {
  refresh(panel, model);
  if (selected < 0) revealed_ = -1;
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_Sortable | ImGuiTableFlags_ScrollY | ImGuiTableFlags_RowBg |
                                     ImGuiTableFlags_BordersInnerV | ImGuiTableFlags_Hideable |
                                     ImGuiTableFlags_NoSavedSettings;
  if (!ImGui::BeginTable("##structures", kShmemColumnCount, kFlags)) return;
  const float em = panel.em(), room = ImGui::GetContentRegionAvail().x;
  ImGui::TableSetupScrollFreeze(0, 1);
  // In the order in which they are drawn; what has no room is left out.
  const struct {
    const char* key;
    ShmemColumn column;
    float width_em, from_em;
    bool descends;
  } columns[] = {{"shmem.column.name", ShmemColumn::Name, 0, 0, false},
                 {"shmem.column.allocated", ShmemColumn::Allocated, 5, 0, true},
                 {"shmem.column.share", ShmemColumn::Share, 4, 21, true},
                 {"shmem.column.asked", ShmemColumn::Asked, 5, 32, true},
                 {"shmem.column.offset", ShmemColumn::Offset, 7, kOffsetFrom, false},
                 {"shmem.column.found", ShmemColumn::Found, 3.6f, 37, true}};
  for (const auto& column : columns) {
    const bool fits = room >= column.from_em * em;
    ImGuiTableColumnFlags flags =
        column.width_em == 0 ? ImGuiTableColumnFlags_WidthStretch : ImGuiTableColumnFlags_WidthFixed;
    if (!fits) flags |= ImGuiTableColumnFlags_Disabled;
    if (column.descends) flags |= ImGuiTableColumnFlags_PreferSortDescending;
    if (column.column == (room >= kOffsetFrom * em ? ShmemColumn::Offset : ShmemColumn::Allocated))
      flags |= ImGuiTableColumnFlags_DefaultSort;
    ImGui::TableSetupColumn(panel.strings(column.key), flags, column.width_em * em,
                            static_cast<ImGuiID>(column.column));
  }
  ImGui::TableHeadersRow();
  if (ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs(); specs != nullptr && specs->SpecsDirty) {
    specs->SpecsDirty = false;
    column_ = ShmemColumn::Offset;
    descending_ = false;
    if (specs->SpecsCount > 0) {
      column_ = static_cast<ShmemColumn>(specs->Specs[0].ColumnUserID);
      descending_ = specs->Specs[0].SortDirection == ImGuiSortDirection_Descending;
    }
    stale_ = true;
    refresh(panel, model);
  }
  for (const int item : rows_) draw_row(panel, model, item, item == selected);
  if (filter_.empty()) draw_requests(panel);
  ImGui::EndTable();
}

}  // namespace palloscope::gui
