// One frame of the window with the buffers panel alone in it, against the number of buffers: everything that the
// processor does for it, without a graphics card. Neither standing still nor a step may depend on the pool. Beside
// them the same frame of an open document without a pool: what the window costs by itself.
//
//   build/palloscope_bench --benchmark_filter=pool_panel
#include <benchmark/benchmark.h>
#include <imgui.h>

#include <cstdint>

#include "gui/app.h"
#include "gui/pool_surface.h"
#include "tests/support/pool_events.h"

namespace {

using namespace palloscope;
using namespace palloscope::gui;

constexpr std::uint32_t kSteps = 512;

class NoCard final : public PoolSurface {
 public:
  std::uint64_t draw_pool(const PoolImage& image, const PoolColours&) override {
    benchmark::DoNotOptimize(image.texels.data());
    return 1;
  }
};

struct Window {
  App app;
  NoCard card;
  EventNumber filled = 0;

  Window(std::uint32_t buffers, int width, int height) {
    ImGuiIO& io = ImGui::GetIO();
    io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
    io.DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
    app.set_pool_surface(&card);
    Session& session = app.session();
    session.preferences.motion = false;
    Document document{.timeline = trace::Timeline::recording({})};
    core::EventSink& sink = document.timeline.sink();
    if (buffers == 0) sink.emit(core::Output{"no pool"});
    if (buffers != 0)
      for (const core::EventBody& event : test::filled_pool(buffers, 1)) sink.emit(event);
    filled = document.timeline.size();
    for (std::uint32_t i = 0; buffers != 0 && i < kSteps; ++i)
      sink.emit(core::ClockTicked{{i % buffers}, core::ClockVerdict::Spared, 0, (i + 1) % buffers, i / buffers});
    document.timeline.seek(document.timeline.size());
    session.document.emplace(std::move(document));
    session.document->serial = ++session.documents_opened;
    apply(session, ShowPanel{"buffers"});
    session.preferences.workspace.full_screen = "buffers";
    // Until all cells have been read.
    for (int i = 0; i < 30; ++i) frame();
  }
  void frame() {
    ImGui::GetIO().DeltaTime = 1.0f / 60;
    app.frame();
    for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
      if (texture->Status == ImTextureStatus_OK) continue;
      const bool gone = texture->Status == ImTextureStatus_WantDestroy;
      texture->SetTexID(gone ? ImTextureID_Invalid : 1);
      texture->SetStatus(gone ? ImTextureStatus_Destroyed : ImTextureStatus_OK);
    }
  }
};

void pool_panel_still(benchmark::State& bench) {
  Window window(static_cast<std::uint32_t>(bench.range(0)), 1920, 1080);
  for (auto _ : bench) window.frame();
}
BENCHMARK(pool_panel_still)->Arg(0)->Arg(16)->Arg(16'384)->Arg(1'048'576)->Unit(benchmark::kMicrosecond);

// So near that buffers are drawn with their words.
void pool_panel_near(benchmark::State& bench) {
  Window window(static_cast<std::uint32_t>(bench.range(0)), 1920, 1080);
  for (int zoom = 0; zoom < 20; ++zoom) {
    for (const bool down : {true, false}) {
      ImGui::GetIO().AddKeyEvent(ImGuiKey_Equal, down);
      window.frame();
    }
  }
  for (auto _ : bench) window.frame();
}
BENCHMARK(pool_panel_near)->Arg(16)->Arg(16'384)->Arg(1'048'576)->Unit(benchmark::kMicrosecond);

// A step forward or back before every frame.
void pool_panel_step(benchmark::State& bench) {
  Window window(static_cast<std::uint32_t>(bench.range(0)), 1920, 1080);
  trace::Timeline& timeline = window.app.session().document->timeline;
  int by = -1;
  for (auto _ : bench) {
    if (timeline.cursor() == timeline.size()) by = -1;
    if (timeline.cursor() == window.filled) by = 1;
    apply(window.app.session(), Step{by});
    window.frame();
  }
}
BENCHMARK(pool_panel_step)->Arg(16)->Arg(16'384)->Arg(1'048'576)->Unit(benchmark::kMicrosecond);

}  // namespace
