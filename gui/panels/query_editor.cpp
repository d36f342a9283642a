#include "gui/panels/query_editor.h"

#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "gui/panels/widgets.h"

namespace palloscope::gui {

void QueryEditor::set_text(std::string text, bool focus) {
  text_ = std::move(text);
  ++generation_;
  completion_ = {};
  back_ = -1;
  cursor_wanted_ = static_cast<int>(text_.size());
  focus_wanted_ = focus;
}

// One of the words in the place of what was typed, or of the one that was taken before.
void QueryEditor::take(ImGuiInputTextCallbackData& data, std::size_t choice) {
  if (choice >= completion_.words.size()) return;
  const auto begin = static_cast<int>(completion_.begin);
  if (begin > data.CursorPos) return;
  data.DeleteChars(begin, data.CursorPos - begin);
  data.InsertChars(begin, completion_.words[choice].c_str());
  choice_ = (choice + 1) % completion_.words.size();
  cycling_ = true;
  cursor_ = static_cast<std::size_t>(data.CursorPos);
}

void QueryEditor::recall(ImGuiInputTextCallbackData& data, int by) {
  const int count = static_cast<int>(history_->size());
  const int to = std::clamp(back_ + by, -1, count - 1);
  if (to == back_) return;
  back_ = to;
  data.DeleteChars(0, data.BufTextLen);
  if (to >= 0) data.InsertChars(0, (*history_)[static_cast<std::size_t>(to)].c_str());
}

int QueryEditor::edit(ImGuiInputTextCallbackData& data) {
  if (cursor_wanted_ >= 0) {
    data.CursorPos = data.SelectionStart = data.SelectionEnd = std::min(cursor_wanted_, data.BufTextLen);
    cursor_wanted_ = -1;
  }
  if (data.EventFlag == ImGuiInputTextFlags_CallbackCompletion) {
    take(data, choice_);
    return 0;
  }
  if (ImGui::GetIO().KeyAlt && ImGui::IsKeyPressed(ImGuiKey_UpArrow, false)) recall(data, 1);
  if (ImGui::GetIO().KeyAlt && ImGui::IsKeyPressed(ImGuiKey_DownArrow, false)) recall(data, -1);
  const auto cursor = static_cast<std::size_t>(data.CursorPos);
  const bool moved = cursor != cursor_;
  cursor_ = cursor;
  if (cycling_ && !moved) return 0;
  cycling_ = false;
  if (!moved && data.EventFlag == ImGuiInputTextFlags_CallbackAlways && !completion_.words.empty()) return 0;
  choice_ = 0;
  completion_ = trace::sql::complete(tables_, {data.Buf, static_cast<std::size_t>(data.BufTextLen)}, cursor);
  return 0;
}

bool QueryEditor::draw(const PanelContext& panel, std::span<const std::unique_ptr<trace::sql::Table>> tables,
                       float height) {
  tables_ = tables;
  history_ = &panel.session.preferences.questions;
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  if (panel.filter_wanted || focus_wanted_) ImGui::SetKeyboardFocusHere();
  focus_wanted_ = false;
  const auto callback = [](ImGuiInputTextCallbackData* data) {
    return static_cast<QueryEditor*>(data->UserData)->edit(*data);
  };
  ImGui::PushID(generation_);
  const bool asked =
      ImGui::InputTextMultiline("##question", &text_, {-1, height},
                                ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CallbackCompletion |
                                    ImGuiInputTextFlags_CallbackAlways,
                                callback, this);
  ImGui::PopID();
  if (!ImGui::IsItemActive() && !ImGui::IsMouseDown(ImGuiMouseButton_Left)) completion_ = {};  // one may be clicked
  ImGui::PopFont();
  return asked;
}

void QueryEditor::draw_completions(const PanelContext& panel) {
  const float em = panel.em(), right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
  if (text_.empty()) draw_cut_text(panel.strings("query.hint"), ImGui::GetContentRegionAvail().x, panel.theme.dim);
  ImGui::PushFont(panel.fonts.mono, panel.fonts.small_size);
  for (std::size_t i = 0; i < completion_.words.size(); ++i) {
    const std::string& word = completion_.words[i];
    const float width = ImGui::CalcTextSize(word.c_str()).x + em * 0.8f;
    if (i > 0) ImGui::SameLine(0, em * 0.3f);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (at.x + width > right) break;
    const ImVec2 end(at.x + width, at.y + em * 1.25f);
    ImGui::PushID(static_cast<int>(i));
    ImGui::InvisibleButton("##word", {width, em * 1.25f});
    const bool clicked = ImGui::IsItemClicked();  // going down: once up, the field's words are gone
    ImGui::PopID();
    ImDrawList* draw = ImGui::GetWindowDrawList();
    const bool next = i == choice_;
    draw->AddRectFilled(at, end, next ? panel.theme.selection : panel.theme.raised, em * 0.25f);
    draw->AddText({at.x + em * 0.4f, at.y + em * 0.15f}, next ? panel.theme.accent : panel.theme.text, word.c_str());
    if (!clicked) continue;
    const std::size_t begin = completion_.begin, after = begin + word.size();
    std::string text = text_;
    text.replace(begin, std::min(cursor_, text.size()) - begin, word);
    set_text(std::move(text));
    cursor_wanted_ = static_cast<int>(after);
    break;
  }
  ImGui::PopFont();
}

}  // namespace palloscope::gui
