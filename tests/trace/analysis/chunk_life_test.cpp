#include "trace/analysis/chunk_life.h"

#include <algorithm>
#include <random>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "tests/support/workload_stream.h"
#include "trace/analysis/fault_list.h"

namespace palloscope::trace {
namespace {

using namespace core;

StreamDescription described() {
  StreamDescription description;
  description.pg_major = 17;
  return description;
}

// What the address is used for, looked up in the whole state.
LifeSegment looked_up(const MemoryState& state, Address at) {
  LifeSegment found;
  const BlockSlot slot = region_at(state, at);
  const BlockRecord* block = state.block(slot);
  if (block == nullptr) return found;
  found.block = slot;
  found.use = LifeUse::Plain;
  if (block->role == BlockRole::Recycled) found.use = LifeUse::Recycled;
  const ContextRecord* context = state.context(block->context);
  if (context == nullptr) return found;
  found.context = {block->context, context->born};
  found.context_name = context->name;
  found.use = block->role == BlockRole::Header || at < block->free_start ? LifeUse::Header : LifeUse::Rest;
  if (found.use == LifeUse::Header) return found;
  for (std::uint32_t i = 0; i < state.chunks().size(); ++i) {
    const ChunkRecord& chunk = state.chunks()[i];
    if (chunk.state == ChunkState::Gone || chunk.block != slot) continue;
    if (at < chunk.at || at >= chunk.at + std::max<std::uint64_t>(1, chunk.granted_bytes)) continue;
    found.use = chunk.state == ChunkState::Live ? LifeUse::Live : LifeUse::Free;
    found.chunk = {i};
    found.born = chunk.born;
    found.at = chunk.at;
  }
  return found;
}

bool same_thing(const LifeSegment& a, const LifeSegment& b) {
  return a.use == b.use && a.block == b.block && a.context == b.context && a.chunk == b.chunk && a.born == b.born &&
         (!a.context.slot || a.context_name == b.context_name);
}

std::vector<LifeSegment> whole_life(const Timeline& timeline, Address at, EventNumber anchor, std::size_t portion) {
  ChunkLife life(timeline, at, anchor, 1'000'000);
  while (!life.advance(portion)) {
  }
  REQUIRE(life.reaches_start());
  REQUIRE(life.reaches_end());
  return life.segments();
}

void check_without_gaps(const std::vector<LifeSegment>& segments) {
  REQUIRE(segments.back().last == 0);
  for (std::size_t i = 1; i < segments.size(); ++i) {
    INFO("segment " << i << " begins at " << segments[i].first << ", the one before ends at " << segments[i - 1].last);
    REQUIRE(segments[i].first == segments[i - 1].last + 1);
    REQUIRE(segments[i - 1].last >= segments[i - 1].first);
  }
}

}  // namespace

TEST_CASE("a life says at every event what a look at the whole state says") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  test::RandomStreamOptions options;
  options.live_chunks = 60;
  options.contexts = 8;
  options.dump_events = false;
  options.resets = 0.03;
  test::RandomStream stream(seed, options);
  StreamDescription no_version;  // chunks have no headers that are known of
  no_version.pg_major = 0;
  Timeline timeline = Timeline::recording(no_version);
  std::vector<Address> places;
  std::set<Address> shared;  // by a chunk of no bytes and another: nothing says which of them such a place is
  MemoryState now;
  constexpr EventNumber kEvents = 40'000;
  for (EventNumber n = 1; n <= kEvents; ++n) {
    const EventBody event = stream.next();
    if (const auto* chunk = std::get_if<ChunkAllocated>(&event); chunk && random() % 4000 == 0)
      places.push_back(chunk->at + random() % 3 * 8);
    if (const auto* region = std::get_if<Malloc>(&event); region && random() % 500 == 0)
      places.push_back(region->at + random() % region->bytes);
    timeline.sink().emit(event);
    now.apply(event);
    ChunkSlot chunk;
    if (const auto* e = std::get_if<ChunkAllocated>(&event)) chunk = e->chunk;
    if (const auto* e = std::get_if<ChunkCarved>(&event)) chunk = e->chunk;
    if (const auto* e = std::get_if<ChunkResized>(&event)) chunk = e->chunk;
    if (const ChunkRecord* record = now.chunk(chunk); record && record->granted_bytes == 0) shared.insert(record->at);
  }
  std::erase_if(places, [&](Address place) { return shared.contains(place); });
  REQUIRE_FALSE(places.empty());
  if (places.size() > 10) places.resize(10);

  std::vector<std::vector<LifeSegment>> lives;
  for (Address at : places) {
    const EventNumber anchor = random() % (kEvents + 1);
    timeline.seek(random() % 2 == 0 ? anchor : kEvents);
    lives.push_back(whole_life(timeline, at, anchor, 1 + random() % 40'000));
    check_without_gaps(lives.back());
  }
  std::vector<std::size_t> index(places.size(), 0);
  timeline.visit(1, kEvents, [&](EventNumber n, const EventBody&, const MemoryState& after) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto& life = lives[i];
      while (life[index[i]].last != 0 && life[index[i]].last < n) ++index[i];
      const LifeSegment expected = looked_up(after, places[i]);
      if (same_thing(life[index[i]], expected)) continue;
      INFO("event " << n << ", place " << i << " at " << places[i].value << ": " << life_use_name(life[index[i]].use)
                    << " since " << life[index[i]].first << " (" << life_cause_name(life[index[i]].cause)
                    << "), should be " << life_use_name(expected.use) << " born " << expected.born << " and is "
                    << life[index[i]].born);
      REQUIRE(same_thing(life[index[i]], expected));
    }
  });
}

TEST_CASE("a life found in portions and cut short goes on where it stopped") {
  Timeline timeline = Timeline::recording(described());
  Address place;
  EventNumber n = 0;
  for (const EventBody& event : test::workload_events(test::Workload::Oltp, 7, 120'000)) {
    timeline.sink().emit(event);
    ++n;
    if (const auto* chunk = std::get_if<ChunkAllocated>(&event); chunk && n > 20'000 && !place) place = chunk->at;
  }
  const EventNumber anchor = n / 2;
  const auto whole = whole_life(timeline, place, anchor, 1'000'000);
  REQUIRE(whole.size() > 60);
  ChunkLife life(timeline, place, anchor, 5);
  while (!life.advance(1)) {
  }
  REQUIRE(life.stopped_early());
  REQUIRE(life.segments().size() < whole.size());
  for (std::size_t most = 10; life.stopped_early(); most *= 2) {
    life.more(most);
    while (!life.advance(3000)) {
    }
    check_without_gaps(life.segments());
  }
  const auto pieced = life.segments();
  REQUIRE(pieced.size() == whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    INFO("segment " << i << " from " << whole[i].first);
    CHECK(pieced[i].first == whole[i].first);
    CHECK(same_thing(pieced[i], whole[i]));
  }
  CHECK(life.progress() == 1.0);
}

TEST_CASE("a life follows a stream that grows") {
  const auto events = test::workload_events(test::Workload::Oltp, 3, 30'000);
  Timeline timeline = Timeline::recording(described());
  Address place;
  std::size_t fed = 0;
  for (; !place || fed < 1000; ++fed) {
    timeline.sink().emit(events[fed]);
    if (const auto* chunk = std::get_if<ChunkAllocated>(&events[fed])) place = chunk->at;
  }
  ChunkLife life(timeline, place, timeline.size(), 1'000'000);
  while (fed < events.size()) {
    while (!life.advance()) {
    }
    for (const std::size_t until = std::min(events.size(), fed + 777); fed < until; ++fed)
      timeline.sink().emit(events[fed]);
  }
  while (!life.advance()) {
  }
  const auto whole = whole_life(timeline, place, 0, 1'000'000);
  const auto grown = life.segments();
  REQUIRE(grown.size() == whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(same_thing(grown[i], whole[i]));
}

}  // namespace palloscope::trace
