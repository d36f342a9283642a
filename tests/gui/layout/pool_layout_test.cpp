// The buffer pool's pictures: nothing lost, nothing twice, and after a step only what changed is made again.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "gui/layout/clock_layout.h"
#include "gui/layout/pool_grid.h"
#include "gui/layout/pool_image.h"
#include "gui/layout/pool_tint.h"
#include "gui/layout/state_word_lens.h"
#include "tests/support/catch.h"
#include "tests/support/pool_events.h"
#include "trace/replay/memory_state.h"

using namespace palloscope;
using namespace palloscope::gui;

namespace {

trace::MemoryState state_after(const std::vector<core::EventBody>& events) {
  trace::MemoryState state;
  for (const core::EventBody& event : events) state.apply(event);
  REQUIRE(state.fault_count() == 0);
  return state;
}

PoolCells cells_of(const trace::MemoryState& state) {
  PoolCells cells;
  cells.begin(1, *state.server().shared_pool(), state.event_number());
  while (cells.advance(state.server(), 1000)) {
  }
  return cells;
}

}  // namespace

TEST_CASE("at every zoom each buffer of a pool lies in a place of its own, and the place names it") {
  for (const std::uint32_t buffers : {1u, 16u, 17u, 1000u, 16'384u, 1'048'576u}) {
    const auto zooms = pool_zooms(16, buffers);
    for (std::size_t i = 0; i < zooms.size(); ++i) {
      const PoolGrid grid(buffers, zooms[i], 613, 411);
      INFO(buffers << " buffers, zoom " << i);
      REQUIRE(std::uint64_t{grid.rows()} * grid.per_row() >= buffers);
      for (std::uint32_t place = 0; place < buffers; place += 1 + buffers / 97) {
        const RectF cell = grid.rect(place);
        REQUIRE(cell.x + cell.width <= 613 + 0.5f);
        const auto found = grid.at(cell.x + cell.width / 2, cell.y + cell.height / 2);
        REQUIRE(found);
        REQUIRE(*found == place / grid.zoom().per_tile * grid.zoom().per_tile);
      }
      REQUIRE_FALSE(grid.at(-1, 0));
      REQUIRE_FALSE(grid.at(0, grid.height_px() + 1));
    }
  }
}

TEST_CASE("a pool of any size is in sight as a whole, small ones with their labels") {
  for (const std::uint32_t buffers : {4u, 16u, 256u, 16'384u, 1'048'576u}) {
    const auto zooms = pool_zooms(16, buffers);
    const std::size_t fitting = fitting_zoom(zooms, buffers, 640, 420);
    REQUIRE(PoolGrid(buffers, zooms[fitting], 640, 420).fits());
    if (buffers <= 16) REQUIRE(zooms[fitting].detail == PoolDetail::Full);
    if (buffers > 100'000) REQUIRE(zooms[fitting].per_tile > 1);
  }
}

TEST_CASE("scrolling to a buffer brings it wholly into sight and moves nothing that is there already") {
  const auto zooms = pool_zooms(16, 5000);
  const PoolGrid grid(5000, zooms.back(), 640, 420);
  const float scroll = grid.scroll_to(3210, 0, 420);
  const RectF cell = grid.rect(3210);
  REQUIRE(cell.y >= scroll);
  REQUIRE(cell.y + cell.height <= scroll + 420 + 0.5f);
  REQUIRE(grid.scroll_to(3210, scroll, 420) == scroll);
}

TEST_CASE("a tile tells the share of each state among its buffers, whatever it is coloured by") {
  const auto state = state_after(test::filled_pool(4096, 5));
  const PoolCells cells = cells_of(state);
  for (int mode = 0; mode < kPoolModeCount; ++mode) {
    for (std::uint32_t first = 0; first < 4096; first += 64) {
      const PoolTexel texel = paint_tile(cells, first, 64, static_cast<PoolMode>(mode));
      int counts[kLearnedStateCount] = {}, dirty = 0;
      for (std::uint32_t i = first; i < first + 64; ++i) {
        ++counts[static_cast<std::size_t>(learned_state(state.server().buffers[i].word))];
        dirty += state.server().buffers[i].dirty() ? 1 : 0;
      }
      REQUIRE(std::abs(texel.free * 64 - counts[0] * 255) <= 64);
      REQUIRE(std::abs(texel.clean * 64 - counts[1] * 255) <= 64);
      REQUIRE(std::abs(texel.dirty * 64 - dirty * 255) <= 64);
      REQUIRE(std::abs(texel.pinned * 64 - counts[3] * 255) <= 64);
      REQUIRE(texel.tint < kPoolTintCount);
    }
  }
}

TEST_CASE("after random changes the picture that was mended equals the picture that is made anew") {
  const std::uint64_t number = std::random_device{}();
  INFO("seed " << number);
  std::mt19937_64 random(number);
  auto state = state_after(test::filled_pool(3000, number));
  PoolCells cells = cells_of(state);
  const PoolZoom zoom{PoolDetail::Tiles, 4, 4, 4};
  const PoolGrid grid(3000, zoom, 300, 200);
  const PoolGrid::Rows rows = grid.rows_between(0, 200);
  for (int mode = 0; mode < static_cast<int>(PoolMode::Age); ++mode) {
    PoolImage image = paint_pool(cells, grid, rows, static_cast<PoolMode>(mode));
    for (int step = 0; step < 200; ++step) {
      const core::BufferSlot slot{static_cast<std::uint32_t>(random() % 3000)};
      const core::PageTag tag{1663, 5, static_cast<std::uint32_t>(16384 + random() % 12), 0, slot.value};
      const auto usage = static_cast<std::uint32_t>(random() % 6);
      const std::uint32_t word = core::buffer_bits::kTagValid | core::buffer_bits::kValid |
                                 usage << core::buffer_bits::kUsageShift |
                                 (random() % 2 != 0 ? core::buffer_bits::kDirty : 0);
      if (random() % 4 == 0 && state.server().buffers[slot.value].has_page())
        state.apply(core::BufferUntagged{slot, core::UntagReason::Evicted, 0});
      else
        state.apply(core::BufferTagged{slot, tag, word});
      REQUIRE(state.fault_count() == 0);
      cells.touch(state.server(), std::vector{slot}, state.event_number());
      repaint_pool(image, cells, grid, rows, static_cast<PoolMode>(mode), std::vector{slot.value});
    }
    REQUIRE(image.texels == paint_pool(cells, grid, rows, static_cast<PoolMode>(mode)).texels);
  }
  // The counts that the legend shows are kept too.
  std::uint32_t with_page = 0;
  for (const PoolRelation& relation : cells.relations()) with_page += relation.buffers;
  REQUIRE(with_page == state.server().shared_pool()->tagged);
}

TEST_CASE("the first relations have a colour each, and the legend counts their buffers") {
  const auto state = state_after(test::filled_pool(2000, 3, 12));
  const PoolCells cells = cells_of(state);
  const auto coloured = std::count_if(cells.relations().begin(), cells.relations().end(),
                                      [](const PoolRelation& relation) { return relation.tint >= 0; });
  REQUIRE(coloured == kRelationTints);
  const auto legend = pool_legend(cells, state.server(), PoolMode::Relation);
  REQUIRE(std::any_of(legend.begin(), legend.end(), [](const auto& row) { return row.key == "buffers.others"; }));
  for (int mode = 0; mode < kPoolModeCount; ++mode)
    for (const PoolLegendRow& row : pool_legend(cells, state.server(), static_cast<PoolMode>(mode)))
      REQUIRE(row.key.empty() != row.text.empty());
}

TEST_CASE("every buffer of a clock face is found where its sector lies") {
  for (const std::uint32_t buffers : {1u, 4u, 16u, kMostOnClock}) {
    const ClockLayout clock = lay_out_clock(buffers, 500, 400, 16);
    for (std::uint32_t place = 0; place < buffers; ++place) {
      const ClockPoint point = clock.point(clock.angle(place), (clock.inner_px + clock.outer_px) / 2);
      REQUIRE(clock.at(point.x, point.y) == place);
    }
    REQUIRE_FALSE(clock.at(clock.centre.x, clock.centre.y));
    REQUIRE_FALSE(clock.at(0, 0));
  }
  // The first at twelve o'clock, the next to the right of it.
  const ClockLayout clock = lay_out_clock(4, 400, 400, 16);
  REQUIRE(clock.point(clock.angle(0), 100).y < clock.centre.y - 99);
  REQUIRE(clock.point(clock.angle(1), 100).x > clock.centre.x + 99);
}

TEST_CASE("the fields of a state word put together give the word") {
  std::mt19937 random(11);
  for (int i = 0; i < 1000; ++i) {
    const auto word = static_cast<std::uint32_t>(random());
    std::uint32_t sum = 0;
    for (const StateWordField& field : state_word_fields()) sum |= field.value(word) << field.first_bit;
    REQUIRE(sum == word);
  }
  for (std::uint32_t bit = 0; bit < 32; ++bit)
    REQUIRE((state_word_fields()[state_word_field_of(bit)].mask() >> bit & 1) == 1);
}
