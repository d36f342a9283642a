#include "gui/panels/use_view.h"

#include <imgui.h>

#include <algorithm>
#include <string>

#include "gui/finding_text.h"
#include "gui/format_text.h"
#include "gui/panels/number_headers.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kMostRows = 200;

}  // namespace

void UseView::refresh(const trace::Survey& survey) {
  if (known_) return;
  known_ = true;
  paths_ = survey.lifetimes().paths_by_allocations();
  paths_.resize(std::min(paths_.size(), kMostRows));
  chosen_ = -1;
}

// To the first allocation that was freed before anything else was allocated.
void UseView::go_to(const PanelContext& panel, const trace::Survey& survey, int row) {
  chosen_ = row;
  const trace::PathUse& use = survey.lifetimes().uses()[paths_[static_cast<std::size_t>(row)]];
  if (use.first_temporary == 0) return;
  panel.actions.push(Seek{use.first_temporary});
  if (use.first_temporary_in.born != 0) panel.actions.push(Select{use.first_temporary_in});
}

void UseView::handle_keys(const PanelContext& panel, const trace::Survey& survey) {
  refresh(survey);
  const int count = static_cast<int>(paths_.size());
  const int by = ImGui::IsKeyPressed(ImGuiKey_DownArrow) ? 1 : ImGui::IsKeyPressed(ImGuiKey_UpArrow) ? -1 : 0;
  if (by != 0 && count > 0) {
    chosen_ = std::clamp(chosen_ + by, 0, count - 1);
    reveal_ = true;
  }
  const bool enter = ImGui::IsKeyPressed(ImGuiKey_Enter, false) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false);
  if (enter && chosen_ >= 0 && chosen_ < count) go_to(panel, survey, chosen_);
}

void UseView::draw_histogram(const PanelContext& panel, const char* id, const char* title,
                             const trace::Histogram& histogram, float width, float height) const {
  const float small = panel.fonts.small_size;
  const Theme& theme = panel.theme;
  ImGui::BeginGroup();
  draw_cut_text(title, width, theme.dim);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton(id, {width, height});
  const bool hovered = ImGui::IsItemHovered();
  ImGui::EndGroup();
  const std::size_t columns = histogram.columns(), first = histogram.first_column();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float base = at.y + height - 1.3f * small;
  draw->AddLine({at.x, base}, {at.x + width, base}, theme.line);
  if (first == columns) return;
  const std::uint64_t most = *std::max_element(histogram.counts.begin(), histogram.counts.end());
  const float wide = std::min(4 * small, width / static_cast<float>(columns - first));
  float free_from = at.x;
  for (std::size_t i = first; i < columns; ++i) {
    const float x = at.x + static_cast<float>(i - first) * wide;
    const float share = static_cast<float>(histogram.counts[i]) / static_cast<float>(most);
    // What is there is seen, however little it is.
    const float high = histogram.counts[i] == 0 ? 0 : std::max(2.0f, share * (base - at.y));
    draw->AddRectFilled({x + 1, base - high}, {x + wide - 1, base}, theme.live);
    const std::string from = format_count(trace::histogram_least(i));
    const float label = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, from.c_str()).x;
    if (x >= free_from && x + label <= at.x + width) {
      draw->AddText(panel.fonts.mono, small, {x, base + 0.1f * small}, theme.dim, from.c_str());
      free_from = x + label + 0.6f * small;
    }
    if (hovered && ImGui::IsMouseHoveringRect({x, at.y}, {x + wide, at.y + height}))
      ImGui::SetTooltip("%s – %s: %s", from.c_str(),
                        format_count(std::max<std::uint64_t>(trace::histogram_least(i + 1), 1) - 1).c_str(),
                        format_count(histogram.counts[i]).c_str());
  }
}

void UseView::draw_table(const PanelContext& panel, const trace::Survey& survey) {
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x;
  if (paths_.empty() || !ImGui::BeginTable("##uses", 6, ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_NoPadOuterX))
    return;
  const auto column = [&](const char* key, float from_em) {
    const bool fits = width >= from_em * em;
    ImGui::TableSetupColumn(panel.strings(key),
                            ImGuiTableColumnFlags_WidthFixed | (fits ? 0 : ImGuiTableColumnFlags_Disabled),
                            std::max(5.5f * em, ImGui::CalcTextSize(panel.strings(key)).x));
  };
  ImGui::TableSetupColumn(panel.strings("findings.context"), ImGuiTableColumnFlags_WidthStretch);
  column("report.allocated", 0);
  column("report.bytes", 34);
  column("report.freed", 52);
  column("report.dropped", 52);
  column("report.temporary", 26);
  draw_number_headers(panel, 1);
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const trace::PathUse& use = survey.lifetimes().uses()[paths_[i]];
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::Selectable("##use", chosen_ == static_cast<int>(i), ImGuiSelectableFlags_SpanAllColumns))
      go_to(panel, survey, static_cast<int>(i));
    if (use.first_temporary != 0)
      ImGui::SetItemTooltip("%s",
                            panel.strings.fill("findings.go", {{"event", format_event(use.first_temporary)}}).c_str());
    if (reveal_ && chosen_ == static_cast<int>(i)) ImGui::SetScrollHereY(0.5f);
    ImGui::PopID();
    ImGui::SameLine(0, 0);
    draw_cut_text(survey.paths().text(paths_[i]), ImGui::GetContentRegionAvail().x, panel.theme.text);
    if (ImGui::TableNextColumn()) draw_count(panel, use.allocated);
    if (ImGui::TableNextColumn()) draw_bytes(panel, use.allocated_bytes);
    if (ImGui::TableNextColumn()) draw_count(panel, use.freed);
    if (ImGui::TableNextColumn()) draw_count(panel, use.dropped);
    if (ImGui::TableNextColumn()) draw_count(panel, use.temporary);
  }
  reveal_ = false;
  ImGui::EndTable();
}

void UseView::draw(const PanelContext& panel, const trace::Survey& survey) {
  if (survey.is_of_dump()) return draw_paragraphs(no_findings_text(panel.strings, *panel.session.timeline()));
  refresh(survey);
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x;
  const float height = std::clamp(0.35f * ImGui::GetContentRegionAvail().y, 4 * em, 10 * em);
  const trace::LifetimeWatch& lifetimes = survey.lifetimes();
  const bool beside = width > 30 * em;
  const float each = beside ? (width - 1.5f * em) / 2 : width;
  draw_histogram(panel, "##sizes", panel.strings("report.sizes"), lifetimes.sizes(), each, height);
  if (beside) ImGui::SameLine(0, 1.5f * em);
  draw_histogram(panel, "##lifetimes", panel.strings("report.lifetimes"), lifetimes.lifetimes(), each, height);
  draw_cut_text(panel.strings.fill("report.soon", {{"soon", format_count(lifetimes.soon_freed())},
                                                   {"ended", format_count(lifetimes.ended())}}),
                width, panel.theme.dim);
  draw_table(panel, survey);
}

}  // namespace palloscope::gui
