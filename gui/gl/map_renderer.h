// MapRenderer: draws a MapImage into a texture with one full-screen triangle. Cost depends on the number of pixels
// only.
#pragma once

#include <array>

#include "core/base/result.h"
#include "gui/gl/gl_parts.h"
#include "gui/map_surface.h"

namespace palloscope::gui {

class MapRenderer final : public MapSurface {
 public:
  // Needs a current GL 3.3 core context (or GLES 3.0); an Error carries the driver's own words.
  static core::Result<MapRenderer> create();

  MapRenderer(MapRenderer&& other) noexcept;
  MapRenderer& operator=(MapRenderer&&) = delete;
  ~MapRenderer() override;

  std::uint64_t draw(const MapImage& image, const MapColours& colours, int picture = 0) override;

 private:
  MapRenderer() = default;
  static constexpr int kPictures = 16;

  unsigned program_ = 0, vertex_array_ = 0, framebuffer_ = 0;
  unsigned texels_ = 0, lines_ = 0;  // textures
  std::array<DrawTarget, kPictures> targets_{};
};

}  // namespace palloscope::gui
