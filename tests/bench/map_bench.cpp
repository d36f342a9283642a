// The block map's cost against the number of chunks: the image itself (every frame in which something changed) must not
// depend on it; the index of a block (once after the block changed) does.
#include <benchmark/benchmark.h>

#include "gui/layout/block_index.h"
#include "gui/layout/block_map_layout.h"
#include "gui/layout/map_image.h"

namespace {

using namespace palloscope;
using namespace palloscope::core;
using namespace palloscope::gui;

// One AllocSet of 8 MB blocks filled with chunks of 104 bytes, every third one freed.
struct Heap {
  trace::MemoryState state;
  std::uint64_t bytes = 0;

  explicit Heap(std::uint32_t chunks) {
    ContextCreated created;
    created.context = {0};
    created.at = Address{0x1000};
    created.name = "heap";
    std::uint32_t block = 0;
    Address at, end;
    for (std::uint32_t i = 0; i < chunks; ++i) {
      if (at + 136 > end) {
        const Address base{0x10'0000'0000 + std::uint64_t{block} * 0x100'0000};
        state.apply(Malloc{{block}, base, 8 << 20});
        bytes += 8 << 20;
        if (block == 0) {
          created.region = {0};
          created.at = base;
          state.apply(created);
        }
        BlockAdded added;
        added.block = {block};
        added.context = {0};
        added.role = block == 0 ? BlockRole::Keeper : BlockRole::Ordinary;
        added.header = base + (block == 0 ? 200 : 0);
        added.free_start = added.header + 40;
        added.accounted_bytes = 8 << 20;
        state.apply(added);
        at = added.free_start;
        end = base + (8 << 20);
        ++block;
      }
      state.apply(ChunkAllocated{{i}, {block - 1}, at + 8, 104, 128, 4});
      at = at + 136;
      if (i % 3 == 0) state.apply(ChunkFreed{{i}});
    }
  }
};

void map_image(benchmark::State& bench) {
  const Heap heap(static_cast<std::uint32_t>(bench.range(0)));
  const VersionProfile& profile = *find_profile(17, false);
  std::vector<BlockIndex> indices;
  for (std::uint32_t i = 0; i < heap.state.blocks().size(); ++i)
    indices.emplace_back(heap.state, BlockSlot{i}, profile);
  MapView view;
  view.width_px = 1400;
  view.bytes_per_px = BlockMapLayout::fitting_bytes_per_px(heap.bytes, view.width_px, 30);
  const BlockMapLayout layout(heap.state, view);
  const MapPaint paint{[&](BlockSlot block) -> const BlockIndex& { return indices[block.value]; },
                       {},
                       [](BlockSlot, ChunkSlot) { return std::uint8_t{3}; },
                       [](BlockSlot, ChunkSlot) { return std::uint8_t{0}; }};
  for (auto _ : bench) benchmark::DoNotOptimize(paint_map(layout, heap.state, paint, 0, 900));
  bench.counters["faults"] = static_cast<double>(heap.state.fault_count());
}
BENCHMARK(map_image)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void index_of_a_touched_block(benchmark::State& bench) {
  const Heap heap(static_cast<std::uint32_t>(bench.range(0)));
  const VersionProfile& profile = *find_profile(17, false);
  for (auto _ : bench) benchmark::DoNotOptimize(BlockIndex(heap.state, BlockSlot{0}, profile));
}
BENCHMARK(index_of_a_touched_block)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
