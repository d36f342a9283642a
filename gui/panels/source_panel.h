// What the program is doing, in words: the lesson's narration, the script with the line that the cursor is at, the
// statement of a server; an editor to change the script and run it again; a console for further calls at the end of
// time.
#pragma once

#include <string>
#include <vector>

#include "gui/panels/panel.h"

namespace palloscope::gui {

class SourcePanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  struct Source {
    std::string name, text;
    std::vector<std::size_t> line_starts;
  };

  void refresh(const PanelContext& panel);
  void draw_narration(const PanelContext& panel);
  void draw_script(const PanelContext& panel, const Source& source);
  void draw_editor(const PanelContext& panel);
  void draw_console(const PanelContext& panel);

  std::uint64_t document_ = 0;
  EventNumber size_ = 0, cursor_ = 0;
  EventNumber source_event_ = 0;  // the SourceText that source_ came from
  Source source_;
  std::uint32_t line_ = 0;
  bool follow_ = false;  // the line moved: bring it into view

  bool editing_ = false;
  std::string edited_, typed_;
  std::size_t console_seen_ = 0;
  bool console_wants_focus_ = false;
  int history_ = -1;  // how far up the console's lines Up has gone
};

}  // namespace palloscope::gui
