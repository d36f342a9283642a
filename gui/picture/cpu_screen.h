// CpuScreen: the program drawn without a display and without OpenGL. The same bytes on every machine, as long as the
// App has only its own fonts.
#pragma once

#include <string>
#include <string_view>

#include "gui/picture/picture.h"

namespace palloscope::gui {

class App;

// A renderer's part, where there is none: the atlas is where it is, nothing has to be brought anywhere. After each
// frame.
void answer_texture_requests();

class CpuScreen {
 public:
  CpuScreen(App& app, int width, int height);

  // Draws so many frames, 1/60 s apart, without making pixels.
  void frames(int count);
  // Frames until nothing moves any more (at most `most`), and the last as a picture, or as SVG (of one panel, if
  // named).
  Picture settled(int most = 40);
  std::string settled_svg(const std::string& title, std::string_view panel = {}, int most = 40);

 private:
  void settle(int most);
  App& app_;
};

}  // namespace palloscope::gui
