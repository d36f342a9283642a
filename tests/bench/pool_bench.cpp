// The buffer pool's picture against the number of buffers: a step (every frame of play) must not depend on it; reading
// everything again after a jump does, and is done in slices of kCellsPerFrame buffers.
#include <benchmark/benchmark.h>

#include "gui/layout/pool_grid.h"
#include "gui/layout/pool_image.h"
#include "tests/support/pool_events.h"
#include "trace/replay/memory_state.h"

namespace {

using namespace palloscope;
using namespace palloscope::gui;

struct Pool {
  trace::MemoryState state;
  PoolCells cells;
  PoolGrid grid;
  PoolGrid::Rows rows;

  explicit Pool(std::uint32_t buffers) {
    for (const core::EventBody& event : test::filled_pool(buffers, 1)) state.apply(event);
    read_all();
    constexpr float kWidth = 1400, kHeight = 900;
    const auto zooms = pool_zooms(16, buffers);
    grid = PoolGrid(buffers, zooms[fitting_zoom(zooms, buffers, kWidth, kHeight)], kWidth, kHeight);
    rows = grid.rows_between(0, kHeight);
  }
  void read_all() {
    cells.begin(1, *state.server().shared_pool(), state.event_number());
    while (cells.advance(state.server(), 200'000)) {
    }
  }
};

void pool_step(benchmark::State& bench) {
  Pool pool(static_cast<std::uint32_t>(bench.range(0)));
  PoolImage image = paint_pool(pool.cells, pool.grid, pool.rows, PoolMode::State);
  const core::BufferSlot slot{pool.grid.buffers() / 2};
  const std::uint32_t place = slot.value;
  for (auto _ : bench) {
    pool.cells.touch(pool.state.server(), {&slot, 1}, pool.state.event_number());
    repaint_pool(image, pool.cells, pool.grid, pool.rows, PoolMode::State, {&place, 1});
    benchmark::DoNotOptimize(image.texels.data());
  }
}
BENCHMARK(pool_step)->Arg(16)->Arg(16'384)->Arg(1'048'576)->Unit(benchmark::kMicrosecond);

void pool_zoomed(benchmark::State& bench) {
  Pool pool(static_cast<std::uint32_t>(bench.range(0)));
  for (auto _ : bench) benchmark::DoNotOptimize(paint_pool(pool.cells, pool.grid, pool.rows, PoolMode::Relation));
}
BENCHMARK(pool_zoomed)->Arg(16)->Arg(16'384)->Arg(1'048'576)->Unit(benchmark::kMicrosecond);

void pool_jumped(benchmark::State& bench) {
  Pool pool(static_cast<std::uint32_t>(bench.range(0)));
  for (auto _ : bench) {
    pool.read_all();
    benchmark::DoNotOptimize(pool.cells.generation());
  }
}
BENCHMARK(pool_jumped)->Arg(16)->Arg(16'384)->Arg(1'048'576)->Unit(benchmark::kMicrosecond);

}  // namespace
