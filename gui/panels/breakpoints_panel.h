// Breakpoints, bookmarks and notes: a line to type a condition into, with what could stand there and what is wrong with
// it; the list with a switch and how often each holds; what was noted on moments and ranges.
#pragma once

#include <optional>
#include <string>

#include "gui/condition_field.h"
#include "gui/panels/panel.h"

struct ImGuiInputTextCallbackData;

namespace palloscope::gui {

class BreakpointsPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;

 private:
  void draw_field(const PanelContext& panel);
  void draw_answer(const PanelContext& panel);
  void draw_tools(const PanelContext& panel);
  void draw_offers(const PanelContext& panel);
  void take_typed(const PanelContext& panel);
  void draw_progress(const PanelContext& panel);
  void draw_breakpoint(const PanelContext& panel, std::size_t i);
  void draw_notes(const PanelContext& panel);
  void draw_note(const PanelContext& panel, std::size_t i);
  void handle_keys(const PanelContext& panel);
  void edit(const PanelContext& panel, std::size_t breakpoint);
  bool draw_row(const PanelContext& panel, std::size_t row, const char* id, float height, bool marked);
  static int on_typing(ImGuiInputTextCallbackData* data);

  std::string typed_;
  std::optional<std::size_t> edited_;  // the breakpoint that the typed text will be
  TypedBreakpoint read_;
  Offers offers_;
  int offer_ = 0;  // the chosen one
  int cursor_ = 0;
  bool takes_offer_ = false, wants_keys_ = false, scrolls_ = false;
  std::string last_typed_;
  std::size_t row_ = 0;              // chosen by keys: breakpoints, then notes
  std::optional<std::size_t> note_;  // the note that is written
  std::string note_text_;
  bool note_wants_keys_ = false;
  std::size_t notes_seen_ = 0;
  std::uint64_t document_ = 0;
};

}  // namespace palloscope::gui
