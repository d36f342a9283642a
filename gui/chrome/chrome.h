// Chrome: what stands around the panels. Each draws from the const session and queues actions, like a panel.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "gui/chrome/attach_dialog.h"
#include "gui/chrome/file_dialog.h"
#include "gui/chrome/palette.h"
#include "gui/layout/workspace.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

struct Command;

// Commands as buttons, transport, speed, find box, text size, language, theme, help: one line, what has no room is left
// to the palette.
class TopBar {
 public:
  void draw(const PanelContext& context);

 private:
  std::string find_;
  bool find_is_open_ = false;
};

// What is open, where the cursor is, what the last step did.
void draw_status_bar(const PanelContext& context);

// What a picture is of, below it all.
void draw_caption(const PanelContext& context, const std::string& text);

// The message of the session as a line between the top bar and the panels.
void draw_message(const PanelContext& context);

// A file that is being read, as a line in the same place: its name, how far it is, a way to give it up.
void draw_opening(const PanelContext& context);

void draw_welcome(const PanelContext& context);
// The list of scenarios; shared by the welcome screen and the overlay.
void draw_scenario_list(const PanelContext& context);
void draw_help(const PanelContext& context);
// "Opening ..." in the middle of an empty window.
void draw_loading(const PanelContext& context);

// The panels in their places, with walls, tabs and title lines.
class WorkspaceView {
 public:
  WorkspaceView();
  ~WorkspaceView();
  void draw(const PanelContext& context);
  // Of a panel that was drawn in the last frame.
  std::optional<RectF> place_of(std::string_view panel) const;

 private:
  void draw_cell(const PanelContext& context, const WorkspaceCell& cell);
  void draw_splitters(const PanelContext& context, const WorkspaceLayout& layout, RectF area);
  std::map<std::string, std::unique_ptr<Panel>, std::less<>> panels_;  // by id
  std::map<std::string, RectF, std::less<>> places_;                   // of those in sight
};

// Where a menu begins, in pixels of the window.
struct OverlayPlace {
  float x = 0, y = 0;
};

// What can be done with the thing that was clicked (OpenThingMenu).
class ThingMenu {
 public:
  void open();  // where the mouse is, if its right button opened it
  void draw(const PanelContext& context);

 private:
  int chosen_ = 0;
  std::optional<OverlayPlace> at_;
};

// Palette, help, scenario list, file dialogs and menus: at most one, over everything else.
class Overlays {
 public:
  void draw(const PanelContext& context);

 private:
  Overlay shown_ = Overlay::None;
  Palette palette_;
  FileDialog files_;
  AttachDialog attach_;
  ThingMenu menu_;
};

// Shared by the files of this folder -------------------------------------------------------------------------------

// A flat button with an icon and perhaps a word; its tooltip names the command and its keys. True when clicked.
bool draw_icon_button(const PanelContext& context, const char* id, const char* icon, const char* word,
                      const std::string& tooltip, bool is_enabled = true, bool is_lit = false);
float icon_button_width(const PanelContext& context, const char* word);
// The same for a command: icon and tooltip from the table, queues its action.
void draw_command_button(const PanelContext& context, const Command& command, const char* word = nullptr);
std::string command_tooltip(const PanelContext& context, const Command& command);
// The first key of a command as people write it; empty if it has none.
std::string first_key(const PanelContext& context, const Command& command);

// A window over a dimmed ground, in its middle or (a menu) at a place, over what stays as it is; false: it is not
// drawn, do not end it. Escape and a click outside close it.
bool begin_overlay(const PanelContext& context, const char* id, float width_em, float height_em,
                   std::optional<OverlayPlace> at = {});
void end_overlay();

// Arrows and Page Up and Down in a dialog's list of `count` rows; whether one was pressed.
bool move_choice(int& chosen, int count);

}  // namespace palloscope::gui
