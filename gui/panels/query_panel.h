// Questions to the trace in SQL: a field for the question, ready ones to begin with, and the answer as a table. A
// question runs in slices between frames and can be stopped.
#pragma once

#include <memory>
#include <string>

#include "gui/panels/panel.h"
#include "gui/panels/query_answer.h"
#include "gui/panels/query_editor.h"
#include "trace/sql/ready_questions.h"
#include "trace/sql/sliced_question.h"

namespace palloscope::gui {

class QueryPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  void follow(const PanelContext& panel);
  void ask(const PanelContext& panel);
  void ask_ready(const PanelContext& panel, const trace::sql::ReadyQuestion& question);
  void work(const PanelContext& panel);
  void keep_limit(const PanelContext& panel);
  void draw_tools(const PanelContext& panel);
  void draw_state(const PanelContext& panel);
  void take_ready_keys(const PanelContext& panel);
  void draw_ready(const PanelContext& panel);
  void draw_menu(const PanelContext& panel);
  void draw_save(const PanelContext& panel);
  void draw_mistake(const PanelContext& panel, const trace::sql::Mistake& mistake);
  bool is_running() const { return asked_ && !asked_->done(); }

  std::uint64_t document_ = 0;
  std::unique_ptr<trace::sql::Database> database_;
  std::unique_ptr<trace::sql::SlicedQuestion> asked_;  // goes before its database
  QueryEditor editor_;
  QueryAnswer answer_;
  double seconds_ = 0;          // of work
  std::size_t told_bytes_ = 0;  // what the session was told that this keeps
  int ready_ = 0;               // the ready question that Enter asks
  std::string save_path_ = "answer.csv";
};

}  // namespace palloscope::gui
