#include "gui/panels/source_panel.h"

#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <array>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::array<std::uint8_t, 1> kSourceTags{core::SourceText::kTag};

Color syntax_colour(const Theme& theme, std::string_view line, std::size_t comment) {
  return comment == 0 || line.find_first_not_of(" \t") == comment ? theme.dim : theme.text;
}

// Up and Down in the console bring earlier lines back.
struct History {
  const std::vector<ConsoleEntry>& entries;
  int& at;  // how far back; -1: the line being typed
};

int recall(ImGuiInputTextCallbackData* data) {
  auto& history = *static_cast<History*>(data->UserData);
  const int count = static_cast<int>(history.entries.size());
  const int to = std::clamp(history.at + (data->EventKey == ImGuiKey_UpArrow ? 1 : -1), -1, count - 1);
  if (to == history.at) return 0;
  history.at = to;
  data->DeleteChars(0, data->BufTextLen);
  if (to >= 0) data->InsertChars(0, history.entries[static_cast<std::size_t>(count - 1 - to)].line.c_str());
  return 0;
}

}  // namespace

// The text the current line points into: the last SourceText of its file at or before the cursor.
void SourcePanel::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  const trace::ProgramPoint& point = session.state().point();
  const bool other = document_ != session.document->serial;
  if (other) {
    editing_ = false;
    console_seen_ = 0;
    source_ = {};
    source_event_ = 0;
  }
  if (!other && cursor_ == session.cursor() && size_ == session.event_count()) return;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  size_ = session.event_count();
  follow_ |= line_ != point.line;
  line_ = point.line;
  EventNumber at = cursor_ + 1;
  for (int looked = 0; looked < 64; ++looked) {
    auto found = session.timeline()->previous_of(kSourceTags, at);
    if (!found && at == cursor_ + 1) found = session.timeline()->next_of(kSourceTags, 0);  // before the first line
    if (!found) return;
    at = *found;
    if (at == source_event_) return;
    const core::EventBody event = session.timeline()->event(at);
    const auto* text = std::get_if<core::SourceText>(&event);
    if (text == nullptr || (point.line != 0 && text->file != point.file)) continue;
    source_event_ = at;
    source_ = {text->name, text->text, {0}};
    for (std::size_t i = 0; i < text->text.size(); ++i)
      if (text->text[i] == '\n') source_.line_starts.push_back(i + 1);
    follow_ = true;
    return;
  }
}

void SourcePanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document || panel.session.document->script.empty()) return;
  const char* label = panel.strings(editing_ ? "source.run_edited" : "source.edit");
  const char* cancel = panel.strings("source.cancel_edit");
  ToolRow tools(width, editing_ ? std::vector{cancel, label} : std::vector{label});
  if (editing_ && tools.button(cancel, nullptr)) {
    editing_ = false;
    return;
  }
  if (!tools.button(label, panel.strings(editing_ ? "source.run_hint" : "source.edit_hint"))) return;
  if (editing_)
    panel.actions.push(RunScript{edited_});
  else
    edited_ = panel.session.document->script;
  editing_ = !editing_;
}

void SourcePanel::draw_narration(const PanelContext& panel) {
  const Session& session = panel.session;
  const trace::ProgramPoint& point = session.state().point();
  const EventNumber said = point.narration != 0 ? point.narration : point.statement;
  if (said == 0) return;
  const core::EventBody event = session.timeline()->event(said);
  std::string text;
  if (const auto* narration = std::get_if<core::Narration>(&event))
    text = session.preferences.language == Language::Chinese && !narration->zh.empty() ? narration->zh : narration->en;
  if (const auto* statement = std::get_if<core::Statement>(&event)) text = statement->text;
  const float em = panel.em();
  ImGui::PushStyleColor(ImGuiCol_ChildBg, mix(panel.theme.panel, panel.theme.accent, 0.10f));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {em * 0.7f, em * 0.5f});
  if (ImGui::BeginChild("##narration", {0, 0}, ImGuiChildFlags_AutoResizeY | ImGuiChildFlags_AlwaysUseWindowPadding)) {
    const ImVec2 top = ImGui::GetWindowPos();
    ImGui::GetWindowDrawList()->AddRectFilled(top, {top.x + em * 0.2f, top.y + ImGui::GetWindowHeight()},
                                              panel.theme.accent);
    ImGui::PushFont(panel.fonts.text, em * 1.06f);
    draw_paragraphs(text);
    ImGui::PopFont();
  }
  ImGui::EndChild();
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
}

void SourcePanel::draw_script(const PanelContext& panel, const Source& source) {
  const float em = panel.em();
  const Theme& theme = panel.theme;
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  const float line_height = em * 1.3f;
  const float numbers = em * 0.9f + ImGui::CalcTextSize("999").x;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(source.line_starts.size()), line_height);
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const auto index = static_cast<std::size_t>(i);
      const std::size_t begin = source.line_starts[index];
      const std::size_t end =
          index + 1 < source.line_starts.size() ? source.line_starts[index + 1] - 1 : source.text.size();
      const std::string_view line(source.text.data() + begin, end - begin);
      const ImVec2 at = ImGui::GetCursorScreenPos();
      const float width = ImGui::GetContentRegionAvail().x;
      ImDrawList* draw = ImGui::GetWindowDrawList();
      const bool is_current = line_ == static_cast<std::uint32_t>(i) + 1;
      if (is_current) {
        draw->AddRectFilled(at, {at.x + width, at.y + line_height}, theme.selection, em * 0.15f);
        draw->AddText(panel.fonts.text, em * 0.9f, {at.x, at.y + em * 0.15f}, theme.accent, icons::kCurrent);
      }
      const std::string number = std::to_string(i + 1);
      const float y = at.y + (line_height - panel.fonts.mono_size) / 2;
      draw->AddText({at.x + numbers - ImGui::CalcTextSize(number.c_str()).x, y}, is_current ? theme.accent : theme.dim,
                    number.c_str());
      const std::size_t comment = line.find("--");
      const float x = at.x + numbers + em * 0.7f;
      const std::string_view code = line.substr(0, comment);
      draw->AddText({x, y}, syntax_colour(theme, line, comment), code.data(), code.data() + code.size());
      if (comment != std::string_view::npos) {
        const float after = ImGui::CalcTextSize(code.data(), code.data() + code.size()).x;
        draw->AddText({x + after, y}, theme.dim, line.data() + comment, line.data() + line.size());
      }
      ImGui::Dummy({width, line_height});
    }
  ImGui::PopStyleVar();
  ImGui::PopFont();
  if (follow_ && line_ > 0) {
    const float y = static_cast<float>(line_ - 1) * line_height, top = ImGui::GetScrollY(),
                height = ImGui::GetWindowHeight();
    if (y < top + line_height || y > top + height - line_height * 3) ImGui::SetScrollY(std::max(0.0f, y - height / 2));
  }
  follow_ = false;
}

void SourcePanel::draw_editor(const PanelContext& panel) {
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  ImGui::InputTextMultiline("##script", &edited_, {-1, -1}, ImGuiInputTextFlags_AllowTabInput);
  ImGui::PopFont();
}

// At the end of time: what was typed, what it answered, and a line for the next call.
void SourcePanel::draw_console(const PanelContext& panel) {
  const Document& document = *panel.session.document;
  const float em = panel.em();
  const auto shown = std::min<std::size_t>(document.console.size(), 4);
  for (std::size_t i = document.console.size() - shown; i < document.console.size(); ++i) {
    const ConsoleEntry& entry = document.console[i];
    ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    ImGui::TextUnformatted(("> " + entry.line).c_str());
    ImGui::PopStyleColor();
    if (!entry.answer.text.empty()) {
      ImGui::PushStyleColor(ImGuiCol_Text, entry.answer.ok ? panel.theme.text : panel.theme.problem);
      ImGui::PushTextWrapPos(0);
      ImGui::TextUnformatted(entry.answer.text.c_str());
      ImGui::PopTextWrapPos();
      ImGui::PopStyleColor();
    }
    ImGui::PopFont();
  }
  console_seen_ = document.console.size();
  ImGui::SetNextItemWidth(-em * 0.2f);
  if (console_wants_focus_) {
    ImGui::SetKeyboardFocusHere();
    console_wants_focus_ = false;
  }
  History history{document.console, history_};
  const bool entered = ImGui::InputTextWithHint(
      "##console", panel.strings("source.console_hint"), &typed_,
      ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CallbackHistory, recall, &history);
  ImGui::SetItemTooltip("%s", panel.strings("source.console_tip"));
  if (!entered || typed_.empty()) return;
  panel.actions.push(Evaluate{typed_});
  typed_.clear();
  history_ = -1;
  console_wants_focus_ = true;
}

void SourcePanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  refresh(panel);
  draw_narration(panel);
  const bool has_console = panel.session.document->run.has_value();
  if (editing_) {
    draw_editor(panel);
    return;
  }
  if (source_.text.empty() && !has_console) {
    draw_empty(panel, "source.empty");
    return;
  }
  const std::size_t lines = std::min<std::size_t>(panel.session.document->console.size(), 4) * 2;
  const float console = has_console ? panel.em() * (2.2f + 1.25f * static_cast<float>(lines)) : 0;
  const float height = std::max(panel.em() * 4, ImGui::GetContentRegionAvail().y - console);
  if (ImGui::BeginChild("##text", {0, height}, ImGuiChildFlags_None, ImGuiWindowFlags_HorizontalScrollbar))
    draw_script(panel, source_);
  ImGui::EndChild();
  if (has_console) draw_console(panel);
}

}  // namespace palloscope::gui
