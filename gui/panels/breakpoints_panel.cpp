#include "gui/panels/breakpoints_panel.h"

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/widgets.h"
#include "gui/watch_condition.h"

namespace palloscope::gui {

// While somebody types: Tab takes an offer, Up and Down choose among them.
int BreakpointsPanel::on_typing(ImGuiInputTextCallbackData* data) {
  auto& panel = *static_cast<BreakpointsPanel*>(data->UserData);
  const int count = static_cast<int>(panel.offers_.list.size());
  if (data->EventFlag == ImGuiInputTextFlags_CallbackHistory && count > 0)
    panel.offer_ = (panel.offer_ + (data->EventKey == ImGuiKey_DownArrow ? 1 : count - 1)) % count;
  const bool takes = data->EventFlag == ImGuiInputTextFlags_CallbackCompletion || panel.takes_offer_;
  if (takes && panel.offer_ < count) {
    const Offer& offer = panel.offers_.list[static_cast<std::size_t>(panel.offer_)];
    const int from = static_cast<int>(panel.offers_.from);
    if (from <= data->CursorPos && data->CursorPos <= data->BufTextLen) {
      data->DeleteChars(from, data->CursorPos - from);
      data->InsertChars(from, offer.text.c_str());
      data->CursorPos = from + static_cast<int>(offer.text.size());
    }
    panel.last_typed_ = "\n";  // what could stand there is another now
  }
  panel.takes_offer_ = false;
  panel.cursor_ = data->CursorPos;
  return 0;
}

void BreakpointsPanel::take_typed(const PanelContext& panel) {
  if (read_.mistake) return;
  const auto& list = panel.session.breakpoints;
  if (edited_ && *edited_ < list.size()) {
    Breakpoint changed = read_.breakpoint;
    changed.on = list[*edited_].on;
    panel.actions.push(SetBreakpoint{*edited_, changed});
  } else {
    panel.actions.push(AddBreakpoint{read_.breakpoint});
  }
  edited_.reset();
  typed_.clear();
}

void BreakpointsPanel::draw_field(const PanelContext& panel) {
  if (wants_keys_ || (panel.filter_wanted && panel.is_focused)) ImGui::SetKeyboardFocusHere();
  wants_keys_ = false;
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  ImGui::SetNextItemWidth(-FLT_MIN);
  const bool entered =
      ImGui::InputTextWithHint("##condition", panel.strings("breakpoints.hint"), &typed_,
                               ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CallbackCompletion |
                                   ImGuiInputTextFlags_CallbackHistory | ImGuiInputTextFlags_CallbackAlways,
                               on_typing, this);
  const bool active = ImGui::IsItemActive();
  const float text_x = ImGui::GetItemRectMin().x + ImGui::GetStyle().FramePadding.x;
  const float text_end = ImGui::GetItemRectMax().x, bottom = ImGui::GetItemRectMax().y;
  if (typed_ != last_typed_ || active) {
    const std::string state_of_typing = typed_ + '\n' + std::to_string(cursor_);
    if (state_of_typing != last_typed_) {
      last_typed_ = state_of_typing;
      read_ = read_breakpoint(typed_);
      offers_ = active ? offers_for(typed_, static_cast<std::size_t>(std::max(cursor_, 0)), panel.state()) : Offers{};
      offer_ = 0;
    }
  }
  if (entered && !typed_.empty()) {
    take_typed(panel);
    if (!typed_.empty()) wants_keys_ = true;
  }
  if (!typed_.empty() && read_.mistake && read_.mistake->column <= typed_.size()) {
    // A line under the place, if it is in sight.
    const float from = text_x + ImGui::CalcTextSize(typed_.c_str(), typed_.c_str() + read_.mistake->column).x;
    const std::size_t end = std::min(typed_.size(), read_.mistake->column + read_.mistake->length);
    const float to =
        std::max(from + 0.5f * panel.em(), text_x + ImGui::CalcTextSize(typed_.c_str(), typed_.c_str() + end).x);
    if (to < text_end)
      ImGui::GetWindowDrawList()->AddRectFilled({from, bottom - 0.2f * panel.em()}, {to, bottom - 0.05f * panel.em()},
                                                panel.theme.problem);
  }
  ImGui::PopFont();
  if (typed_.empty()) return;
  draw_answer(panel);
  if (active || !offers_.list.empty()) draw_offers(panel);
}

void BreakpointsPanel::draw_answer(const PanelContext& panel) {
  std::string words;
  if (!read_.mistake)
    words = panel.strings(edited_ ? "breakpoints.enter_changes" : "breakpoints.enter_adds");
  else
    words = read_.mistake->message;
  ImGui::PushStyleColor(ImGuiCol_Text, read_.mistake ? panel.theme.problem : panel.theme.dim);
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(words.c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
}

void BreakpointsPanel::draw_offers(const PanelContext& panel) {
  for (std::size_t i = 0; i < offers_.list.size(); ++i) {
    const Offer& offer = offers_.list[i];
    const bool chosen = static_cast<int>(i) == offer_;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
    if (ImGui::Selectable(fmt::format("{}##offer{}", offer.text, i).c_str(), chosen)) {
      offer_ = static_cast<int>(i);
      takes_offer_ = wants_keys_ = true;
    }
    const float name = ImGui::CalcTextSize(offer.text.c_str()).x;
    ImGui::PopFont();
    if (offer.key.empty()) continue;
    const float x = std::max(at.x + name + panel.em(), at.x + 9 * panel.em());
    const ImVec4 clip(x, at.y, at.x + ImGui::GetContentRegionAvail().x, at.y + 2 * panel.em());
    add_cut_text(ImGui::GetWindowDrawList(), panel.fonts.text, panel.fonts.small_size, {x, at.y + 0.1f * panel.em()},
                 panel.theme.dim, panel.strings(offer.key), clip);
  }
  if (!offers_.list.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    ImGui::TextUnformatted(panel.strings("breakpoints.tab"));
    ImGui::PopStyleColor();
  }
}

// --- the list ---------------------------------------------------------------------------------------------------

void BreakpointsPanel::draw_tools(const PanelContext& panel) {
  const auto button = [&](const char* icon, const char* key, const char* tip, const char* id) {
    const bool pressed = ImGui::Button(fmt::format("{} {}##{}", icon, panel.strings(key), id).c_str());
    ImGui::SetItemTooltip("%s", panel.strings(tip));
    return pressed;
  };
  ImGui::BeginDisabled(panel.session.breakpoints.empty());
  if (button(icons::kBackTouch, "breakpoints.back", "breakpoints.back_tip", "back_to_hit"))
    panel.actions.push(RunTo{-1});
  ImGui::SameLine();
  if (button(icons::kForwardTouch, "breakpoints.on", "breakpoints.on_tip", "on_to_hit")) panel.actions.push(RunTo{1});
  ImGui::EndDisabled();
  const std::string watched = watch_condition(panel.session);
  if (watched.empty()) return;
  ImGui::SameLine();
  if (button(icons::kInspector, "breakpoints.watch", "breakpoints.watch_tip", "watch"))
    panel.actions.push(AddBreakpoint{{watched, "", true}});
}

void BreakpointsPanel::draw_progress(const PanelContext& panel) {
  const BreakpointRun& run = panel.session.run_to;
  if (!run.is_running()) return;
  const float share = static_cast<float>(run.progress());
  draw_share_bar(panel, share, ImGui::GetContentRegionAvail().x, panel.theme.accent);
  ImGui::TextUnformatted(panel.strings
                             .fill(run.direction() > 0 ? "breakpoints.searching" : "breakpoints.searching_back",
                                   {{"share", format_share(run.progress())}})
                             .c_str());
  ImGui::SameLine(0, panel.em());
  if (draw_link(panel, "##stop_run", panel.strings("breakpoints.stop"))) panel.actions.push(StopRun{});
}

// The ground of a row; true if it was clicked.
bool BreakpointsPanel::draw_row(const PanelContext& panel, std::size_t row, const char* id, float height, bool marked) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  ImGui::SetNextItemAllowOverlap();
  const bool clicked = ImGui::InvisibleButton(id, {std::max(1.0f, width), height});
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (row == row_ && panel.is_focused)
    draw->AddRectFilled(at, {at.x + width, at.y + height}, panel.theme.selection, 0.2f * panel.em());
  else if (ImGui::IsItemHovered())
    draw->AddRectFilled(at, {at.x + width, at.y + height}, panel.theme.raised, 0.2f * panel.em());
  if (marked)
    draw->AddRectFilled(at, {at.x + 0.25f * panel.em(), at.y + height}, panel.theme.accent, 0.1f * panel.em());
  if (scrolls_ && row == row_) {
    ImGui::SetScrollHereY();
    scrolls_ = false;
  }
  if (clicked) row_ = row;
  ImGui::SetCursorScreenPos(at);
  return clicked;
}

void BreakpointsPanel::draw_breakpoint(const PanelContext& panel, std::size_t i) {
  const Breakpoint& breakpoint = panel.session.breakpoints[i];
  const BreakpointRun& run = panel.session.run_to;
  const float em = panel.em(), height = (breakpoint.name.empty() ? 1.7f : 2.7f) * em;
  const auto hit = run.hit();
  const bool is_hit = hit && hit->breakpoint == i && hit->event == panel.session.cursor();
  ImGui::PushID(static_cast<int>(i));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float right = at.x + ImGui::GetContentRegionAvail().x;
  draw_row(panel, i, fmt::format("##breakpoint{}", i).c_str(), height, is_hit);
  if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) edit(panel, i);
  // On: a full disc; off: a ring.
  ImGui::SetCursorScreenPos({at.x + 0.4f * em, at.y});
  if (ImGui::InvisibleButton(fmt::format("##switch{}", i).c_str(), {1.6f * em, height})) {
    Breakpoint changed = breakpoint;
    changed.on = !changed.on;
    panel.actions.push(SetBreakpoint{i, changed});
  }
  ImGui::SetItemTooltip("%s", panel.strings(breakpoint.on ? "breakpoints.turn_off" : "breakpoints.turn_on"));
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 centre(at.x + 1.1f * em, at.y + height / 2);
  if (breakpoint.on)
    draw->AddCircleFilled(centre, 0.42f * em, panel.theme.problem);
  else
    draw->AddCircle(centre, 0.38f * em, panel.theme.dim, 0, 0.12f * em);
  // How often it holds; then the cross that removes it.
  const float cross = right - 1.5f * em;
  const auto count = run.count_of(i);
  const std::string hits = !count ? "" : format_count(*count) + (run.is_counting() ? " \u2026" : "") + " \u00D7";
  const float hits_width = panel.fonts.mono->CalcTextSizeA(panel.fonts.mono_size, FLT_MAX, 0, hits.c_str()).x;
  const float text_x = at.x + 2.2f * em, text_end = cross - hits_width - 0.6f * em;
  const ImVec4 clip(text_x, at.y, text_end, at.y + height);
  const float line = at.y + 0.3f * em;
  const Color ink = breakpoint.on ? panel.theme.text : panel.theme.dim;
  if (!breakpoint.name.empty()) add_cut_text(draw, panel.fonts.title, em, {text_x, line}, ink, breakpoint.name, clip);
  add_cut_text(draw, panel.fonts.mono, panel.fonts.mono_size,
               {text_x, line + (breakpoint.name.empty() ? 0 : 1.1f * em)},
               breakpoint.name.empty() ? ink : panel.theme.dim, breakpoint.condition, clip);
  draw->AddText(panel.fonts.mono, panel.fonts.mono_size, {text_end + 0.4f * em, line}, panel.theme.dim, hits.c_str());
  ImGui::SetCursorScreenPos({text_x, at.y});
  ImGui::Dummy({std::max(1.0f, text_end - text_x), height});
  if (ImGui::IsItemHovered())
    ImGui::SetTooltip("%s\n%s", typed_text(breakpoint).c_str(), panel.strings("breakpoints.row_tip"));
  ImGui::SetCursorScreenPos({cross, at.y});
  if (ImGui::InvisibleButton(fmt::format("##remove{}", i).c_str(), {1.5f * em, height}))
    panel.actions.push(RemoveBreakpoint{i});
  const Color cross_ink = ImGui::IsItemHovered() ? panel.theme.text : panel.theme.dim;
  draw->AddText({cross + 0.4f * em, line}, cross_ink, icons::kClose);
  ImGui::SetItemTooltip("%s", panel.strings("breakpoints.remove"));
  ImGui::SetCursorScreenPos({at.x, at.y + height});
  ImGui::Dummy({1, 0.1f * em});
  ImGui::PopID();
}

void BreakpointsPanel::edit(const PanelContext& panel, std::size_t breakpoint) {
  edited_ = breakpoint;
  typed_ = typed_text(panel.session.breakpoints[breakpoint]);
  wants_keys_ = true;
}

// --- the whole --------------------------------------------------------------------------------------------------

void BreakpointsPanel::handle_keys(const PanelContext& panel) {
  if (!panel.is_focused || ImGui::GetIO().WantTextInput || panel.session.overlay != Overlay::None) return;
  const Session& session = panel.session;
  const std::size_t points = session.breakpoints.size(), rows = points + session.notes.size();
  if (rows == 0) return;
  row_ = std::min(row_, rows - 1);
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow) && row_ + 1 < rows) {
    ++row_;
    scrolls_ = true;
  }
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow) && row_ > 0) {
    --row_;
    scrolls_ = true;
  }
  const bool enter = ImGui::IsKeyPressed(ImGuiKey_Enter, false), edits = ImGui::IsKeyPressed(ImGuiKey_F2, false);
  const bool removes = ImGui::IsKeyPressed(ImGuiKey_Delete, false);
  if (row_ < points) {
    if (enter) {
      Breakpoint changed = session.breakpoints[row_];
      changed.on = !changed.on;
      panel.actions.push(SetBreakpoint{row_, changed});
    }
    if (edits) edit(panel, row_);
    if (removes) panel.actions.push(RemoveBreakpoint{row_});
    return;
  }
  const std::size_t i = row_ - points;
  const Note& note = session.notes[i];
  if (enter) panel.actions.push(Seek{note.first});
  if (edits) {
    note_ = i;
    note_text_ = note.text;
    note_wants_keys_ = true;
  }
  if (removes) panel.actions.push(RemoveNote{i});
  // As far as here.
  if (ImGui::IsKeyPressed(ImGuiKey_X, false) && session.cursor() > note.first)
    panel.actions.push(SetNote{i, {note.first, session.cursor(), note.text}});
}

void BreakpointsPanel::draw(const PanelContext& panel) {
  const Session& session = panel.session;
  if (!session.document) return;
  if (document_ != session.document->serial) {
    document_ = session.document->serial;
    edited_.reset();
    note_.reset();
    notes_seen_ = session.notes.size();
  }
  if (note_ && *note_ >= session.notes.size()) note_.reset();
  handle_keys(panel);
  draw_field(panel);
  draw_tools(panel);
  draw_progress(panel);
  if (!ImGui::BeginChild("##list", {0, 0})) {
    ImGui::EndChild();
    return;
  }
  if (session.breakpoints.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    draw_paragraphs(panel.strings("breakpoints.empty"));
    ImGui::PopStyleColor();
  }
  for (std::size_t i = 0; i < session.breakpoints.size(); ++i) draw_breakpoint(panel, i);
  draw_notes(panel);
  ImGui::EndChild();
}

}  // namespace palloscope::gui
