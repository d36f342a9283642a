// App: one window's worth of program: the ImGui context, the session, panels and chrome. Knows no window system:
// whoever owns it feeds ImGui's IO, calls frame(), and draws ImGui's draw data (or not, in tests).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gui/action.h"
#include "gui/chrome/chrome.h"
#include "gui/panels/panel.h"
#include "gui/picture/picture_surfaces.h"
#include "gui/session.h"

struct ImGuiContext;

namespace palloscope::gui {

class App {
 public:
  explicit App(std::span<const unsigned char> system_chinese = {});
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  Session& session() { return session_; }
  const Session& session() const { return session_; }
  ActionQueue& actions() { return actions_; }

  // From the command line: a file to open with the first frame, and where.
  void open_at_start(std::filesystem::path file, std::optional<EventNumber> at);

  void set_monitor_scale(float scale) { monitor_scale_ = scale; }
  void set_map_surface(MapSurface* surface) { surfaces_.set_gpu(surface); }
  void set_pool_surface(PoolSurface* surface) { surfaces_.set_gpu(surface); }
  // Maps are drawn for pictures alone (drawn_picture).
  void draw_without_gpu() { has_no_gpu_ = true; }
  void set_anti_aliased(bool on) { is_anti_aliased_ = on; }
  // A line at the bottom that says what a picture is of; empty: none.
  void set_caption(std::string text) { caption_ = std::move(text); }

  // The last frame, drawn by the processor: the whole window, or that panel, if it is in sight.
  Picture drawn_picture(std::string_view panel = {});
  std::string drawn_svg(std::string_view panel, const std::string& title);
  RectF part_of(std::string_view panel) const;  // where that is; the whole window if it is not in sight

  // One frame: keys become commands, everything is drawn from the const session, the queued actions are applied, time
  // passes. ImGui's IO holds the size and the seconds since the last frame.
  void frame();

  // Something moves or just changed: another frame soon, without waiting for input.
  bool wants_frame() const;
  // How long nothing will change by itself: 0 or more; negative: until somebody touches the window.
  double seconds_to_next_frame() const;
  // Text of `em` pixels in the last frame.
  float em() const { return fonts_.em; }

 private:
  void draw(const PanelContext& context);
  void apply_queued();
  void paste();
  void take_wanted_picture();

  ImGuiContext* imgui_ = nullptr;
  Session session_;
  ActionQueue actions_;
  Fonts fonts_;
  TopBar top_bar_;
  std::unique_ptr<WorkspaceView> workspace_;
  Overlays overlays_;
  PictureSurfaces surfaces_;
  bool has_no_gpu_ = false, is_anti_aliased_ = true;
  std::string caption_;
  int picture_countdown_ = 0;  // frames until the wanted picture is taken: what asked for it has gone by then
  float monitor_scale_ = 1;
  double now_s_ = 0, changed_s_ = -1;
  EventNumber last_cursor_ = 0, last_count_ = 0;
  std::optional<EventNumber> seek_when_open_;
  double mouse_moved_s_ = -1;
  bool glows_ = false;
  bool awaits_tooltip_ = false;
  int fresh_frames_ = 0;  // frames still to draw so that everything that follows from a change is on the screen
};

}  // namespace palloscope::gui
