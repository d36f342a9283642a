// GlRenderer: ImGui's OpenGL 3 backend and the pictures' shaders for the current context, as one owned thing.
#pragma once

#include <memory>

#include "core/base/result.h"

namespace palloscope::gui {

class App;

class GlRenderer {
 public:
  // Needs a current GL 3.3 core context whose functions were loaded (load_gl).
  static core::Result<GlRenderer> create(App& app);
  GlRenderer(GlRenderer&&) noexcept;
  GlRenderer& operator=(GlRenderer&&) = delete;
  ~GlRenderer();

  void new_frame();
  // Clears the current framebuffer to the theme's ground and draws what the app made.
  void draw(const App& app, int width, int height);

 private:
  struct Impl;
  explicit GlRenderer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

using GlFunction = void (*)();
// Loads OpenGL's functions for the current context; the error says which version there is.
core::Status load_gl(GlFunction (*look_up)(const char*));

}  // namespace palloscope::gui
