// Properties that hold after every event of any stream.
#include <algorithm>
#include <map>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "trace/replay/bulk_replay.h"
#include "trace/replay/event_tape.h"
#include "trace/replay/journal.h"
#include "trace/replay/memory_state.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

// What the counters must be, counted from the lists.
struct Counted {
  std::uint64_t requested = 0, granted = 0, free_bytes = 0, tail = 0, accounted = 0;
  std::uint32_t live = 0, free = 0, blocks = 0, occupied = 0, listed = 0;
};

Counted count(const MemoryState& state, ContextSlot slot) {
  const ContextRecord& context = *state.context(slot);
  Counted c;
  BlockSlot previous;
  for (BlockSlot b = context.first_block; b; b = state.block(b)->next) {
    const BlockRecord& block = *state.block(b);
    REQUIRE(block.context == slot);
    REQUIRE(block.prev == previous);
    previous = b;
    ++c.blocks;
    c.tail += block.end() - block.free_at;
    c.accounted += block.accounted_bytes;
    std::uint32_t live = 0, chunks = 0;
    for (ChunkSlot s = block.first_chunk; s; s = state.chunk(s)->next_in_block) {
      const ChunkRecord& chunk = *state.chunk(s);
      REQUIRE(chunk.block == b);
      ++chunks;
      if (chunk.state == ChunkState::Live) {
        ++live;
        c.requested += chunk.requested_bytes;
        c.granted += chunk.granted_bytes;
      } else {
        ++c.free;
        c.free_bytes += chunk.granted_bytes;
      }
      if (!chunk.next_in_block) REQUIRE(block.last_chunk == s);
    }
    REQUIRE(live == block.live_chunk_count);
    REQUIRE(chunks == block.chunk_count);
    c.live += live;
    c.occupied += live != 0 ? 1 : 0;
    for (ChunkSlot s = block.first_free; s; s = state.chunk(s)->next_free) ++c.listed;
  }
  REQUIRE(context.last_block == previous);
  for (ChunkSlot head : context.freelist) {
    for (ChunkSlot s = head; s; s = state.chunk(s)->next_free) {
      REQUIRE(state.chunk(s)->state == ChunkState::Free);
      ++c.listed;
    }
  }
  if (context.kind == core::ContextKind::AllocSet || context.kind == core::ContextKind::Slab)
    REQUIRE(c.listed == c.free);
  return c;
}

void require_consistent(const MemoryState& state) {
  HeapTotals totals;
  std::uint64_t reported_bytes = 0;
  for (std::uint32_t i = 0; i < state.contexts().size(); ++i) {
    const ContextRecord* context = state.context(ContextSlot{i});
    if (!context) continue;
    const Counted c = count(state, ContextSlot{i});
    REQUIRE(c.requested == context->requested_bytes);
    REQUIRE(c.granted == context->granted_bytes);
    REQUIRE(c.free_bytes == context->free_chunk_bytes);
    REQUIRE(c.tail == context->tail_bytes);
    REQUIRE(c.accounted == context->mem_allocated_bytes);
    REQUIRE(c.live == context->live_chunk_count);
    REQUIRE(c.free == context->free_chunk_count);
    REQUIRE(c.blocks == context->block_count);
    REQUIRE(c.occupied == context->occupied_block_count);
    ++totals.context_count;
    totals.live_chunk_count += c.live;
    totals.free_chunk_count += c.free;
    totals.requested_bytes += c.requested;
    totals.granted_bytes += c.granted;
    reported_bytes += context->reported ? context->reported->total_bytes : context->mem_allocated_bytes;
    reported_bytes += context->omitted_children ? context->omitted_children->total_bytes : 0;
    ContextSlot previous;
    for (ContextSlot child = context->first_child; child; child = state.context(child)->next_sibling) {
      REQUIRE(state.context(child)->parent == ContextSlot{i});
      REQUIRE(state.context(child)->prev_sibling == previous);
      previous = child;
    }
  }
  for (const BlockRecord& block : state.blocks()) {
    if (block.born == 0) continue;
    ++totals.region_count;
    totals.malloc_bytes += block.bytes;
  }
  REQUIRE(totals.context_count == state.totals().context_count);
  REQUIRE(totals.live_chunk_count == state.totals().live_chunk_count);
  REQUIRE(totals.free_chunk_count == state.totals().free_chunk_count);
  REQUIRE(totals.requested_bytes == state.totals().requested_bytes);
  REQUIRE(totals.granted_bytes == state.totals().granted_bytes);
  REQUIRE(reported_bytes == state.totals().context_bytes);
  REQUIRE(totals.region_count == state.totals().region_count);
  REQUIRE(totals.malloc_bytes == state.totals().malloc_bytes);
}

template <std::size_t... I>
constexpr std::size_t count_server_kinds(std::index_sequence<I...>) {
  return (std::size_t{core::kIsServerEvent<std::variant_alternative_t<I, core::EventVariant>>} + ...);
}

}  // namespace

TEST_CASE("Counters equal what the lists hold, and valid streams have no faults") {
  for (std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    MemoryState state;
    std::map<std::size_t, int> kinds;
    for (const core::EventBody& event : test::random_events(seed, 20000)) {
      ++kinds[event.index()];
      state.apply(event);
      if (state.fault_count() != 0) FAIL(state.faults()[0].event << ": " << state.faults()[0].what);
      if (state.event_number() % 97 == 0) require_consistent(state);
    }
    require_consistent(state);
    REQUIRE(state.event_number() == 20000);
    // The others have a test of their own (server_state_test).
    const std::size_t server_kinds =
        count_server_kinds(std::make_index_sequence<std::variant_size_v<core::EventVariant>>());
    CHECK(kinds.size() + server_kinds == std::variant_size_v<core::EventVariant>);
  }
}

TEST_CASE("Undoing every event of a random stream restores every state on the way") {
  for (std::uint64_t seed : {4, 5}) {
    CAPTURE(seed);
    const auto events = test::random_events(seed, 3000, {.live_chunks = 200, .resets = 0.03});
    MemoryState state;
    Journal journal(std::size_t{1} << 30);
    std::vector<MemoryState> states{state};
    for (const core::EventBody& event : events) {
      state.apply(event, journal);
      states.push_back(state);
    }
    REQUIRE(journal.size() == events.size());
    for (std::size_t n = events.size(); n > 0; --n) {
      REQUIRE(journal.undo(state));
      if (!(state == states[n - 1])) FAIL("event " << n << " was not undone exactly");
    }
    CHECK_FALSE(journal.undo(state));
  }
}

TEST_CASE("Old records of several events are those of the state before them") {
  const auto events = test::random_events(6, 3000, {.live_chunks = 200, .resets = 0.03});
  MemoryState state;
  Journal journal(std::size_t{1} << 30);
  std::vector<MemoryState> states{state};
  for (const core::EventBody& event : events) {
    state.apply(event, journal);
    states.push_back(state);
    const std::size_t back = std::min<std::size_t>(1 + state.event_number() % 30, states.size() - 1);
    const MemoryState& then = states[states.size() - 1 - back];
    const auto old = journal.before(state, back);
    REQUIRE(old.totals == then.totals());
    REQUIRE(old.point == then.point());
    for (const auto& [slot, record] : old.contexts) {
      if (const ContextRecord* was = then.context(slot))
        REQUIRE(record == *was);
      else
        REQUIRE(record.born == 0);
    }
    for (const auto& [slot, record] : old.blocks) {
      if (const BlockRecord* was = then.block(slot))
        REQUIRE(record == *was);
      else
        REQUIRE(record.born == 0);
    }
    for (const auto& [slot, record] : old.chunks) {
      if (const ChunkRecord* was = then.chunk(slot))
        REQUIRE(record == *was);
      else
        REQUIRE(record.state == ChunkState::Gone);
    }
    // Everything that differs was touched.
    for (std::uint32_t i = 0; i < state.chunks().size(); ++i) {
      const ChunkRecord *a = then.chunk(ChunkSlot{i}), *b = state.chunk(ChunkSlot{i});
      if ((a == nullptr) == (b == nullptr) && (!a || *a == *b)) continue;
      REQUIRE(std::any_of(old.chunks.begin(), old.chunks.end(), [&](auto& c) { return c.first.value == i; }));
    }
  }
}

TEST_CASE("A journal with little memory forgets the oldest events and undoes the rest exactly") {
  const auto events = test::random_events(7, 5000, {.live_chunks = 200});
  MemoryState state;
  Journal journal(20000);
  std::vector<MemoryState> states{state};
  for (const core::EventBody& event : events) {
    state.apply(event, journal);
    states.push_back(state);
  }
  REQUIRE(journal.size() > 3);
  REQUIRE(journal.size() < events.size());
  while (journal.undo(state)) REQUIRE(state == states[state.event_number()]);
}

TEST_CASE("Damaged streams never break the state, only its faults grow") {
  for (std::uint64_t seed = 10; seed < 16; ++seed) {
    CAPTURE(seed);
    auto events = test::random_events(seed, 6000, {.live_chunks = 300, .resets = 0.03});
    std::mt19937_64 random(seed);
    MemoryState state;
    Journal journal(std::size_t{1} << 22);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const std::uint64_t what = random() % 20;
      if (what == 0) continue;                                                 // lost
      state.apply(events[what == 1 ? random() % events.size() : i], journal);  // out of place
      if (what == 2) state.apply(events[i], journal);                          // twice
      if (what == 3 && journal.size() > 0) REQUIRE(journal.undo(state));
      if (i % 101 == 0) require_consistent(state);
    }
    require_consistent(state);
    REQUIRE(state.fault_count() > 0);
  }
}

TEST_CASE("Tapes replayed in bulk give the same states, valid events or not") {
  auto events = test::random_events(20, 20000, {.live_chunks = 500, .resets = 0.02});
  std::mt19937_64 random(20);
  for (int i = 0; i < 300; ++i) std::swap(events[random() % events.size()], events[random() % events.size()]);
  MemoryState one, other;
  EventTape tape;
  for (std::size_t i = 0; i < events.size();) {
    const std::size_t until = std::min(events.size(), i + random() % 200);
    tape.clear();
    for (; i < until; ++i) {
      one.apply(events[i]);
      std::visit([&](const auto& e) { tape.put(e); }, events[i]);
    }
    replay_tape(tape, other);
    REQUIRE(one.event_number() == other.event_number());
    if (random() % 20 == 0) REQUIRE(one == other);
  }
  REQUIRE(one == other);
  REQUIRE(one.fault_count() > 0);
}

// Runs of one block, with everything that can end one in their midst.
TEST_CASE("A run of allocations applied in one go is the same as one by one") {
  using core::ChunkOrigin;
  constexpr std::uint64_t kAt = 0x555500000000;
  std::mt19937_64 random(21);
  for (int round = 0; round < 400; ++round) {
    MemoryState one, other;
    EventTape tape;
    const auto add = [&](const auto& e) {
      one.apply(core::EventBody{e});
      tape.put(e);
    };
    for (std::uint32_t b = 0; b < 2; ++b) {
      const core::Address at{kAt + b * 0x10000};
      add(core::Malloc{{b}, at, 4096});
      core::ContextCreated created;
      created.context = {b};
      created.region = {b};
      add(created);
      add(core::BlockAdded{
          {b}, {b}, core::BlockRole::Keeper, core::BlockPosition::Head, at, {at.value + 240}, 4096, 0});
    }
    std::uint64_t next[2] = {kAt + 248, kAt + 0x10000 + 248};
    std::uint32_t slot = 0;
    for (int i = 0; i < 60; ++i) {
      const std::size_t b = random() % 12 == 0 ? 1 : 0;
      core::ChunkAllocated e{{slot}, {static_cast<std::uint32_t>(b)}, {next[b]}, 30, 32, 2, ChunkOrigin::Tail, {}};
      switch (random() % 40) {
        case 0:
          e.chunk.value += 1;  // no such slot
          break;
        case 1:
          e.chunk.value = slot / 2;  // there already, or free
          break;
        case 2:
          e.at.value -= 64;
          break;
        case 3:
          e.size_class = 9, e.granted_bytes = 4096;  // too large for the block
          break;
        case 4:
          e.block.value = 7;
          break;
        case 5:
          e.origin = ChunkOrigin::Freelist;
          break;
        case 6:
          add(core::ContextReset{{static_cast<std::uint32_t>(b)}});
          next[b] = kAt + b * 0x10000 + 248;
          break;
        case 7:
          add(core::ChunkFreed{{slot / 2}, core::ChunkFate::ToFreelist, {}});
          break;
        default:
          next[b] += 40;
          slot = std::max<std::uint32_t>(slot, e.chunk.value + 1);
      }
      add(e);
    }
    replay_tape(tape, other);
    REQUIRE(one.event_number() == other.event_number());
    REQUIRE(one == other);
    require_consistent(other);
  }
}
