// MapRenderer: draws a MapImage into a texture with one full-screen triangle. Cost depends on the number of pixels
// only.
#pragma once

#include "core/base/result.h"
#include "gui/map_surface.h"

namespace palloscope::gui {

class MapRenderer final : public MapSurface {
 public:
  // Needs a current GL 3.3 core context (or GLES 3.0); an Error carries the driver's own words.
  static core::Result<MapRenderer> create();

  MapRenderer(MapRenderer&& other) noexcept;
  MapRenderer& operator=(MapRenderer&&) = delete;
  ~MapRenderer() override;

  std::uint64_t draw(const MapImage& image, const MapColours& colours) override;

 private:
  MapRenderer() = default;
  void resize_target(int width, int height);

  unsigned program_ = 0, vertex_array_ = 0, framebuffer_ = 0;
  unsigned target_ = 0, texels_ = 0, lines_ = 0;  // textures
  int target_width_ = 0, target_height_ = 0;
};

}  // namespace palloscope::gui
