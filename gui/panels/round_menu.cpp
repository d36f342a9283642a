#include "gui/panels/round_menu.h"

#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <utility>

#include "gui/finding_text.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kEventsPerFrame = 200'000;  // read without being replayed

bool same(const std::optional<trace::RoundRule>& a, const std::optional<trace::RoundRule>& b) {
  return a.has_value() == b.has_value() && (!a || text_of(*a) == text_of(*b));
}

}  // namespace

void RoundMenu::restart(std::optional<trace::RoundRule> rule) {
  *this = {};
  lesson_ = rule;
  rule_ = std::move(rule);
}

void RoundMenu::follow(const PanelContext& panel) {
  if (is_found_) return;
  if (!finder_) finder_.emplace(*panel.session.timeline());
  if (!finder_->advance(kEventsPerFrame)) {
    if (panel.wants_frame != nullptr) *panel.wants_frame = true;
    return;
  }
  found_ = finder_->choices();
  finder_.reset();
  is_found_ = true;
}

std::vector<trace::RoundChoice> RoundMenu::choices(const PanelContext& panel) const {
  std::vector<trace::RoundChoice> all = found_;
  for (const Breakpoint& breakpoint : panel.session.breakpoints)
    if (auto condition = trace::Condition::parse(breakpoint.condition))
      all.push_back({{.kind = trace::RoundKind::Condition, .condition = std::move(*condition)}, 0});
  return all;
}

bool RoundMenu::take(std::optional<trace::RoundRule> rule) {
  mistake_.clear();
  if (same(rule, rule_)) return false;
  rule_ = std::move(rule);
  return true;
}

bool RoundMenu::handle_keys(const PanelContext& panel, bool types) {
  if (types) opens_ = wants_keys_ = true;
  if (!ImGui::IsKeyPressed(ImGuiKey_R, false)) return false;
  // From what is taken unasked through all choices and back.
  const std::vector<trace::RoundChoice> all = choices(panel);
  const auto at = std::find_if(all.begin(), all.end(), [&](const trace::RoundChoice& one) {
    return rule_ && text_of(one.rule) == text_of(*rule_);
  });
  const auto next = at != all.end() ? at + 1 : rule_ && !same(rule_, lesson_) ? all.end() : all.begin();
  return take(next == all.end() ? lesson_ : std::optional(next->rule));
}

bool RoundMenu::draw_popup(const PanelContext& panel) {
  if (std::exchange(opens_, false)) ImGui::OpenPopup("##rounds");
  if (!ImGui::BeginPopup("##rounds")) return false;
  bool changed = false;
  const float em = panel.em();
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(panel.strings("findings.rounds_ask"));
  ImGui::PopStyleColor();
  const auto row = [&](const char* id, const std::string& text, bool is_here, std::optional<trace::RoundRule> rule) {
    ImGui::PushID(id);
    if (ImGui::Selectable((text + "###round").c_str(), is_here)) changed = take(std::move(rule)) || changed;
    ImGui::PopID();
  };
  row("unasked", panel.strings(lesson_ ? "findings.rounds_lesson" : "findings.rounds_unasked"), same(rule_, lesson_),
      lesson_);
  for (const trace::RoundChoice& one : choices(panel)) {
    const std::string rule = text_of(one.rule);
    const bool is_here = rule_ && text_of(*rule_) == rule;
    row(rule.c_str(), one.count != 0 ? rounds_text(one.rule, one.count, panel.strings) : rule, is_here, one.rule);
  }
  ImGui::Separator();
  if (std::exchange(wants_keys_, false)) ImGui::SetKeyboardFocusHere();
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  ImGui::SetNextItemWidth(30 * em);
  const bool entered =
      ImGui::InputTextWithHint("##round_rule", "reset:ExprContext", &typed_, ImGuiInputTextFlags_EnterReturnsTrue);
  ImGui::PopFont();
  if (entered && !typed_.empty()) {
    auto rule = trace::parse_rounds(typed_);
    if (rule) {
      changed = take(std::move(*rule)) || changed;
      ImGui::CloseCurrentPopup();
    } else {
      mistake_ = rule.error().message;
      wants_keys_ = true;
    }
  }
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + 30 * em);
  ImGui::PushStyleColor(ImGuiCol_Text, mistake_.empty() ? panel.theme.dim : panel.theme.problem);
  ImGui::TextUnformatted(mistake_.empty() ? panel.strings("findings.rounds_typed") : mistake_.c_str());
  ImGui::PopStyleColor();
  ImGui::PopTextWrapPos();
  ImGui::EndPopup();
  return changed;
}

bool RoundMenu::draw(const PanelContext& panel, const trace::Survey& survey, float width) {
  std::string said = survey.done() && survey.round_count() == 0 && survey.rounds().kind == trace::RoundKind::None
                         ? std::string(panel.strings("findings.rounds_none"))
                         : rounds_text(survey.rounds(), survey.round_count(), panel.strings);
  if (!survey.done()) said = rule_ ? text_of(*rule_) : std::string();
  // Cut where it must be, with what shows that it opens.
  const float sign = ImGui::CalcTextSize(icons::kFold).x + 0.4f * panel.em();
  while (!said.empty() && ImGui::CalcTextSize(said.c_str()).x + sign > width) {
    do said.pop_back();
    while (!said.empty() && (static_cast<unsigned char>(said.back()) & 0xC0) == 0x80);
  }
  said += std::string(" ") + icons::kFold;
  ImGui::SetCursorPosX(std::max(ImGui::GetCursorPosX(), right_edge() - ImGui::CalcTextSize(said.c_str()).x));
  if (draw_link(panel, "##round_menu", said)) opens_ = true;
  ImGui::SetItemTooltip("%s", panel.strings("findings.rounds_hint"));
  return draw_popup(panel);
}

}  // namespace palloscope::gui
