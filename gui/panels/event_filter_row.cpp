#include "gui/panels/event_filter_row.h"

#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "gui/icons.h"

namespace palloscope::gui {
namespace {

// Kinds that are looked for together, by the ranges of their tags (core/events/event.h).
struct Group {
  const char* key;
  std::uint8_t first, last;
  std::uint8_t more_first = 0, more_last = 0;
};
constexpr Group kGroups[] = {
    {"events.group.contexts", 1, 19},         {"events.group.blocks", 20, 39},
    {"events.group.chunks", 40, 59},          {"events.group.mistakes", 60, 62, 140, 159},
    {"events.group.lesson", 63, 79},          {"events.group.snapshots", 80, 89},
    {"events.group.backends", 90, 99},        {"events.group.buffers", 100, 119},
    {"events.group.shared_memory", 120, 139},
};

}  // namespace

trace::EventFilter EventFilterRow::filter(const Session& session) const {
  trace::EventFilter filter;
  filter.words = good_.words;
  filter.condition = good_.condition;
  for (std::size_t i = 0; i < std::size(kGroups); ++i) {
    if (((groups_ >> i) & 1) == 0) continue;
    const auto add = [&](unsigned first, unsigned last) {
      for (unsigned tag = first; tag != 0 && tag <= last; ++tag)
        filter.kinds[tag / 64] |= std::uint64_t{1} << (tag % 64);
    };
    add(kGroups[i].first, kGroups[i].last);
    add(kGroups[i].more_first, kGroups[i].more_last);
  }
  if (!only_selected_) return filter;
  if (const auto* key = std::get_if<ContextKey>(&session.selection))
    filter.context = *key;
  else if (const core::ContextSlot selected = context_of(session.selection, session.state()))
    filter.context = {selected, session.state().contexts()[selected.value].born};
  return filter;
}

void EventFilterRow::draw_menu(const PanelContext& panel) {
  if (!ImGui::BeginPopup("##kinds")) return;
  ImGui::Checkbox(panel.strings("events.only_selected"), &only_selected_);
  ImGui::Separator();
  for (std::size_t i = 0; i < std::size(kGroups); ++i) {
    bool on = ((groups_ >> i) & 1) != 0;
    if (ImGui::Checkbox(panel.strings(kGroups[i].key), &on)) groups_ ^= 1u << i;
  }
  ImGui::EndPopup();
}

void EventFilterRow::read() {
  read_ = trace::read_typed_filter(typed_);
  if (!read_.mistake) good_ = read_;
}

// Below the letters that are wrong, where the field's begin is in sight.
void EventFilterRow::underline_mistake(const PanelContext& panel) const {
  const float em = panel.em(), left = ImGui::GetItemRectMin().x + ImGui::GetStyle().FramePadding.x;
  const float right = ImGui::GetItemRectMax().x - ImGui::GetStyle().FramePadding.x;
  const float whole = ImGui::CalcTextSize(typed_.c_str()).x;
  if (whole > right - left) return;
  const std::size_t begin = std::min(read_.mistake->column, typed_.size());
  const std::size_t end = std::min(typed_.size(), begin + read_.mistake->length);
  const float from = left + ImGui::CalcTextSize(typed_.c_str(), typed_.c_str() + begin).x;
  const float to = std::max(from + 0.5f * em, left + ImGui::CalcTextSize(typed_.c_str(), typed_.c_str() + end).x);
  const float bottom = ImGui::GetItemRectMax().y;
  ImGui::GetWindowDrawList()->AddRectFilled({from, bottom - 0.2f * em}, {std::min(to, right), bottom - 0.05f * em},
                                            panel.theme.problem);
}

bool EventFilterRow::draw(const PanelContext& panel, float width) {
  const float em = panel.em(), gap = em * 0.5f, padding = 2 * ImGui::GetStyle().FramePadding.x;
  const bool some = groups_ != 0 || only_selected_;
  const std::string show =
      (some ? std::string(icons::kFilter) + " " : std::string()) + panel.strings("events.show") + "###show";
  const float button = ImGui::CalcTextSize(show.c_str(), nullptr, true).x + padding;
  const float field = std::min(em * 22, width - button - gap);
  if (field < em * 3) return false;
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + width - field - button - gap);
  ImGui::SetNextItemWidth(field);
  if (panel.filter_wanted && panel.is_focused) ImGui::SetKeyboardFocusHere();
  const bool entered = ImGui::InputTextWithHint("##filter", panel.strings("events.filter"), &typed_,
                                                ImGuiInputTextFlags_EnterReturnsTrue);
  read();
  if (read_.mistake) underline_mistake(panel);
  ImGui::SetItemTooltip("%s", read_.mistake ? read_.mistake->message.c_str() : panel.strings("events.filter_tip"));
  ImGui::SameLine(0, gap);
  if (some) ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.accent);
  if (ImGui::Button(show.c_str())) ImGui::OpenPopup("##kinds");
  if (some) ImGui::PopStyleColor();
  draw_menu(panel);
  return entered;
}

}  // namespace palloscope::gui
