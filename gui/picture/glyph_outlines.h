// The outline of a glyph that ImGui drew as a piece of its atlas, found by where in the atlas it lies.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

struct ImVec2;

namespace palloscope::gui {

class GlyphOutlines {
 public:
  GlyphOutlines();  // of all fonts and sizes that the present atlas has
  ~GlyphOutlines();
  GlyphOutlines(const GlyphOutlines&) = delete;
  GlyphOutlines& operator=(const GlyphOutlines&) = delete;

  struct Glyph {
    int number = 0;               // the same for the same outline
    float width = 0, height = 0;  // of its piece of the atlas, as drawn at its own size
  };
  // The upper left corner of its piece of the atlas; none: there is no glyph.
  std::optional<Glyph> at(const ImVec2& uv) const;
  // SVG path data, in pixels from the piece's upper left corner.
  std::string path(int number) const;

 private:
  struct Fonts;
  struct Place {
    const void* baked;
    int glyph;
    int number;
  };
  std::map<std::pair<float, float>, Place> places_;  // by u, v
  std::map<int, Place> by_number_;
  Fonts* fonts_;
};

}  // namespace palloscope::gui
