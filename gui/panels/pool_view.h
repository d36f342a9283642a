// The pool as a grid, from a million buffers in one picture to single labelled cells: zoom, scroll, mouse, the clock
// hand, and what the last step changed. Layout and image come from gui/layout; the image is drawn by a shader.
#pragma once

#include <optional>
#include <vector>

#include "gui/layout/pool_grid.h"
#include "gui/panels/pool_scene.h"
#include "gui/pool_surface.h"

namespace palloscope::gui {

class PoolView {
 public:
  // The whole content region of the current child window.
  void draw(const PoolScene& scene);
  void zoom(int steps) { wanted_steps_ += steps; }  // positive: nearer
  void fit() { fitted_ = true; }
  // So near that single buffers have their labels.
  void look_at(std::uint32_t place) { wanted_near_ = place; }
  // Places of the grid that are one row apart.
  std::uint32_t per_row() const { return grid_.per_row(); }
  const PoolGrid& grid() const { return grid_; }
  // Tiles that the last frame had to make; for tests and measurements.
  std::size_t tiles_made() const { return tiles_made_; }

 private:
  struct ImageKey {
    std::uint64_t generation = 0;
    PoolZoom zoom;
    std::uint32_t columns = 0, first = 0, end = 0;
    PoolMode mode = PoolMode::State;
    bool same_but_generation(const ImageKey& other) const {
      ImageKey at_once = other;
      at_once.generation = generation;
      return *this == at_once;
    }
    friend bool operator==(const ImageKey&, const ImageKey&) = default;
  };

  void choose_zoom(const PoolScene& scene, ImVec2 room);
  void handle_mouse(const PoolScene& scene, ImVec2 origin, ImVec2 room);
  void draw_picture(const PoolScene& scene, ImVec2 at, ImVec2 room);
  void draw_cells(const PoolScene& scene, ImVec2 at, ImVec2 room) const;
  void draw_cell(const PoolScene& scene, std::uint32_t place, ImVec2 low, ImVec2 high) const;
  void draw_marks(const PoolScene& scene, ImVec2 at, ImVec2 room) const;
  void draw_gutter(const PoolScene& scene, ImVec2 at, ImVec2 room) const;

  PoolGrid grid_;
  std::vector<PoolZoom> zooms_;
  std::size_t zoom_ = 0;
  bool fitted_ = true;
  int wanted_steps_ = 0;
  std::optional<std::uint32_t> wanted_near_;
  std::optional<std::uint32_t> anchor_;  // stays where it is while the zoom changes
  float anchor_y_ = 0;
  float scroll_ = 0, gutter_ = 0;
  std::optional<std::uint32_t> revealed_;

  std::optional<ImageKey> painted_;
  std::optional<PoolColours> coloured_;
  PoolImage image_;
  std::uint64_t texture_ = 0;
  std::size_t tiles_made_ = 0;
};

}  // namespace palloscope::gui
