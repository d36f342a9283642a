#include "trace/replay/restorer.h"

#include <random>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

core::Result<MemoryState> restored(const MemoryState& state) {
  StateRestorer restorer(keyframe_head(state));
  for_each_in_keyframe(
      state, [&](ContextSlot slot, const ContextRecord& record) { restorer.add_context(slot, record); },
      [&](BlockSlot slot, const BlockRecord& record) { restorer.add_block(slot, record); },
      [&](ChunkSlot slot, const ChunkRecord& record) { restorer.add_chunk(slot, record); },
      [&](ChunkSlot slot) { restorer.add_to_freelist(slot); });
  for (const auto& [name, value] : state.variables()) restorer.add_variable(name, value);
  for (const Fault& fault : state.faults()) restorer.add_fault(fault);
  return restorer.finish();
}

}  // namespace

TEST_CASE("A state restored from its own listing is equal, and replay goes on from it") {
  for (std::uint64_t seed : {1, 2}) {
    const auto events = test::random_events(seed, 6000, {.live_chunks = 300, .resets = 0.02});
    MemoryState state, other;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i % 193 == 0) {
        auto copy = restored(state);
        if (!copy) FAIL(copy.error().message);
        REQUIRE(*copy == state);
        other = std::move(*copy);
      }
      state.apply(events[i]);
      other.apply(events[i]);
      if (i == 100 || i == 2000) {  // faults are part of it
        state.apply(core::Free{BlockSlot{99999}});
        other.apply(core::Free{BlockSlot{99999}});
      }
    }
    REQUIRE(state == other);
    REQUIRE(state.fault_count() >= 2);
  }
}

TEST_CASE("A listing with anything wrong in it is refused or gives a state that replay can go on from") {
  const auto events = test::random_events(3, 4000, {.live_chunks = 200, .resets = 0.02});
  MemoryState state;
  for (std::size_t i = 0; i < 2000; ++i) state.apply(events[i]);
  std::mt19937_64 random(5);
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    StateRestorer restorer(keyframe_head(state));
    auto slot = [&] { return static_cast<std::uint32_t>(random() % 40 == 0 ? random() : random() % 100); };
    auto damage = [&](auto& record) {
      if (random() % 300 != 0) return;
      if constexpr (requires { record.region; })
        record.parent = ContextSlot{slot()};
      else if constexpr (requires { record.free_at; }) {
        switch (random() % 4) {
          case 0:
            record.context = ContextSlot{slot()};
            break;
          case 1:
            record.bytes = random();
            break;
          case 2:
            record.free_at = Address{random()};
            break;
          default:
            record.role = static_cast<core::BlockRole>(random() % 8);
        }
      } else {
        switch (random() % 4) {
          case 0:
            record.block = BlockSlot{slot()};
            break;
          case 1:
            record.granted_bytes = random();
            break;
          case 2:
            record.state = static_cast<ChunkState>(random() % 4);
            break;
          default:
            record.size_class = static_cast<std::uint8_t>(random());
        }
      }
    };
    for_each_in_keyframe(
        state,
        [&](ContextSlot s, ContextRecord record) {
          damage(record), restorer.add_context(random() % 300 ? s : ContextSlot{slot()}, record);
        },
        [&](BlockSlot s, BlockRecord record) {
          damage(record), restorer.add_block(random() % 300 ? s : BlockSlot{slot()}, record);
        },
        [&](ChunkSlot s, ChunkRecord record) {
          damage(record), restorer.add_chunk(random() % 900 ? s : ChunkSlot{slot()}, record);
        },
        [&](ChunkSlot s) {
          if (random() % 300 != 0) restorer.add_to_freelist(random() % 300 ? s : ChunkSlot{slot()});
        });
    for (const auto& [name, value] : state.variables()) restorer.add_variable(name, value);
    auto answer = restorer.finish();
    if (!answer) {
      ++refused;
      CHECK(!answer.error().message.empty());
      continue;
    }
    for (std::size_t i = 2000; i < events.size(); ++i) answer->apply(events[i]);
  }
  CHECK(refused > 100);
}
