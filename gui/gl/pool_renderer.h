// PoolRenderer: draws a PoolImage into a texture with one full-screen triangle. Cost depends on the number of pixels
// only.
#pragma once

#include "core/base/result.h"
#include "gui/gl/gl_parts.h"
#include "gui/pool_surface.h"

namespace palloscope::gui {

class PoolRenderer final : public PoolSurface {
 public:
  // Needs a current GL 3.3 core context (or GLES 3.0).
  static core::Result<PoolRenderer> create();

  PoolRenderer(PoolRenderer&& other) noexcept;
  PoolRenderer& operator=(PoolRenderer&&) = delete;
  ~PoolRenderer() override;

  std::uint64_t draw_pool(const PoolImage& image, const PoolColours& colours) override;

 private:
  PoolRenderer() = default;

  unsigned program_ = 0, vertex_array_ = 0, framebuffer_ = 0, texels_ = 0;
  DrawTarget target_;
};

}  // namespace palloscope::gui
