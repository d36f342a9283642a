#include "gui/panels/finding_cards.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <string>

#include "gui/finding_text.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kMostShown = 200;

std::size_t shown(const trace::Survey& survey) { return std::min(survey.findings().size(), kMostShown); }

std::string value_text(const trace::Finding& finding, std::uint64_t value) {
  return finding.kind == trace::FindingKind::ContextPileUp ? format_count(value) : format_bytes(value);
}

}  // namespace

void FindingCards::go_to(const PanelContext& panel, const trace::Survey& survey, std::size_t i) {
  selected_ = i;
  const trace::Finding& finding = survey.findings()[i];
  panel.actions.push(Seek{finding.event});
  if (finding.context.born != 0) panel.actions.push(Select{finding.context});
}

void FindingCards::handle_keys(const PanelContext& panel, const trace::Survey& survey) {
  const std::size_t count = shown(survey);
  if (count == 0) return;
  const auto move = [&](std::size_t to) {
    selected_ = to;
    reveal_ = true;
  };
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow) && selected_ + 1 < count) move(selected_ + 1);
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow) && selected_ > 0) move(selected_ - 1);
  if (!ImGui::IsKeyPressed(ImGuiKey_Enter, false) && !ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false)) return;
  if (ImGui::GetIO().KeyShift)
    panel.actions.push(Seek{survey.findings()[selected_].until});
  else
    go_to(panel, survey, selected_);
}

// What was there after each round, as steps; to the right from how much to how much. Notes the round pointed at.
void FindingCards::draw_evidence(const PanelContext& panel, const trace::Finding& finding, float indent) {
  const float em = panel.em(), small = panel.fonts.small_size, height = 2.4f * em;
  const Theme& theme = panel.theme;
  const auto& rounds = finding.rounds;
  const std::string said = value_text(finding, rounds.front().value) + " → " + value_text(finding, rounds.back().value);
  const float label = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, said.c_str()).x;
  const float width = std::min(30 * em, ImGui::GetContentRegionAvail().x - 2 * indent - label - em);
  if (width < 4 * em) return;
  const ImVec2 at(ImGui::GetCursorScreenPos().x + indent, ImGui::GetCursorScreenPos().y);
  std::uint64_t most = 1;
  for (const trace::RoundNote& note : rounds) most = std::max(most, note.value);
  const float wide = width / static_cast<float>(rounds.size()), base = at.y + height;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + width, base}, theme.map_ground);
  const trace::RoundNote* pointed = nullptr;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    const float x = at.x + static_cast<float>(i) * wide;
    const float high = static_cast<float>(rounds[i].value) / static_cast<float>(most) * (height - 0.2f * em);
    draw->AddRectFilled({x, base - high}, {x + wide, base}, with_alpha(theme.live, 0.75f));
    draw->AddRectFilled({x, base - high}, {x + wide, base - high + std::max(1.5f, 0.1f * em)}, theme.accent);
    if (!ImGui::IsMouseHoveringRect({x, at.y}, {x + wide, base})) continue;
    pointed = &rounds[i];
    draw->AddRect({x, at.y}, {x + wide, base}, theme.text);
  }
  draw->AddRect(at, {at.x + width, base}, theme.line);
  draw->AddText(panel.fonts.mono, small, {at.x + width + 0.5f * em, base - small}, theme.dim, said.c_str());
  ImGui::Dummy({indent + width + label + 0.5f * em, height});
  if (pointed == nullptr) return;
  round_end_ = pointed->event;
  ImGui::SetTooltip("%s", panel.strings
                              .fill("findings.round_end", {{"round", format_count(pointed->round + 1)},
                                                           {"value", value_text(finding, pointed->value)},
                                                           {"event", format_event(pointed->event)}})
                              .c_str());
}

// True when it was clicked.
bool FindingCards::draw_card(const PanelContext& panel, const trace::Finding& finding, std::size_t i) {
  const Theme& theme = panel.theme;
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x, pad = 0.5f * em, indent = pad + 0.3f * em;
  ImGui::PushID(static_cast<int>(i));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->ChannelsSplit(2);
  draw->ChannelsSetCurrent(1);
  ImGui::BeginGroup();
  ImGui::Dummy({width, 0.25f * em});
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + indent);
  ImGui::PushFont(panel.fonts.title, em);
  ImGui::TextUnformatted(finding_title(finding, panel.strings).c_str());
  ImGui::PopFont();
  ImGui::SameLine(0, em);
  const std::string weight = format_bytes(finding.weight_bytes) + "  " + format_event(finding.event);
  const float room = panel.fonts.mono->CalcTextSizeA(panel.fonts.mono_size, FLT_MAX, 0, weight.c_str()).x;
  draw_cut_text(finding.path, std::max(em, ImGui::GetContentRegionAvail().x - room - 2 * em), theme.dim);
  ImGui::SameLine();
  draw_number(panel, weight, right_edge() - pad, theme.text);
  draw_paragraphs(finding_text(finding, panel.strings), indent);
  if (const std::string advice = advice_text(finding, panel.strings); !advice.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, theme.dim);
    draw_paragraphs(std::string(icons::kWhy) + "  " + advice, indent);
    ImGui::PopStyleColor();
  }
  round_end_ = 0;
  if (finding.rounds.size() > 1) draw_evidence(panel, finding, indent);
  ImGui::Dummy({width, 0.15f * em});
  ImGui::EndGroup();
  const ImVec2 high(at.x + width, ImGui::GetItemRectMax().y);
  ImGui::SetCursorScreenPos(at);
  const bool clicked = ImGui::InvisibleButton(fmt::format("##finding{}", i).c_str(), {width, high.y - at.y});
  const bool is_selected = i == selected_;
  draw->ChannelsSetCurrent(0);
  draw->AddRectFilled(at, high, is_selected || ImGui::IsItemHovered() ? theme.raised : theme.panel, 0.3f * em);
  draw->AddRect(at, high, is_selected ? theme.accent : theme.line, 0.3f * em, 0, is_selected ? 0.14f * em : 1.0f);
  draw->AddRectFilled({at.x, at.y + 0.35f * em}, {at.x + 0.3f * em, high.y - 0.35f * em}, theme.problem, 0.1f * em);
  draw->ChannelsMerge();
  if (is_selected && reveal_) {
    ImGui::SetScrollHereY(0.5f);
    reveal_ = false;
  }
  ImGui::PopID();
  return clicked;
}

void FindingCards::draw(const PanelContext& panel, const trace::Survey& survey) {
  if (survey.findings().empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.text);
    ImGui::TextUnformatted(survey.is_of_dump() ? icons::kWhy : icons::kCheck);
    ImGui::PopStyleColor();
    ImGui::SameLine(0, 0.5f * panel.em());
    draw_paragraphs(no_findings_text(panel.strings, *panel.session.timeline()));
    return;
  }
  for (std::size_t i = 0; i < shown(survey); ++i) {
    if (!draw_card(panel, survey.findings()[i], i)) continue;
    if (round_end_ != 0)
      panel.actions.push(Seek{round_end_});
    else
      go_to(panel, survey, i);
  }
  if (survey.findings().size() > kMostShown)
    draw_cut_text(panel.strings.fill("report.cut", {{"count", format_count(survey.findings().size() - kMostShown)}}),
                  ImGui::GetContentRegionAvail().x, panel.theme.dim);
}

}  // namespace palloscope::gui
