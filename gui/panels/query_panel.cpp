#include "gui/panels/query_panel.h"

#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <chrono>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"
#include "trace/exporters/printable.h"
#include "trace/sql/ready_questions.h"

namespace palloscope::gui {
namespace {

using namespace std::chrono_literals;
using trace::sql::Mistake;
using trace::sql::ReadyQuestion;

constexpr auto kSlice = 8ms;  // of each frame, while a question runs

// Of what the window may keep of a trace: a half for life spans, an eighth for the rows of an answer.
std::size_t most_spans(const Session& session) { return session.memory_limit() / 2; }
std::size_t most_rows(const Session& session) { return session.memory_limit() / 8; }

std::string title_of(const PanelContext& panel, const ReadyQuestion& question) {
  return panel.strings("query.ready." + std::string(question.id));
}

// The question on one line, for lists.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

// Another document, another database: the question that ran on the old one is stopped without a look at it.
void QueryPanel::follow(const PanelContext& panel) {
  if (document_ == panel.session.document->serial && database_) return;
  document_ = panel.session.document->serial;
  asked_.reset();
  answer_.reset();
  database_ = std::make_unique<trace::sql::Database>(*panel.session.timeline(),
                                                     trace::sql::Limits{.span_bytes = most_spans(panel.session)});
}

// The setting may have changed, and the timeline has what is not taken here.
void QueryPanel::keep_limit(const PanelContext& panel) {
  if (is_running()) return;
  database_->set_span_limit(most_spans(panel.session));
  const std::size_t bytes = database_->span_bytes() + (asked_ ? asked_->answer_bytes() : 0);
  if (bytes == told_bytes_) return;
  told_bytes_ = bytes;
  panel.actions.push(KeepQuestions{bytes});
}

void QueryPanel::ask(const PanelContext& panel) {
  if (editor_.text().find_first_not_of(" \t\n") == std::string::npos) return;
  asked_.reset();
  answer_.reset();
  seconds_ = 0;
  const trace::sql::SlicedQuestion::Most most{.bytes = most_rows(panel.session)};
  asked_ = std::make_unique<trace::sql::SlicedQuestion>(*database_, editor_.text(), panel.session.cursor(), most);
  panel.actions.push(RememberQuestion{editor_.text()});
}

void QueryPanel::ask_ready(const PanelContext& panel, const ReadyQuestion& question) {
  editor_.set_text(std::string(question.sql), /*focus=*/false);
  ask(panel);
}

void QueryPanel::work(const PanelContext& panel) {
  if (!is_running()) return;
  const auto begin = std::chrono::steady_clock::now();
  asked_->advance(kSlice);
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (panel.wants_frame != nullptr) *panel.wants_frame = true;
}

void QueryPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document || !asked_ || asked_->answer().rows() == 0) return;
  const char* save = panel.strings("query.save");
  ToolRow tools(width, {save});
  if (tools.button(save, panel.strings("query.save_tip"))) ImGui::OpenPopup("##save");
  draw_save(panel);
}

// Where the answer goes as CSV.
void QueryPanel::draw_save(const PanelContext& panel) {
  if (!ImGui::BeginPopup("##save")) return;
  ImGui::TextUnformatted(panel.strings("query.save_as"));
  ImGui::SetNextItemWidth(panel.em() * 22);
  if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
  const bool entered = ImGui::InputText("##path", &save_path_, ImGuiInputTextFlags_EnterReturnsTrue);
  ImGui::SameLine();
  if ((ImGui::Button(panel.strings("query.save_now")) || entered) && !save_path_.empty()) {
    panel.actions.push(SaveText{save_path_, answer_text(asked_->answer(), ',')});
    ImGui::CloseCurrentPopup();
  }
  ImGui::EndPopup();
}

// Ready questions and those asked before.
void QueryPanel::draw_menu(const PanelContext& panel) {
  if (ImGui::BeginPopup("##ready")) {
    for (const ReadyQuestion& question : trace::sql::ready_questions())
      if (ImGui::Selectable(title_of(panel, question).c_str())) ask_ready(panel, question);
    ImGui::EndPopup();
  }
  if (!ImGui::BeginPopup("##history")) return;
  int i = 0;
  ImGui::PushFont(panel.fonts.mono, panel.fonts.small_size);
  for (const std::string& text : panel.session.preferences.questions) {
    ImGui::PushID(i++);
    if (ImGui::Selectable(trace::printable_start(one_line(text), 100).c_str())) editor_.set_text(text);
    ImGui::PopID();
  }
  ImGui::PopFont();
  if (i == 0) ImGui::TextUnformatted(panel.strings("query.no_history"));
  ImGui::EndPopup();
}

void QueryPanel::draw_tools(const PanelContext& panel) {
  const bool running = is_running();
  const std::string go = running ? std::string(icons::kClose) + " " + panel.strings("query.stop")
                                 : std::string(icons::kPlay) + " " + panel.strings("query.ask");
  if (ImGui::Button((go + "###go").c_str())) running ? asked_->stop() : ask(panel);
  ImGui::SetItemTooltip("%s", panel.strings(running ? "query.stop_tip" : "query.ask_tip"));
  ImGui::SameLine();
  if (ImGui::Button(panel.strings("query.ready_title"))) ImGui::OpenPopup("##ready");
  ImGui::SameLine();
  if (ImGui::Button(panel.strings("query.history"))) ImGui::OpenPopup("##history");
  ImGui::SetItemTooltip("%s", panel.strings("query.history_tip"));
  draw_menu(panel);
  if (!asked_) return;
  ImGui::SameLine();
  ImGui::AlignTextToFramePadding();
  draw_state(panel);
}

// How far it is, or what came of it.
void QueryPanel::draw_state(const PanelContext& panel) {
  const trace::sql::Answer& answer = asked_->answer();
  const std::string rows = format_count(answer.rows());
  std::string text;
  if (is_running())
    text = panel.strings.fill("query.running", {{"rows", rows}, {"share", format_share(asked_->share())}});
  else if (!asked_->mistake())
    text = panel.strings.fill(answer.cut ? "query.cut" : "query.done",
                              {{"rows", rows}, {"event", format_event(asked_->at())}});
  draw_cut_text(text, ImGui::GetContentRegionAvail().x, answer.cut ? panel.theme.warning : panel.theme.dim);
}

void QueryPanel::draw_mistake(const PanelContext& panel, const Mistake& mistake) {
  if (mistake.code == core::ErrorCode::Cancelled) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    ImGui::TextUnformatted(panel.strings("query.stopped"));
    ImGui::PopStyleColor();
    return;
  }
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.problem);
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(trace::printable(mistake.message).c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
  const std::string place = trace::sql::point_at(asked_->question(), mistake);
  if (place.empty()) return;
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  ImGui::TextUnformatted(place.c_str());
  ImGui::PopFont();
}

// Up, Down and Enter in what can be asked.
void QueryPanel::take_ready_keys(const PanelContext& panel) {
  if (!panel.is_focused || ImGui::GetIO().WantTextInput) return;
  const auto questions = trace::sql::ready_questions();
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) ready_ = std::min(ready_ + 1, static_cast<int>(questions.size()) - 1);
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) ready_ = std::max(ready_ - 1, 0);
  if (ImGui::IsKeyPressed(ImGuiKey_Enter, false)) ask_ready(panel, questions[static_cast<std::size_t>(ready_)]);
}

// What can be asked, as long as nothing is: a click asks it.
void QueryPanel::draw_ready(const PanelContext& panel) {
  if (!ImGui::BeginChild("##begin")) return ImGui::EndChild();
  const float em = panel.em();
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  draw_paragraphs(panel.strings("query.begin"));
  ImGui::PopStyleColor();
  ImGui::Dummy({0, em * 0.3f});
  const auto questions = trace::sql::ready_questions();
  const int count = static_cast<int>(questions.size());
  for (int i = 0; i < count; ++i) {
    const ReadyQuestion& question = questions[static_cast<std::size_t>(i)];
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (i == ready_ && panel.is_focused)
      ImGui::GetWindowDrawList()->AddRectFilled({at.x - em * 0.3f, at.y - em * 0.1f},
                                                {at.x + ImGui::GetContentRegionAvail().x, at.y + em * 1.15f},
                                                panel.theme.selection, em * 0.2f);
    ImGui::PushID(i);
    if (draw_link(panel, "##ready", title_of(panel, question))) ask_ready(panel, question);
    ImGui::PopID();
    ImGui::SetItemTooltip("%s", std::string(question.sql).c_str());
  }
  ImGui::Dummy({0, em * 0.5f});
  for (const auto& table : database_->tables()) {
    ImGui::PushFont(panel.fonts.mono, panel.fonts.small_size);
    const std::string name(table->name());
    ImGui::TextUnformatted(name.c_str());
    ImGui::PopFont();
    ImGui::SameLine(em * 15);
    draw_cut_text(panel.strings("query.table." + name), ImGui::GetContentRegionAvail().x, panel.theme.dim);
  }
  ImGui::EndChild();
}

void QueryPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  follow(panel);
  work(panel);
  keep_limit(panel);
  const float em = panel.em();
  const float room = ImGui::GetContentRegionAvail().y;
  const bool low = room < em * 12;  // then the answer needs the lines
  if (editor_.draw(panel, database_->tables(), low ? em * 1.8f : std::clamp(room * 0.25f, em * 3.2f, em * 7)))
    ask(panel);
  if (!low) editor_.draw_completions(panel);
  draw_tools(panel);
  if (asked_ && panel.is_focused && !ImGui::GetIO().WantTextInput && ImGui::IsKeyPressed(ImGuiKey_Backspace, false))
    is_running() ? asked_->stop() : asked_.reset();  // back to what can be asked
  if (!asked_) {
    draw_ready(panel);
    return take_ready_keys(panel);
  }
  if (const auto& mistake = asked_->mistake(); asked_->done() && mistake) draw_mistake(panel, *mistake);
  answer_.draw(panel, asked_->answer(), panel.is_focused);
}

}  // namespace palloscope::gui
