// App: one window's worth of program: the ImGui context, the session, panels and chrome. Knows no window system:
// whoever owns it feeds ImGui's IO, calls frame(), and draws ImGui's draw data (or not, in tests).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "gui/action.h"
#include "gui/chrome/chrome.h"
#include "gui/panels/panel.h"
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
  void set_map_surface(MapSurface* surface) { map_surface_ = surface; }
  void set_pool_surface(PoolSurface* surface) { pool_surface_ = surface; }

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

  ImGuiContext* imgui_ = nullptr;
  Session session_;
  ActionQueue actions_;
  Fonts fonts_;
  TopBar top_bar_;
  std::unique_ptr<WorkspaceView> workspace_;
  Overlays overlays_;
  MapSurface* map_surface_ = nullptr;
  PoolSurface* pool_surface_ = nullptr;
  float monitor_scale_ = 1;
  double now_s_ = 0, changed_s_ = -1;
  EventNumber last_cursor_ = 0;
  std::optional<EventNumber> seek_when_open_;
  double mouse_moved_s_ = -1;
  bool glows_ = false;
  bool awaits_tooltip_ = false;
  int fresh_frames_ = 0;  // frames still to draw so that everything that follows from a change is on the screen
};

}  // namespace palloscope::gui
