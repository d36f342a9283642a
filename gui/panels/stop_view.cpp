#include "gui/panels/stop_view.h"

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"
#include "trace/live/follow.h"

namespace palloscope::gui {
namespace {

using trace::RuleState;

// As it can be typed again.
std::string rule_text(const trace::StopRule& rule) {
  constexpr std::uint64_t kKb = 1024, kMb = kKb * kKb;
  if (rule.bytes != 0 && rule.bytes % kMb == 0) return fmt::format("{} > {}MB", rule.context, rule.bytes / kMb);
  if (rule.bytes != 0 && rule.bytes % kKb == 0) return fmt::format("{} > {}kB", rule.context, rule.bytes / kKb);
  return fmt::format("{} > {}", rule.context, rule.bytes);
}

// Twice what the selected context holds; nothing where none is selected.
std::string proposed_rule(const PanelContext& panel) {
  const core::ContextSlot selected = context_of(panel.session.selection, panel.state());
  if (!selected) return {};
  const trace::ContextRecord& context = panel.state().contexts()[selected.value];
  const std::string& name = context.name == "dynahash" && context.ident ? *context.ident : context.name;
  return rule_text({name, 2 * context.mem_allocated_bytes});
}

void colored_paragraph(Color color, std::string_view text) {
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  draw_paragraphs(text);
  ImGui::PopStyleColor();
}

bool is_watched(const PanelContext& panel) {
  if (!panel.session.document->live) return false;
  const RuleState::Stage stage = panel.session.document->live->rule().stage;
  return stage == RuleState::Arming || stage == RuleState::Armed;
}

void draw_frame(const PanelContext& panel, std::size_t number, const trace::CFrame& frame) {
  const float em = panel.em(), left = ImGui::GetCursorPosX(), width = ImGui::GetContentRegionAvail().x;
  const bool has_name = !frame.function.empty();
  const std::string what = has_name               ? fmt::format("{}+{:#x}", frame.function, frame.offset)
                           : frame.module.empty() ? fmt::format("{:#x}", frame.pc.value)
                                                  : fmt::format("{}+{:#x}", frame.module, frame.offset);
  draw_number(panel, std::to_string(number), left + 1.8f * em, panel.theme.dim);
  ImGui::SameLine(left + 2.5f * em);
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  const float module_width = has_name ? ImGui::CalcTextSize(frame.module.c_str()).x : 0;
  const bool has_room = has_name && width > module_width + 16 * em;
  draw_cut_text(what, width - 2.5f * em - (has_room ? module_width + em : 0),
                has_name ? panel.theme.text : panel.theme.dim);
  ImGui::PopFont();
  if (!has_room) return;
  ImGui::SameLine();
  draw_number(panel, frame.module, left + width, panel.theme.dim);
}

}  // namespace

void StopView::arm(const PanelContext& panel) {
  const auto rule = trace::parse_stop_rule(typed_);
  is_wrong_ = !rule;
  if (rule) panel.actions.push(StopWhen{*rule});
}

void StopView::remove(const PanelContext& panel) {
  panel.actions.push(StopWhen{});
  typed_.clear();
  is_wrong_ = false;
}

void StopView::handle_keys(const PanelContext& panel) {
  if (!panel.is_focused || ImGui::GetIO().WantTextInput || panel.session.overlay != Overlay::None) return;
  if (ImGui::IsKeyPressed(ImGuiKey_Backspace, false) && !typed_.empty()) remove(panel);
}

void StopView::draw_rule(const PanelContext& panel) {
  const float em = panel.em();
  const bool watched = is_watched(panel);
  const std::string button =
      fmt::format("{}###stop_go", panel.strings(watched ? "process.stop.remove" : "process.stop.arm"));
  const float button_width =
      ImGui::CalcTextSize(button.c_str(), nullptr, true).x + 2 * ImGui::GetStyle().FramePadding.x;
  ImGui::AlignTextToFramePadding();
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(panel.strings("process.stop.when"));
  ImGui::PopStyleColor();
  ImGui::SameLine(0, 0.6f * em);
  if (panel.filter_wanted && panel.is_focused) {
    if (typed_.empty()) typed_ = proposed_rule(panel);
    ImGui::SetKeyboardFocusHere();
  }
  ImGui::SetNextItemWidth(std::max(6 * em, ImGui::GetContentRegionAvail().x - button_width - 0.6f * em));
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  const bool entered = ImGui::InputTextWithHint("##stop_rule", panel.strings("process.stop.hint"), &typed_,
                                                ImGuiInputTextFlags_EnterReturnsTrue);
  ImGui::PopFont();
  if (ImGui::IsItemEdited()) is_wrong_ = false;
  ImGui::SetItemTooltip("%s", panel.strings("process.stop.tip"));
  ImGui::SameLine(0, 0.6f * em);
  const bool pressed = ImGui::Button(button.c_str());
  ImGui::SetItemTooltip("%s", panel.strings(watched ? "process.stop.remove_tip" : "process.stop.arm_tip"));
  if (pressed && watched)
    remove(panel);
  else if (pressed || entered)
    arm(panel);
}

// Whether it is armed, and how it is watched.
void StopView::draw_stage(const PanelContext& panel) {
  const Strings& say = panel.strings;
  if (is_wrong_) return colored_paragraph(panel.theme.problem, say("process.stop.wrong"));
  const RuleState told = panel.session.document->live->rule();
  const auto line = [&](Color color, const char* icon, const std::string& text) {
    draw_cut_text(fmt::format("{}  {}", icon, text), ImGui::GetContentRegionAvail().x, color);
  };
  const std::string rule = rule_text(told.rule);
  switch (told.stage) {
    case RuleState::None:
      return;
    case RuleState::Arming:
      return line(panel.theme.dim, icons::kBreakpoint, say.fill("process.stop.arming", {{"rule", rule}}));
    case RuleState::Armed: {
      const char* const how = told.by_processor > 0     ? "process.stop.armed_processor"
                              : told.limitation.empty() ? "process.stop.armed_none"
                                                        : "process.stop.armed_looking";
      line(panel.theme.accent, icons::kBreakpoint,
           say.fill(how, {{"rule", rule}, {"n", format_count(told.by_processor)}}));
      if (!told.limitation.empty()) colored_paragraph(panel.theme.dim, told.limitation);
      return;
    }
    case RuleState::Passed:
      return line(panel.theme.warning, icons::kCheck, say.fill("process.stop.passed", {{"rule", rule}}));
    case RuleState::Refused:
      return colored_paragraph(panel.theme.problem, told.limitation);
  }
}

void StopView::draw_hit(const PanelContext& panel, const trace::StopHit& hit) {
  const Strings& say = panel.strings;
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x;
  ImGui::Dummy({0, 0.2f * em});
  ImGui::PushFont(panel.fonts.title, em);
  draw_cut_text(say.fill("process.stop.here", {{"name", hit.rule.context},
                                               {"bytes", format_bytes(hit.hit.bytes)},
                                               {"limit", format_bytes(hit.rule.bytes)}}),
                width, panel.theme.warning);
  ImGui::PopFont();
  if (hit.crit_section != 0)
    colored_paragraph(panel.theme.warning, fmt::format("{}  {}", icons::kProblem, say("process.stop.critical")));
  else if (hit.interrupt_holdoff != 0)
    colored_paragraph(panel.theme.warning, fmt::format("{}  {}", icons::kProblem, say("process.stop.holdoff")));
  const char* const which = hit.hit.stack.empty()  ? "process.stop.no_stack"
                            : hit.hit.at_the_write ? "process.stop.at_write"
                                                   : "process.stop.at_stand";
  colored_paragraph(panel.theme.dim, say(which));
  for (std::size_t i = 0; i < hit.hit.stack.size(); ++i) draw_frame(panel, i, hit.hit.stack[i]);
  colored_paragraph(panel.theme.dim, say("process.stop.locks"));
  ImGui::Dummy({0, 0.4f * em});
}

void StopView::draw(const PanelContext& panel, const trace::MomentHistory& history, std::size_t moment) {
  const Document& document = *panel.session.document;
  if (document_ != document.serial) {
    document_ = document.serial;
    typed_.clear();
    is_wrong_ = false;
    passed_.clear();
    if (const auto& asked = document.live ? document.live->request().stop_when : std::nullopt)
      typed_ = rule_text(*asked);
  }
  if (document.live && !document.live->ended()) {
    handle_keys(panel);
    draw_rule(panel);
    draw_stage(panel);
  }
  if (document.live && document.live->passed().size() != passed_.size()) passed_ = document.live->passed();
  shown_.reset();
  for (std::size_t i = passed_.size(); i-- > 0 && !shown_;)
    if (history.at(passed_[i].moment) == moment) shown_ = i;
  if (shown_) return draw_hit(panel, passed_[*shown_].hit);
  if (passed_.empty()) return;
  const PassedLimit& last = passed_.back();
  const std::string said = panel.strings.fill(
      "process.stop.at_event", {{"rule", rule_text(last.hit.rule)}, {"event", format_event(last.moment)}});
  if (draw_link(panel, "##passed", said)) panel.actions.push(Seek{last.moment});
}

std::string StopView::stack_text() const {
  if (!shown_) return {};
  std::string text;
  const auto& stack = passed_[*shown_].hit.hit.stack;
  for (std::size_t i = 0; i < stack.size(); ++i) text += fmt::format("#{}\t{}\n", i, trace::frame_text(stack[i]));
  return text;
}

}  // namespace palloscope::gui
