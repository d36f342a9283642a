// One frame of the window with the buffers panel alone in it, against the number of buffers: everything that the
// processor does for it, without a graphics card. Neither standing still nor a step may depend on the pool. Beside
// them the same frame of an open document without a pool: what the window costs by itself.
//
//   build/palloscope_bench --benchmark_filter=pool_panel
#include <benchmark/benchmark.h>
#include <imgui.h>

#include <cstdint>

#include "tests/bench/bench_window.h"
#include "tests/support/pool_events.h"

namespace {

using namespace palloscope;
using namespace palloscope::gui;

constexpr std::uint32_t kSteps = 512;

struct Window : bench::BenchWindow {
  EventNumber filled = 0;

  Window(std::uint32_t buffers, int width, int height) : BenchWindow(width, height) {
    Document document{.timeline = trace::Timeline::recording({})};
    core::EventSink& sink = document.timeline.sink();
    if (buffers == 0) sink.emit(core::Output{"no pool"});
    if (buffers != 0)
      for (const core::EventBody& event : test::filled_pool(buffers, 1)) sink.emit(event);
    filled = document.timeline.size();
    for (std::uint32_t i = 0; buffers != 0 && i < kSteps; ++i)
      sink.emit(core::ClockTicked{{i % buffers}, core::ClockVerdict::Spared, 0, (i + 1) % buffers, i / buffers});
    document.timeline.seek(document.timeline.size());
    show(std::move(document));
    apply(session(), ShowPanel{"buffers"});
    session().preferences.workspace.full_screen = "buffers";
    frames(30);  // until all cells have been read
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
  for (int zoom = 0; zoom < 20; ++zoom) window.press(ImGuiKey_Equal);
  for (auto _ : bench) window.frame();
}
BENCHMARK(pool_panel_near)->Arg(16)->Arg(16'384)->Arg(1'048'576)->Unit(benchmark::kMicrosecond);

// A step forward or back before every frame.
void pool_panel_step(benchmark::State& bench) {
  Window window(static_cast<std::uint32_t>(bench.range(0)), 1920, 1080);
  trace::Timeline& timeline = window.session().document->timeline;
  int by = -1;
  for (auto _ : bench) {
    if (timeline.cursor() == timeline.size()) by = -1;
    if (timeline.cursor() == window.filled) by = 1;
    apply(window.session(), Step{by});
    window.frame();
  }
}
BENCHMARK(pool_panel_step)->Arg(16)->Arg(16'384)->Arg(1'048'576)->Unit(benchmark::kMicrosecond);

}  // namespace
