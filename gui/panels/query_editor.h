// Where a question is typed: several lines, words that it may go on with, and the questions that were asked before.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gui/panels/panel.h"
#include "trace/sql/completion.h"

struct ImGuiInputTextCallbackData;

namespace palloscope::gui {

class QueryEditor {
 public:
  // True: it is to be asked (Ctrl+Enter).
  bool draw(const PanelContext& panel, std::span<const std::unique_ptr<trace::sql::Table>> tables, float height);
  // The words that fit, to be chosen by a click; Tab takes them one after the other.
  void draw_completions(const PanelContext& panel);

  const std::string& text() const { return text_; }
  void set_text(std::string text, bool focus = true);

 private:
  int edit(ImGuiInputTextCallbackData& data);
  void take(ImGuiInputTextCallbackData& data, std::size_t choice);
  void recall(ImGuiInputTextCallbackData& data, int by);

  std::string text_;
  std::span<const std::unique_ptr<trace::sql::Table>> tables_;
  const std::vector<std::string>* history_ = nullptr;
  trace::sql::Completion completion_;
  std::size_t choice_ = 0;  // that Tab takes next
  std::size_t cursor_ = 0;  // where the completion was made for
  bool cycling_ = false;    // Tab has taken one; another Tab takes the next in its place
  int cursor_wanted_ = -1;
  int generation_ = 0;  // a field that has the keyboard keeps its own text: another one has the new text
  int back_ = -1;       // how far back in the history; -1: what is being typed
  bool focus_wanted_ = false;
};

}  // namespace palloscope::gui
