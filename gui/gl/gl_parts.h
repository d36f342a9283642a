// What the renderers of pictures share: shader programs, integer textures, and leaving OpenGL's state as it was.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "gui/map_surface.h"

namespace palloscope::gui {

// Linked from embedded shaders; an Error carries the driver's own words.
core::Result<unsigned> make_program(std::string_view vertex_path, std::string_view fragment_path);

unsigned make_integer_texture();

void set_uniform(unsigned program, const char* name, const Rgb& colour);
void set_uniform(unsigned program, const char* name, int value);
void set_uniform(unsigned program, const char* name, float value);

// A texture to draw into; made when it is first used.
struct DrawTarget {
  unsigned texture = 0;
  int width = 0, height = 0;
  void resize(int new_width, int new_height);
};

// The caller draws ImGui with its own state; whatever is changed between construction and end is put back.
class SavedGlState {
 public:
  SavedGlState();
  SavedGlState(const SavedGlState&) = delete;
  SavedGlState& operator=(const SavedGlState&) = delete;
  ~SavedGlState();

 private:
  int framebuffer_ = 0, viewport_[4] = {}, program_ = 0, vertex_array_ = 0;
  bool scissor_ = false, blend_ = false;
};

}  // namespace palloscope::gui
