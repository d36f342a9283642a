#include "gui/panels/diff_panel.h"

#include <algorithm>
#include <cmath>

#include "gui/command_table.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/number_headers.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"
#include "imgui.h"

namespace palloscope::gui {
namespace {

constexpr trace::PathPair kPair{0, 1};
constexpr std::size_t kContextsPerFrame = 20'000;
constexpr std::string_view kMeasureKeys[] = {"diff.total", "diff.used", "diff.chunks", "diff.contexts"};
constexpr int kMeasures = static_cast<int>(std::size(kMeasureKeys));

// "× 3", "× 3 → 5"; one that stays one has none.
std::string times(const DiffRow& row) {
  const std::uint64_t a = row.side == DiffSide::OnlyB ? row.b_contexts : row.a_contexts;
  const std::uint64_t b = row.side == DiffSide::OnlyA ? row.a_contexts : row.b_contexts;
  if (a == b) return a <= 1 ? "" : "\u00D7 " + format_count(a);
  return "\u00D7 " + format_count(a) + " \u2192 " + format_count(b);
}

}  // namespace

void DiffPanel::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  const DiffBase& base = *session.diff_base;
  if (base_ != base.serial || document_ != session.document->serial || cursor_ != session.cursor()) {
    base_ = base.serial;
    document_ = session.document->serial;
    cursor_ = session.cursor();
    counted_ = base.table;
    const core::StreamDescription& description = session.timeline()->description();
    reader_.emplace(*counted_, session.state(), core::find_profile(description.pg_major, description.checking));
  }
  if (reader_) {
    if (!reader_->advance(kContextsPerFrame)) {
      if (panel.wants_frame != nullptr) *panel.wants_frame = true;
      return;
    }
    table_ = std::move(counted_);
    places_ = reader_->places();
    reader_.reset();
    counted_.reset();
    stale_ = true;
    revealed_ = {};
  }
  if (!stale_) return;
  stale_ = false;
  rows_ = lay_out_differences(*table_, kPair, request_);
}

std::string DiffPanel::amount(std::uint64_t value) const {
  return request_.measure <= trace::PathMeasure::Used ? format_bytes(value) : format_count(value);
}

std::string DiffPanel::change(std::int64_t value) const {
  return request_.measure <= trace::PathMeasure::Used ? format_change(value) : format_count_change(value);
}

void DiffPanel::next_measure() {
  request_.measure = static_cast<trace::PathMeasure>((static_cast<int>(request_.measure) + 1) % kMeasures);
  stale_ = true;
}

void DiffPanel::toggle(const DiffRow& row) {
  if (!row.has_children) return;
  const std::string path = table_->path(row.node);
  if (request_.closed.erase(path) == 0) request_.closed.insert(path);
  stale_ = true;
}

// Of several contexts of the path one; of a path that is only in another file nothing.
void DiffPanel::choose(const PanelContext& panel, const DiffRow& row) const {
  const trace::PathShare* share = table_->share(row.node, kPair.b);
  if (share == nullptr && panel.session.diff_base->document == panel.session.document->serial)
    share = table_->share(row.node, kPair.a);
  if (share != nullptr && share->first.born != 0) panel.actions.push(Select{share->first});
}

int DiffPanel::selected_row(const PanelContext& panel) const {
  const core::ContextSlot slot = context_of(panel.session.selection, panel.state());
  std::uint32_t node = slot && slot.value < places_.size() ? places_[slot.value] : trace::PathNode::kNone;
  const auto* key = std::get_if<ContextKey>(&panel.session.selection);
  for (std::size_t i = 0; i < rows_.rows.size(); ++i) {
    const DiffRow& row = rows_.rows[i];
    const trace::PathShare* a = key != nullptr && !slot ? table_->share(row.node, kPair.a) : nullptr;
    if (row.node == node || (a != nullptr && a->first == *key)) return static_cast<int>(i);
  }
  return -1;
}

void DiffPanel::handle_keys(const PanelContext& panel) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!panel.is_focused || io.WantTextInput || panel.session.overlay != Overlay::None || io.KeyCtrl || io.KeyAlt)
    return;
  if (ImGui::IsKeyPressed(ImGuiKey_A, false)) next_measure();
  if (ImGui::IsKeyPressed(ImGuiKey_D, false)) {
    request_.with_equal = !request_.with_equal;
    stale_ = true;
  }
  const int count = static_cast<int>(rows_.rows.size());
  if (count == 0 || stale_) return;
  int at = selected_row(panel);
  if (at >= 0 && ImGui::IsKeyPressed(ImGuiKey_Enter, false)) toggle(rows_.rows[static_cast<std::size_t>(at)]);
  const int by = ImGui::IsKeyPressed(ImGuiKey_DownArrow) ? 1 : ImGui::IsKeyPressed(ImGuiKey_UpArrow) ? -1 : 0;
  if (by == 0) return;
  // Rows that no context of this file stands for are passed over.
  for (at += at < 0 && by < 0 ? count + 1 : 0, at += by; at >= 0 && at < count; at += by) {
    const std::size_t queued = panel.actions.queued().size();
    choose(panel, rows_.rows[static_cast<std::size_t>(at)]);
    if (panel.actions.queued().size() == queued) continue;
    scroll_to_ = at;
    return;
  }
}

void DiffPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document) return;
  const Strings& strings = panel.strings;
  const bool compares = panel.session.diff_base.has_value();
  std::vector<const char*> labels = {strings("diff.file"), strings("diff.mark")};
  if (compares)
    labels = {strings("diff.file"), strings("diff.mark"), strings("diff.swap"),
              strings(request_.with_equal ? "diff.only_different" : "diff.with_equal"),
              strings(kMeasureKeys[static_cast<int>(request_.measure)])};
  ToolRow tools(width, labels);
  const auto run = [&](const char* command) {
    const Command* row = find_command(command);
    if (row->available(panel.session)) panel.actions.push(row->make(panel.session));
  };
  if (tools.button(labels[0], strings("diff.file_hint"))) run("diff_open");
  if (tools.button(labels[1], strings("diff.mark_hint"))) run("diff_mark");
  if (!compares) return;
  if (tools.button(labels[2], strings("diff.swap_hint"))) run("diff_swap");
  if (tools.button(labels[3], strings("diff.equal_hint"))) {
    request_.with_equal = !request_.with_equal;
    stale_ = true;
  }
  if (tools.button(labels[4], strings("diff.measure_hint"))) next_measure();
}

// More is no good news, and less no bad: neither has the colour of what was just created or deleted.
Color DiffPanel::shade(const PanelContext& panel, std::int64_t change) const {
  return change > 0 ? panel.theme.warning : change < 0 ? panel.theme.notice : panel.theme.text;
}

// Letter, where, how much; of a dump a click offers its moments. At most so wide.
void DiffPanel::draw_side(const PanelContext& panel, const char* letter, const std::string& text, float width) {
  const bool is_a = *letter == 'A';
  const Color color = is_a ? panel.theme.notice : panel.theme.text;
  const float em = panel.em(), side = 1.25f * em;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, {at.x + side, at.y + side}, color, 0.2f * em);
  const ImVec2 size = panel.fonts.title->CalcTextSizeA(em, FLT_MAX, 0, letter);
  list->AddText(panel.fonts.title, em, {at.x + (side - size.x) / 2, at.y + (side - size.y) / 2}, readable_on(color),
                letter);
  ImGui::Dummy({side, side});
  ImGui::SameLine(0, 0.4f * em);
  ImGui::BeginGroup();
  draw_cut_text(text, std::max(em, width - side - 0.8f * em), panel.theme.text);
  ImGui::EndGroup();
  if (moments_.size() < 2) return;
  const std::string popup = std::string("##moments_") + letter;
  if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  if (ImGui::IsItemClicked()) ImGui::OpenPopup(popup.c_str());
  if (!ImGui::BeginPopup(popup.c_str())) return;
  draw_moments(panel, is_a);
  ImGui::EndPopup();
}

// The moments of a dump, to be A, or to go to.
void DiffPanel::draw_moments(const PanelContext& panel, bool for_a) {
  for (const trace::DumpMoment& moment : moments_) {
    std::string said = format_event(moment.event) + "   " + moment.label;
    if (moment.pid != 0) said += "   PID " + std::to_string(moment.pid);
    if (!ImGui::Selectable((said + (for_a ? "##be_a" : "##go_b")).c_str())) continue;
    if (for_a)
      panel.actions.push(MarkDiffBase{moment.event});
    else
      panel.actions.push(Seek{moment.event});
  }
}

// A and B, what each has, and what came of it: two lines, in a low panel one.
void DiffPanel::draw_head(const PanelContext& panel) {
  const Session& session = panel.session;
  const DiffBase& base = *session.diff_base;
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x;
  const bool is_low = ImGui::GetContentRegionAvail().y < 12 * em, same = base.document == session.document->serial;
  const auto moment = [&](const std::string& title, EventNumber event, std::uint64_t value) {
    std::string text = (same ? std::string() : title + "  ") + format_event(event);
    for (const trace::DumpMoment& one : moments_)
      if (one.event == event && !one.label.empty()) text += "  " + one.label;
    return text + "  " + amount(value);
  };
  const auto difference = static_cast<std::int64_t>(rows_.b - rows_.a);
  const std::string sum = panel.strings.fill("diff.sum", {{"change", change(difference)},
                                                          {"came", format_count(rows_.came)},
                                                          {"went", format_count(rows_.went)},
                                                          {"changed", format_count(rows_.changed)}});
  const float each = is_low ? (width - 14 * em) / 2 : width / 2;
  const float left = ImGui::GetCursorPosX();
  draw_side(panel, "A", moment(base.title, base.event, rows_.a), each);
  ImGui::SameLine(left + each);
  draw_side(panel, "B", moment(session.title(), session.cursor(), rows_.b) + "  " + panel.strings("diff.cursor"), each);
  if (is_low) ImGui::SameLine(left + 2 * each);
  ImGui::PushFont(panel.fonts.title, em);
  draw_cut_text(sum, ImGui::GetContentRegionAvail().x, shade(panel, difference));
  ImGui::PopFont();
}

void DiffPanel::draw_bar(const PanelContext& panel, const DiffRow& row) const {
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x, middle = width / 2;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float top = at.y + 0.35f * em, bottom = at.y + 1.0f * em, axis = at.x + middle;
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddLine({axis, at.y}, {axis, at.y + 1.35f * em}, panel.theme.line);
  // To scale; what there is at all is seen.
  const auto length_of = [&](std::int64_t value) {
    const auto size = static_cast<double>(value < 0 ? -value : value);
    const auto share = static_cast<float>(std::min(1.0, size / static_cast<double>(rows_.largest)));
    return value == 0 ? 0 : std::max(0.15f * em, share * (middle - 0.2f * em));
  };
  const float whole = length_of(row.whole);
  const Color color = shade(panel, row.whole);
  if (row.whole > 0) {
    list->AddRectFilled({axis, top}, {axis + whole, bottom}, with_alpha(color, 0.55f));
    list->AddRect({axis, top}, {axis + whole, bottom}, color);
  } else if (row.whole < 0) {
    fill_hatched({axis - whole, top}, {axis, bottom}, with_alpha(color, 0.12f), color, 0.4f * em);
    list->AddRect({axis - whole, top}, {axis, bottom}, color);
  }
  // What the path's own contexts have of it: a thick line below.
  const float own = length_of(row.own);
  if (row.own != 0)
    list->AddRectFilled({row.own > 0 ? axis : axis - own, bottom + 0.06f * em},
                        {row.own > 0 ? axis + own : axis, bottom + 0.22f * em}, shade(panel, row.own));
  ImGui::Dummy({width, 1.3f * em});
}

void DiffPanel::draw_row(const PanelContext& panel, const DiffRow& row, int index) {
  const float em = panel.em();
  const Theme& theme = panel.theme;
  ImGui::TableNextRow(ImGuiTableRowFlags_None, 1.4f * em);
  ImGui::TableNextColumn();
  const ImVec2 start = ImGui::GetCursorScreenPos();
  const float right = start.x + ImGui::GetContentRegionAvail().x;
  ImGui::PushID(static_cast<int>(row.node));
  if (ImGui::Selectable("##difference", index == selected_row(panel),
                        ImGuiSelectableFlags_SpanAllColumns | ImGuiSelectableFlags_AllowOverlap |
                            ImGuiSelectableFlags_AllowDoubleClick,
                        {0, 1.35f * em})) {
    const bool on_arrow = ImGui::GetIO().MousePos.x < start.x + em * (0.8f * static_cast<float>(row.depth) + 1.0f);
    if (on_arrow || ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left))
      toggle(row);
    else
      choose(panel, row);
  }
  const bool hovered = ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip);
  ImGui::PopID();
  ImDrawList* list = ImGui::GetWindowDrawList();
  float x = start.x + em * 0.8f * static_cast<float>(row.depth);
  if (row.has_children)
    list->AddText(panel.fonts.text, em * 0.7f, {x, start.y + em * 0.35f}, theme.dim,
                  row.open ? icons::kFold : icons::kUnfold);
  x += em * 0.95f;
  const char* sign = row.side == DiffSide::OnlyB ? "+" : row.side == DiffSide::OnlyA ? "\u2212" : "";
  const Color color = shade(panel, row.side == DiffSide::OnlyB ? 1 : row.side == DiffSide::OnlyA ? -1 : 0);
  if (*sign != 0) {
    list->AddText(panel.fonts.title, em, {x, start.y + em * 0.1f}, color, sign);
    x += 0.8f * em;
  }
  const std::string label =
      table_->nodes()[row.node].omitted ? std::string(panel.strings("diff.left_out")) : row.label.substr(0, 300);
  const std::string count = times(row);
  const float count_width = panel.fonts.text->CalcTextSizeA(panel.fonts.small_size, FLT_MAX, 0, count.c_str()).x;
  const std::string shown =
      cut_to_width(panel.fonts.text, em, label, right - x - (count.empty() ? 0 : count_width + 0.4f * em));
  list->AddText(panel.fonts.text, em, {x, start.y + em * 0.1f}, color, shown.c_str());
  if (hovered && shown != label) ImGui::SetTooltip("%s", label.c_str());
  const float width = panel.fonts.text->CalcTextSizeA(em, FLT_MAX, 0, shown.c_str()).x;
  if (row.side == DiffSide::OnlyA)
    list->AddLine({x, start.y + 0.7f * em}, {x + width, start.y + 0.7f * em}, color, 0.1f * em);
  list->AddText(panel.fonts.text, panel.fonts.small_size, {x + width + 0.4f * em, start.y + em * 0.25f}, theme.dim,
                count.c_str());
  if (ImGui::TableNextColumn()) draw_bar(panel, row);
  if (ImGui::TableNextColumn())
    draw_number(panel, change(row.whole), right_edge(), row.whole == 0 ? theme.dim : shade(panel, row.whole));
  if (ImGui::TableNextColumn() && row.own != 0) draw_number(panel, change(row.own), right_edge(), theme.text);
  if (ImGui::TableNextColumn() && row.side != DiffSide::OnlyB)
    draw_number(panel, amount(row.a), right_edge(), theme.dim);
  if (ImGui::TableNextColumn() && row.side != DiffSide::OnlyA)
    draw_number(panel, amount(row.b), right_edge(), theme.dim);
}

void DiffPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  if (seen_ != panel.session.document->serial) {
    seen_ = panel.session.document->serial;
    moments_ = trace::dump_moments(*panel.session.timeline());
  }
  if (!panel.session.diff_base) {
    if (moments_.size() < 2) return draw_empty(panel, "diff.empty");
    draw_paragraphs(panel.strings("diff.empty_dump"));
    draw_moments(panel, /*for_a=*/true);
    return;
  }
  refresh(panel);
  if (!table_) return;
  handle_keys(panel);
  draw_head(panel);
  if (rows_.rows.empty()) {
    draw_empty(panel, "diff.equal");
    return;
  }
  if (revealed_ != panel.session.selection) {
    revealed_ = panel.session.selection;
    if (const int row = selected_row(panel); row >= 0) scroll_to_ = row;
  }
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x;
  constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_NoSavedSettings |
                                     ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_NoPadOuterX;
  const auto column = [&](const char* key, float column_em, float from_em) {
    const bool fits = width >= from_em * em;
    ImGui::TableSetupColumn(panel.strings(key),
                            ImGuiTableColumnFlags_WidthFixed | (fits ? 0 : ImGuiTableColumnFlags_Disabled),
                            column_em * em);
  };
  ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, {em * 0.25f, em * 0.05f});
  const bool open = ImGui::BeginTable("##differences", 6, kFlags);
  ImGui::PopStyleVar();
  if (!open) return;
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn(panel.strings("diff.name"), ImGuiTableColumnFlags_WidthStretch);
  column("diff.bar", width > 50 * em ? 14.0f : 8.0f, 22);
  column("diff.with_below", 5.0f, 0);
  column("diff.own", 5.0f, 30);
  column("diff.a", 4.4f, 40);
  column("diff.b", 4.4f, 40);
  draw_number_headers(panel, 2);
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(rows_.rows.size()));
  if (scroll_to_ >= 0) clipper.IncludeItemByIndex(scroll_to_);
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd && i < static_cast<int>(rows_.rows.size()); ++i) {
      draw_row(panel, rows_.rows[static_cast<std::size_t>(i)], i);
      if (i != scroll_to_) continue;
      ImGui::SetScrollHereY(0.5f);
      scroll_to_ = -1;
    }
  ImGui::EndTable();
}

}  // namespace palloscope::gui
