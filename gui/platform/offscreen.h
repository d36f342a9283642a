// Offscreen: the same program drawn without a display, into a picture. EGL without a surface (any Mesa has it, in
// software too); where that is missing, a hidden window.
#pragma once

#include <memory>

#include "core/base/result.h"
#include "gui/platform/picture.h"

namespace palloscope::gui {

class App;

class Offscreen {
 public:
  static core::Result<Offscreen> create(App& app, int width, int height);
  Offscreen(Offscreen&&) noexcept;
  Offscreen& operator=(Offscreen&&) = delete;
  ~Offscreen();

  // Draws so many frames, `seconds` apart, and answers the last.
  Picture render(int frames, float seconds = 1.0f / 60);

 private:
  struct Impl;
  explicit Offscreen(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Frames until nothing moves any more (at most `most`): a picture of a settled window.
Picture render_settled(Offscreen& offscreen, const App& app, int most = 40);

}  // namespace palloscope::gui
