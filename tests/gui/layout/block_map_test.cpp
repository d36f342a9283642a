// The block map's pure parts against the slow and obvious way: byte by byte.
#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "core/mcxt/process.h"
#include "core/version/version_profile.h"
#include "gui/layout/block_index.h"
#include "gui/layout/block_map_layout.h"
#include "gui/layout/map_image.h"
#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "trace/replay/timeline.h"

using namespace palloscope;
using namespace palloscope::core;
using namespace palloscope::gui;

namespace {

const VersionProfile& profile() { return *find_profile(17, false); }

// One AllocSet with a keeper of 8 kB and `chunks` chunks of random classes, every third one freed again.
struct Heap {
  trace::MemoryState state;
  BlockSlot keeper{0};

  Heap(unsigned seed, int chunks, std::uint64_t bytes = 8192) {
    std::mt19937 random(seed);
    const Address base{0x1000};
    state.apply(Malloc{keeper, base, bytes});
    ContextCreated created;
    created.context = {0};
    created.region = keeper;
    created.at = base;
    created.name = "heap";
    state.apply(created);
    state.apply(BlockAdded{keeper, {0}, BlockRole::Keeper, BlockPosition::Head, base + 200, base + 240, bytes});
    Address at = base + 240;
    for (int i = 0; i < chunks; ++i) {
      const auto size_class = static_cast<std::uint8_t>(random() % 5);
      const std::uint64_t granted = 8ull << size_class, requested = 1 + random() % granted;
      if (at + 8 + granted > base + bytes) break;
      state.apply(ChunkAllocated{{static_cast<std::uint32_t>(i)}, keeper, at + 8, requested, granted, size_class});
      at = at + 8 + granted;
      if (i % 3 == 0) state.apply(ChunkFreed{{static_cast<std::uint32_t>(i)}});
    }
  }
};

MapPaint plain_paint(const BlockIndex& index) {
  return {[&index](BlockSlot) -> const BlockIndex& { return index; },
          {},
          [](BlockSlot, ChunkSlot) { return std::uint8_t{3}; },
          [](BlockSlot, ChunkSlot) { return std::uint8_t{0}; }};
}

}  // namespace

TEST_CASE("what a range of bytes stands for is the sum of what each of its bytes stands for") {
  Heap heap(5, 60);
  REQUIRE(heap.state.faults().empty());
  BlockIndex index(heap.state, heap.keeper, profile());
  std::mt19937 random(9);
  for (int trial = 0; trial < 300; ++trial) {
    const std::uint64_t begin = random() % 8192, end = begin + random() % (8193 - begin);
    ByteMix expected;
    for (std::uint64_t at = begin; at < end; ++at) ++expected[index.span_at(at).use];
    CHECK(index.mix(begin, end) == expected);
  }
}

TEST_CASE("every byte of a block lies in exactly the span that is found for it") {
  Heap heap(6, 40);
  BlockIndex index(heap.state, heap.keeper, profile());
  CHECK(index.span_at(0).use == ByteUse::ContextHeader);
  CHECK(index.span_at(210).use == ByteUse::BlockHeader);
  CHECK(index.span_at(8191).use == ByteUse::Tail);
  std::uint64_t at = 0;
  while (at < 8192) {
    const ByteSpan span = index.span_at(at);
    REQUIRE(span.begin == at);
    REQUIRE(span.end > at);
    at = span.end;
  }
  CHECK(at == 8192);
}

TEST_CASE("the place of a byte on the map leads back to the byte") {
  Heap heap(7, 60);
  for (double scale : {0.125, 1.0, 7.5, 64.0}) {
    MapView view;
    view.bytes_per_px = scale;
    view.width_px = 333;
    BlockMapLayout layout(heap.state, view);
    for (std::uint64_t offset = 0; offset < 8192; offset += 97) {
      auto point = layout.find(heap.keeper, offset);
      REQUIRE(point);
      auto place = layout.at(point->x + 0.01 / scale, point->y + 1);
      REQUIRE(place);
      const auto error = static_cast<std::int64_t>(place->offset) - static_cast<std::int64_t>(offset);
      CHECK(std::abs(static_cast<double>(error)) <= scale + 1);
    }
  }
}

TEST_CASE("the rows of a lane show every byte of its blocks once") {
  Heap heap(8, 60);
  MapView view;
  view.bytes_per_px = 3.7;
  view.width_px = 200;
  BlockMapLayout layout(heap.state, view);
  REQUIRE(layout.lanes().size() == 1);
  std::uint64_t next = 0;
  for (std::uint64_t row = 0; row < layout.lanes()[0].row_count; ++row)
    for (const MapSpan& span : layout.spans(layout.lanes()[0], row)) {
      CHECK(span.begin == next);
      CHECK(span.x1 <= 200.001);
      next = span.end;
    }
  CHECK(next == 8192);
}

TEST_CASE("the map's image is as large as the panel, whatever lies in the heap") {
  for (int chunks : {10, 10'000}) {
    Heap heap(9, chunks, 1 << 20);
    BlockIndex index(heap.state, heap.keeper, profile());
    MapView view;
    view.width_px = 256;
    view.bytes_per_px = BlockMapLayout::fitting_bytes_per_px(1 << 20, view.width_px, 8);
    BlockMapLayout layout(heap.state, view);
    MapImage image = paint_map(layout, heap.state, plain_paint(index), 0, 300);
    CHECK(image.lines.size() == 300);
    CHECK(image.texels.size() == static_cast<std::size_t>(image.rows) * 256);
    CHECK(image.rows >= 8);
    CHECK(image.rows <= 12);
  }
}

TEST_CASE("zoomed out, a column of the map shows the mix of what it stands for") {
  Heap heap(10, 200'000, 4 << 20);
  BlockIndex index(heap.state, heap.keeper, profile());
  MapView view;
  view.width_px = 100;
  view.bytes_per_px = (4 << 20) / 100.0;
  BlockMapLayout layout(heap.state, view);
  MapImage image = paint_map(layout, heap.state, plain_paint(index), 0, 60);
  REQUIRE(image.rows == 1);
  const ByteMix whole = index.mix(0, 4 << 20);
  double live = 0, free = 0;
  for (const MapTexel& texel : image.texels) {
    live += texel.live / 255.0;
    free += texel.free / 255.0;
    CHECK((texel.marks & kMarkChunkEdge) == 0);
  }
  CHECK(live == Approx(100.0 * static_cast<double>(whole[ByteUse::Live]) / (4 << 20)).epsilon(0.05));
  CHECK(free == Approx(100.0 * static_cast<double>(whole[ByteUse::Free]) / (4 << 20)).epsilon(0.05));
}

TEST_CASE("every kind's chunk headers have their size on the map, and a freed Generation chunk is of no more use") {
  for (int major : {15, 16, 17}) {
    for (bool checking : {false, true}) {
      if (find_profile(major, checking) == nullptr) continue;
      INFO("PostgreSQL " << major << (checking ? ", checking" : ""));
      const VersionProfile& rules = *find_profile(major, checking);
      auto timeline = trace::Timeline::recording({SourceKind::Scenario, major, checking, "map", ""});
      Process process(rules, timeline.sink());
      const Address top = process.top_memory_context();
      const Address set = process.alloc_set_context_create(top, "set");
      const Address generation = process.generation_context_create(top, "generation");
      const Address slab = process.slab_context_create(top, "slab", 8192, 100);
      for (Address context : {set, generation, slab}) {
        process.memory_context_alloc(context, 100);
        process.pfree(process.memory_context_alloc(context, 100));
      }
      timeline.seek(timeline.size());
      const trace::MemoryState& state = timeline.state();
      const std::uint64_t header[] = {rules.alloc_set.chunk_bytes, rules.generation.chunk_bytes,
                                      rules.slab.chunk_bytes};
      for (const trace::ContextRecord& context : state.contexts()) {
        if (context.born == 0 || context.live_chunk_count != 1) continue;
        const auto kind = static_cast<std::size_t>(context.kind);
        INFO(context.name);
        const BlockIndex index(state, context.first_block, rules);
        const ByteMix mix = index.mix(0, index.size_bytes());
        CHECK(mix[ByteUse::ChunkHeader] == 2 * header[kind]);
        CHECK((mix[ByteUse::Dead] > 0) == (context.kind == ContextKind::Generation));
        CHECK((mix[ByteUse::Free] > 0) == (context.kind != ContextKind::Generation));
      }
    }
  }
}

namespace {

// A recording of random operations, as many blocks of as many owners as there may be.
trace::Timeline random_recording(std::uint64_t seed, int events) {
  auto timeline = trace::Timeline::recording({SourceKind::Recording, 17, false, "map", ""});
  test::RandomStream stream(seed, {.live_chunks = 300, .contexts = 25, .dump_events = false, .resets = 0.05});
  for (int i = 0; i < events; ++i) timeline.sink().emit(stream.next());
  timeline.seek(timeline.size() / 2);
  return timeline;
}

std::vector<BlockSlot> changed_by(const trace::ChangeSet& change) {
  std::vector<BlockSlot> blocks;
  for (const auto& [block, old] : change.blocks) blocks.push_back(block);
  return blocks;
}

// All that a layout tells.
std::string told(const BlockMapLayout& layout) {
  std::string text;
  for (const MapLane& lane : layout.lanes()) {
    text += fmt::format("lane {} {} at {} {} bytes {}\n", static_cast<int>(lane.owner), lane.context.value, lane.top_px,
                        lane.row_count, lane.bytes);
    for (std::uint64_t row = 0; row < lane.row_count; ++row)
      for (const MapSpan& span : layout.spans(lane, row))
        text += fmt::format("  {} {:.6f} {:.6f} {} {}\n", span.block.value, span.x0, span.x1, span.begin, span.end);
  }
  return text;
}

}  // namespace

TEST_CASE("a layout that follows steps is the one that is made anew, on and back, in every view") {
  trace::Timeline timeline = random_recording(31, 4000);
  for (const bool packed : {false, true})
    for (const double scale : {40.0, 3000.0, 60'000.0}) {
      MapView view;
      view.packed = packed;
      view.width_px = 200;
      view.bytes_per_px = scale;
      timeline.seek(timeline.size() / 2);
      BlockMapLayout layout(timeline.state(), view);
      std::mt19937 random(5);
      int moved = 0;
      for (int step = 0; step < 300; ++step) {
        timeline.seek(random() % 3 == 0 ? timeline.cursor() - 1 : timeline.cursor() + 1 + random() % 4);
        REQUIRE(timeline.last_change().known);
        if (layout.follow(timeline.state(), changed_by(timeline.last_change()))) ++moved;
        if (step % 10 == 0) REQUIRE(told(layout) == told(BlockMapLayout(timeline.state(), view)));
      }
      CHECK(moved > 10);
      view.bytes_per_px /= 3;
      layout.arrange(view);
      CHECK(told(layout) == told(BlockMapLayout(timeline.state(), view)));
    }
}

TEST_CASE("rows painted anew after a step make the image that is painted as a whole") {
  trace::Timeline timeline = random_recording(32, 3000);
  MapView view;
  view.packed = true;
  view.width_px = 120;
  view.bytes_per_px = 150;
  BlockMapLayout layout(timeline.state(), view);
  BlockIndex index;
  const MapPaint paint{
      [&](BlockSlot block) -> const BlockIndex& { return index = BlockIndex(timeline.state(), block, profile()); },
      [&](BlockSlot block) { return BlockIndex::outline(timeline.state(), block, profile()); },
      [](BlockSlot block, ChunkSlot) { return static_cast<std::uint8_t>(block.value % 8); },
      [](BlockSlot, ChunkSlot) { return std::uint8_t{0}; }};
  MapImage image = paint_map(layout, timeline.state(), paint, 0, 400);
  REQUIRE(image.rows > 5);
  int repainted = 0;
  for (int step = 0; step < 200; ++step) {
    timeline.seek(timeline.cursor() + 1);
    std::vector<BlockSlot> changed = changed_by(timeline.last_change());
    if (layout.follow(timeline.state(), changed)) {
      image = paint_map(layout, timeline.state(), paint, 0, 400);
      continue;
    }
    for (const auto& [chunk, old] : timeline.last_change().chunks)
      if (const trace::ChunkRecord* now = timeline.state().chunk(chunk)) changed.push_back(now->block);
    repaint_map(image, layout, timeline.state(), paint, changed);
    REQUIRE(image.texels == paint_map(layout, timeline.state(), paint, 0, 400).texels);
    ++repainted;
  }
  CHECK(repainted > 50);
}

TEST_CASE("a block's outline has the block's headers and tail, and of chunks the right sum") {
  trace::Timeline timeline = random_recording(33, 3000);
  const trace::MemoryState& state = timeline.state();
  int looked = 0;
  for (std::uint32_t i = 0; i < state.blocks().size(); ++i) {
    const trace::BlockRecord* block = state.block({i});
    if (block == nullptr || block->bytes == 0) continue;
    const ByteMix whole = BlockIndex(state, {i}, profile()).mix(0, block->bytes);
    const BlockIndex outline = BlockIndex::outline(state, {i}, profile());
    CHECK(outline.is_outline() == block->linked());
    const ByteMix mix = outline.mix(0, block->bytes);
    std::uint64_t sum = 0;
    for (std::uint64_t bytes : mix.bytes) sum += bytes;
    CHECK(sum == block->bytes);
    for (const ByteUse use : {ByteUse::ContextHeader, ByteUse::BlockHeader, ByteUse::Plain, ByteUse::Recycled})
      CHECK(mix[use] == whole[use]);
    if (block->chunk_count == 0 && block->linked()) CHECK(mix[ByteUse::Tail] == whole[ByteUse::Tail]);
    looked += block->linked() ? 1 : 0;
  }
  CHECK(looked > 20);
}
