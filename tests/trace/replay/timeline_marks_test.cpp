// What the timeline marks of a buffer pool: evictions and rounds of the clock, as replay counts them.
#include "trace/replay/timeline_marks.h"

#include <random>
#include <vector>

#include "core/bufmgr/buffer_manager.h"
#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

using namespace core;

struct Marked {
  std::vector<EventNumber> evictions, rounds;
  friend bool operator==(const Marked&, const Marked&) = default;
};

Marked marked(const Timeline& timeline) {
  Marked all;
  for (const TimelineMark& mark : timeline.marks(1, timeline.size(), 1'000'000)) {
    if (mark.tag == BufferUntagged::kTag) all.evictions.push_back(mark.event);
    if (mark.tag == ClockTicked::kTag) all.rounds.push_back(mark.event);
  }
  return all;
}

// Records, and notes where the replayed pools count an eviction or a round.
struct Counted final : EventSink {
  Timeline timeline = Timeline::recording({});
  MemoryState state;
  Marked expected;
  std::uint64_t evictions = 0, passes = 0;

  void emit(const EventBody& event) override {
    timeline.sink().emit(event);
    state.apply(event);
    std::uint64_t evicted = 0, passed = 0;
    for (const PoolRecord& pool : state.server().pools) {
      evicted += pool.evictions;
      passed += pool.complete_passes;
    }
    if (evicted != evictions) expected.evictions.push_back(state.event_number());
    if (passed != passes) expected.rounds.push_back(state.event_number());
    evictions = evicted;
    passes = passed;
  }
};

bool has_open_block(const Timeline& timeline) { return timeline.events().is_open(timeline.events().block_count() - 1); }

// Emits `event` until it was the last one of a block.
void fill_block(Timeline& timeline, const EventBody& event) {
  do timeline.sink().emit(event);
  while (has_open_block(timeline));
}

ClockTicked tick(std::uint32_t buffer, std::uint32_t next_victim, std::uint32_t passes) {
  ClockTicked ticked;
  ticked.buffer = BufferSlot{buffer};
  ticked.next_victim = next_victim;
  ticked.complete_passes = passes;
  return ticked;
}

}  // namespace

TEST_CASE("Evictions and rounds of the clock are marked where replay counts them, and drops are not") {
  const int major = GENERATE(15, 16, 17, 18);
  CAPTURE(major);
  Counted counted;
  AddressSpace space;
  Backends backends(counted);
  BufferSettings settings;
  settings.buffers = 16;
  settings.temp_buffers = 5;
  BufferManager manager(*find_buffer_profile(major), settings, space, backends, counted);
  backends.switch_to(backends.start(BackendKind::Client, "backend"));
  const RelationId shared{1663, 5, 16384}, temporary{1663, 5, 16385};
  manager.name_relation(shared, "orders", 40);
  manager.name_relation(temporary, "pg_temp.t", 12, Persistence::Temporary);
  std::mt19937 random(7);
  std::size_t drops = 0;
  while (counted.timeline.events().block_count() < 3) {
    const std::uint32_t dice = static_cast<std::uint32_t>(random() % 200);
    const RelationId id = dice < 20 ? temporary : shared;
    const std::uint32_t block = static_cast<std::uint32_t>(random() % (dice % 2 == 0 ? 8 : 40));
    if (dice == 199) {
      manager.drop_relation_buffers(shared, 0, 30);
      manager.extend_buffered_rel(shared, 10);
      ++drops;
      manager.release_all_pins();
    } else {
      manager.release_buffer(
          manager.read_buffer({id.tablespace, id.database, id.relation, 0, block % manager.relation_blocks(id)}));
    }
  }
  REQUIRE(drops > 0);
  REQUIRE(counted.expected.evictions.size() > 500);
  REQUIRE(counted.expected.rounds.size() > 100);
  const Marked all = marked(counted.timeline);
  CHECK(all.evictions == counted.expected.evictions);
  CHECK(all.rounds == counted.expected.rounds);
}

TEST_CASE("A round of the clock is marked at a block's first tick too, and local buffers' ticks change nothing") {
  Timeline timeline = Timeline::recording({});
  const auto local = tick(20, 1, 0);
  timeline.sink().emit(tick(3, 4, 6));
  timeline.sink().emit(local);
  timeline.sink().emit(tick(0, 1, 7));
  std::vector<EventNumber> rounds = {timeline.size()};
  timeline.sink().emit(local);
  timeline.sink().emit(tick(1, 2, 7));
  fill_block(timeline, tick(3, 4, 7));
  timeline.sink().emit(tick(0, 1, 8));
  rounds.push_back(timeline.size());
  fill_block(timeline, local);
  timeline.sink().emit(tick(1, 2, 8));
  CHECK(marked(timeline).rounds == rounds);
}

TEST_CASE("A page that 15 swaps is marked also where a block ends between the victim's pin and the swap") {
  const bool had_page = GENERATE(false, true);
  Timeline timeline = Timeline::recording({});
  BufferPinned pinned;
  pinned.buffer = BufferSlot{2};
  pinned.word = had_page ? buffer_bits::kTagValid : 0;
  fill_block(timeline, pinned);
  BufferTagged tagged;
  tagged.buffer = pinned.buffer;
  tagged.word = buffer_bits::kTagValid;
  timeline.sink().emit(tagged);
  CHECK(marked(timeline).evictions ==
        (had_page ? std::vector<EventNumber>{timeline.size()} : std::vector<EventNumber>{}));
}

}  // namespace palloscope::trace
