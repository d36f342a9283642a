// Choosing a server process to look into: those that run here, by server, with what each is doing. Works by keyboard
// alone; a process that cannot be looked into says why, and what to do.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gui/live_view.h"
#include "gui/panels/panel.h"
#include "trace/live/backend_list.h"

namespace palloscope::gui {

class AttachDialog {
 public:
  void open(const Session& session);
  void draw(const PanelContext& context);

 private:
  void refresh();  // the chosen process stays chosen
  std::vector<const trace::Backend*> matching() const;
  // Up, Down, PageUp, PageDown among `count` rows, and the keys of the choices below them; F5 is draw()'s.
  void handle_keys(int count);
  void draw_rows(const PanelContext& context, const std::vector<const trace::Backend*>& rows);
  void draw_head(const PanelContext& context);
  void draw_row(const PanelContext& context, const trace::Backend& backend, int row);
  void draw_detail(const PanelContext& context, const trace::Backend* chosen);
  void draw_choices(const PanelContext& context);
  void draw_buttons(const PanelContext& context, const trace::Backend* chosen);
  void attach(const PanelContext& context, const trace::Backend* chosen);

  std::filesystem::path proc_;
  std::vector<trace::Backend> backends_;
  std::string filter_;
  AttachRequest request_;
  int chosen_ = 0;                // row
  std::uint32_t chosen_pid_ = 0;  // of that row
  double refreshed_s_ = -1;
  std::int64_t now_s_ = 0;  // since 1970, when the list was made
  bool needs_focus_ = false, scroll_to_chosen_ = false, confirmed_ = false;
};

}  // namespace palloscope::gui
