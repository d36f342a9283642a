// BenchWindow: the window without a window system and without a graphics card: everything that the processor does for a
// frame is done, the pictures that a card would draw are only taken.
#pragma once

#include <cstdint>

#include "gui/app.h"
#include "gui/map_surface.h"
#include "gui/pool_surface.h"

namespace palloscope::bench {

class BenchWindow {
 public:
  BenchWindow(int width, int height);

  gui::App& app() { return app_; }
  gui::Session& session() { return app_.session(); }
  // What is shown from now on.
  void show(gui::Document document);
  void frame();
  // Until nothing is read in slices any more, at most so many.
  void frames(int count);
  void press(int imgui_key);

 private:
  class NoCard final : public gui::MapSurface, public gui::PoolSurface {
   public:
    std::uint64_t draw(const gui::MapImage& image, const gui::MapColours& colours, int picture) override;
    std::uint64_t draw_pool(const gui::PoolImage& image, const gui::PoolColours& colours) override;

   private:
    const void* volatile taken_ = nullptr;  // so that nothing is left out
  };

  gui::App app_;
  NoCard card_;
};

}  // namespace palloscope::bench
