// PoolSurface: where the picture of a large buffer pool becomes pixels. The panel makes a PoolImage and colours; gui/gl
// draws them with a shader; headless tests have none and show no picture. No GL here.
#pragma once

#include <array>
#include <cstdint>

#include "gui/layout/pool_image.h"
#include "gui/map_surface.h"

namespace palloscope::gui {

inline constexpr int kPoolTintCount = 32;

struct PoolColours {
  Rgb ground, ink;
  std::array<Rgb, kPoolTintCount> tints{};
  friend bool operator==(const PoolColours&, const PoolColours&) = default;
};

class PoolSurface {
 public:
  virtual ~PoolSurface() = default;
  // Draws the image, a tile `image.pitch_px` wide and high, and answers the texture's number for ImGui (0: nothing
  // could be drawn). The texture is image.columns x image.rows tiles and stays as it is until the next call.
  virtual std::uint64_t draw_pool(const PoolImage& image, const PoolColours& colours) = 0;
};

}  // namespace palloscope::gui
