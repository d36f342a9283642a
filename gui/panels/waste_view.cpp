#include "gui/panels/waste_view.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <string>

#include "gui/finding_text.h"
#include "gui/format_text.h"
#include "gui/panels/waste_bar.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kMostHolders = 200;
constexpr std::uint64_t kMostRegions = 100'000;  // of which a frame sums up the waste

double share_of(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(whole, 1));
}

}  // namespace

void WasteView::forget() {
  cursor_ = ~EventNumber{0};
  sampled_ = false;
  chosen_ = -1;
}

void WasteView::refresh(const PanelContext& panel, const trace::Survey& survey) {
  const trace::MemoryState& state = panel.state();
  const core::ContextSlot slot = all_ ? core::ContextSlot{} : context_of(panel.session.selection, state);
  const trace::PathNumber path = state.context(slot) != nullptr ? survey.paths().known(state, slot) : trace::kNoPath;
  if (!sampled_ || path != path_) {
    sampled_ = true;
    path_ = path;
    samples_ = path == trace::kNoPath ? survey.samples() : survey.samples_of(path);
  }
  if (cursor_ == panel.session.cursor() && waste_of_ == slot) return;
  cursor_ = panel.session.cursor();
  waste_of_ = slot;
  const core::StreamDescription& description = panel.session.timeline()->description();
  const core::VersionProfile* profile = core::find_profile(description.pg_major, description.checking);
  waste_ = {};
  if (const trace::ContextRecord* context = state.context(slot))
    waste_ = waste_of(state, *context, profile);
  else if (state.totals().region_count <= kMostRegions)
    waste_ = waste_of(state, profile);
}

void WasteView::go_to(const PanelContext& panel, const trace::Survey& survey, std::size_t holder) {
  chosen_ = static_cast<int>(holder);
  all_ = false;
  panel.actions.push(Seek{survey.peak().event});
  const ContextKey& example = survey.peak().holders[holder].example;
  if (example.born != 0) panel.actions.push(Select{example});
}

void WasteView::handle_keys(const PanelContext& panel, const trace::Survey& survey) {
  if (ImGui::IsKeyPressed(ImGuiKey_A, false)) all_ = !all_;
  const int count = static_cast<int>(std::min(survey.peak().holders.size(), kMostHolders));
  const int by = ImGui::IsKeyPressed(ImGuiKey_DownArrow) ? 1 : ImGui::IsKeyPressed(ImGuiKey_UpArrow) ? -1 : 0;
  if (by != 0 && count > 0) {
    chosen_ = std::clamp(chosen_ + by, 0, count - 1);
    reveal_ = true;
  }
  const bool enter = ImGui::IsKeyPressed(ImGuiKey_Enter, false) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false);
  if (enter && chosen_ >= 0 && chosen_ < count) go_to(panel, survey, static_cast<std::size_t>(chosen_));
}

// Who held the memory at the highest moment: path, how much, which share of it.
void WasteView::draw_holders(const PanelContext& panel, const trace::Survey& survey) {
  const trace::Peak& peak = survey.peak();
  const float em = panel.em();
  const std::size_t count = std::min(peak.holders.size(), kMostHolders);
  if (count == 0 || !ImGui::BeginTable("##holders", 3, ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_NoPadOuterX))
    return;
  ImGui::TableSetupColumn("##path", ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableSetupColumn("##bytes", ImGuiTableColumnFlags_WidthFixed, 5.5f * em);
  ImGui::TableSetupColumn("##share", ImGuiTableColumnFlags_WidthFixed, 8 * em);
  for (std::size_t i = 0; i < count; ++i) {
    const trace::PathWaste& holder = peak.holders[i];
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::Selectable("##holder", chosen_ == static_cast<int>(i), ImGuiSelectableFlags_SpanAllColumns))
      go_to(panel, survey, i);
    if (reveal_ && chosen_ == static_cast<int>(i)) ImGui::SetScrollHereY(0.5f);
    ImGui::PopID();
    ImGui::SameLine(0, 0);
    std::string name = survey.paths().text(holder.path);
    if (holder.contexts > 1) name += fmt::format("  × {}", format_count(holder.contexts));
    draw_cut_text(name, ImGui::GetContentRegionAvail().x, panel.theme.text);
    ImGui::TableNextColumn();
    draw_bytes(panel, holder.waste.total_bytes);
    ImGui::TableNextColumn();
    const double share = share_of(holder.waste.total_bytes, peak.bytes());
    draw_share_bar(panel, static_cast<float>(share), 4.5f * em, panel.theme.live);
    ImGui::SameLine();
    draw_number(panel, format_share(share), right_edge(), panel.theme.dim);
  }
  reveal_ = false;
  ImGui::EndTable();
}

void WasteView::draw(const PanelContext& panel, const trace::Survey& survey) {
  refresh(panel, survey);
  const float em = panel.em(), room = ImGui::GetContentRegionAvail().y;
  const trace::ContextRecord* context = panel.state().context(waste_of_);
  const std::string total = format_bytes(waste_.total_bytes);
  draw_cut_text(context != nullptr
                    ? panel.strings.fill("findings.waste_here", {{"name", context->name}, {"total", total}})
                    : panel.strings.fill("findings.waste_all", {{"total", total}}),
                ImGui::GetContentRegionAvail().x - 10 * em, panel.theme.text);
  const char* other = panel.strings(all_ ? "findings.waste_selected" : "findings.waste_of_all");
  if (all_ || context != nullptr) {
    ImGui::SameLine();
    ImGui::SetCursorPosX(std::max(ImGui::GetCursorPosX(), right_edge() - ImGui::CalcTextSize(other).x));
    if (draw_link(panel, "##waste_scope", other)) all_ = !all_;
    ImGui::SetItemTooltip("%s", panel.strings("findings.waste_scope_hint"));
  }
  // Beside its legend all there is in a low panel, a good part of a large one.
  const float height = std::clamp(0.4f * room, std::clamp(room - 6 * em, 3 * em, 6 * em), 16 * em);
  if (const auto event = draw_waste_curve(panel, samples_, survey, height)) panel.actions.push(Seek{*event});
  if (waste_.total_bytes != 0) {
    draw_waste_bar(panel, waste_);
    draw_waste_legend(panel, waste_);
  }
  const trace::Peak& peak = survey.peak();
  if (peak.event == 0) return;
  const std::string said =
      panel.strings.fill("findings.peak", {{"event", format_event(peak.event)}, {"bytes", format_bytes(peak.bytes())}});
  if (draw_link(panel, "##peak", said)) panel.actions.push(Seek{peak.event});
  draw_holders(panel, survey);
}

}  // namespace palloscope::gui
