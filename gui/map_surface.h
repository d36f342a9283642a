// MapSurface: where the block map's image becomes pixels. The panel makes a MapImage and colours; gui/gl draws them
// with a shader; headless tests have none and show no map picture. No GL here.
#pragma once

#include <array>
#include <cstdint>

#include "gui/layout/map_image.h"

namespace palloscope::gui {

struct Rgb {
  float r = 0, g = 0, b = 0;
  friend bool operator==(const Rgb&, const Rgb&) = default;
};

inline constexpr int kMapTintCount = 32;

struct MapColours {
  Rgb ground, ink, header, changed_new, changed_freed, selection;
  std::array<Rgb, kMapTintCount> tints{};
  float scale = 1;  // size of patterns and outlines
  friend bool operator==(const MapColours&, const MapColours&) = default;
};

class MapSurface {
 public:
  virtual ~MapSurface() = default;
  // Draws the image and answers the texture's number for ImGui (0: nothing could be drawn). The texture has the size of
  // image.width x image.lines.size() and stays as it is until the next call for the same picture (0 to 15).
  virtual std::uint64_t draw(const MapImage& image, const MapColours& colours, int picture = 0) = 0;
};

}  // namespace palloscope::gui
