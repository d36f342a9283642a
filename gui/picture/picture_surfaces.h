// The surfaces of map and buffer pool for pictures that no GPU draws: remembers what was asked for, passes it on to the
// GPU where there is one, and shades it by itself when a picture is taken: pixel by pixel what the shaders of
// shaders/block_map.frag and pool_grid.frag do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "gui/map_surface.h"
#include "gui/picture/picture.h"
#include "gui/pool_surface.h"

namespace palloscope::gui {

Picture shade_map(const MapImage& image, const MapColours& colours);
Picture shade_pool(const PoolImage& image, const PoolColours& colours);
Picture upside_down(const Picture& picture);

class PictureSurfaces final : public MapSurface, public PoolSurface {
 public:
  void set_gpu(MapSurface* map) { gpu_map_ = map; }
  void set_gpu(PoolSurface* pool) { gpu_pool_ = pool; }
  bool has_gpu_map() const { return gpu_map_ != nullptr; }
  bool has_gpu_pool() const { return gpu_pool_ != nullptr; }

  std::uint64_t draw(const MapImage& image, const MapColours& colours, int picture) override;
  std::uint64_t draw_pool(const PoolImage& image, const PoolColours& colours) override;

  // Behind a number that draw() or draw_pool() answered, bottom row first as OpenGL has it; null: none.
  const Picture* picture(std::uint64_t texture);

 private:
  struct Kept {
    std::optional<MapImage> map;
    std::optional<PoolImage> pool;
    MapColours map_colours;
    PoolColours pool_colours;
    std::optional<Picture> shaded;  // made when it is asked for
  };
  MapSurface* gpu_map_ = nullptr;
  PoolSurface* gpu_pool_ = nullptr;
  std::map<std::uint64_t, Kept> kept_;  // by texture number
};

}  // namespace palloscope::gui
