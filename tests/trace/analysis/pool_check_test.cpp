// The rules of a buffer pool: a right one breaks none, and each rule is broken by a state made for it.
#include "trace/analysis/pool_check.h"

#include "tests/support/catch.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;
namespace bits = core::buffer_bits;

constexpr PageTag kPage{1663, 5, 16384, 0, 7};
constexpr std::uint32_t kHeld = bits::kTagValid | bits::kValid | bits::kUsageOne | bits::kPermanent;

// Two backends, sixteen buffers, and a ring: backend 0 has read a page into buffer 0.
MemoryState right_pool() {
  MemoryState state;
  state.apply(core::BackendStarted{core::BackendSlot{0}, core::BackendKind::Client, 100, "a"});
  state.apply(core::BackendStarted{core::BackendSlot{1}, core::BackendKind::Client, 101, "b"});
  state.apply(core::BufferPoolCreated{core::PoolSlot{0}, {}, BufferSlot{0}, 16, true});
  state.apply(core::RingCreated{RingSlot{0}, core::BackendSlot{0}, core::RingKind::BulkRead, 2});
  state.apply(core::FreelistPopped{BufferSlot{0}, true});
  state.apply(core::BufferPinned{BufferSlot{0}, core::BackendSlot{0}, 1});
  state.apply(core::BufferTagged{BufferSlot{0}, kPage, kHeld | 1});
  REQUIRE(state.fault_count() == 0);
  return state;
}

std::string broken(const ServerState& server) {
  const std::vector<std::string> rules = check_pools(server);
  return rules.empty() ? "nothing" : rules.front();
}

TEST_CASE("a right pool breaks no rule") { CHECK(broken(right_pool().server()) == "nothing"); }

TEST_CASE("each rule of a pool is seen to be broken") {
  ServerState server = right_pool().server();
  const auto after = [&](auto&& change) {
    ServerState changed = server;
    change(changed);
    return broken(changed);
  };
  using State = ServerState;
  CHECK_THAT(after([](State& s) { s.buffers[0].word += 5 * bits::kUsageOne; }), ContainsSubstring("usage count 6"));
  CHECK_THAT(after([](State& s) { s.buffers[1].word = bits::kValid; }), ContainsSubstring("valid without a page"));
  CHECK_THAT(after([](State& s) { s.buffers[1].word = bits::kDirty; }), ContainsSubstring("dirty without a page"));
  CHECK_THAT(after([](State& s) { s.buffers[1].word = bits::kUsageOne; }), ContainsSubstring("without a page"));
  CHECK_THAT(after([](State& s) { s.buffers[0].word |= bits::kJustDirtied; }), ContainsSubstring("just dirtied"));
  CHECK_THAT(after([](State& s) { s.buffers[0].word |= bits::kCheckpointNeeded; }),
             ContainsSubstring("waits for a checkpoint"));
  CHECK_THAT(after([](State& s) {
               s.buffers[1].word = kHeld;
               s.buffers[1].tag = kPage;
             }),
             ContainsSubstring("is in buffer 0 and in buffer 1"));
  CHECK_THAT(after([](State& s) { ++s.pools[0].dirty; }), ContainsSubstring("counts 1 buffers dirty, there are 0"));
  CHECK_THAT(after([](State& s) { ++s.pools[0].by_usage[2].buffers; }), ContainsSubstring("usage count 2"));
  CHECK_THAT(after([](State& s) { ++s.pools[0].free_count; }), ContainsSubstring("the freelist counts 16"));
  CHECK_THAT(after([](State& s) { s.buffers[3].next_free = BufferSlot{2}; }), ContainsSubstring("freelist"));
  CHECK_THAT(after([](State& s) { s.buffers[15].next_free = BufferSlot{1}; }),
             ContainsSubstring("the freelist counts 15 buffers, its chain has 16"));
  CHECK_THAT(after([](State& s) { s.pools[0].free_count = 0xFFFFFFFF; }), ContainsSubstring("15 say that they are"));
  CHECK_THAT(after([](State& s) { s.pools[0].first = BufferSlot{9}; }), ContainsSubstring("there are only 16"));
  CHECK_THAT(after([](State& s) { s.pools[0].last_free = BufferSlot{2}; }), ContainsSubstring("ends at buffer 2"));
  CHECK_THAT(after([](State& s) { s.buffers[0].next_free = BufferSlot{2}; }), ContainsSubstring("is not in it"));
  CHECK_THAT(after([](State& s) { s.pools[0].next_victim = 17; }), ContainsSubstring("hand of pool 0 stands at 17"));
  CHECK_THAT(after([](State& s) {
               s.backends[1].pins.push_back({BufferSlot{0}, 1});
             }),
             ContainsSubstring("pinned by 2 backends, its word counts 1"));
  CHECK_THAT(after([](State& s) { s.backends[0].pins[0].count = 0; }), ContainsSubstring("counts 0"));
  CHECK_THAT(after([](State& s) {
               s.backends[0].pins.push_back({BufferSlot{99}, 1});
             }),
             ContainsSubstring("which there is not"));
  CHECK_THAT(after([](State& s) { s.rings[0].current = 2; }), ContainsSubstring("slot 2 of 2"));
  CHECK_THAT(after([](State& s) { s.rings[0].slots[1] = BufferSlot{16}; }),
             ContainsSubstring("not of the shared pool"));
  CHECK_THAT(after([](State& s) { s.rings[0].slots.resize(3); }), ContainsSubstring("more than an eighth"));
  CHECK_THAT(after([](State& s) { s.rings[0].backend = core::BackendSlot{7}; }),
             ContainsSubstring("a backend that has ended"));
}

TEST_CASE("an event that leaves its buffer wrong is seen at once") {
  const auto after = [](const core::EventBody& event) {
    MemoryState state = right_pool();
    state.apply(event);
    const std::vector<std::string> rules = check_pool_event(event, state.server());
    return rules.empty() ? std::string("nothing") : rules.front();
  };
  const BufferSlot buffer{0};
  CHECK(after(core::BufferPinned{buffer, core::BackendSlot{1}, kHeld + 2}) == "nothing");
  CHECK_THAT(after(core::BufferPinned{buffer, core::BackendSlot{1}, kHeld + 1}),
             ContainsSubstring("pinned by 2 backends, its word counts 1"));
  CHECK_THAT(after(core::BufferUnpinned{buffer, core::BackendSlot{0}, kHeld | 1}), ContainsSubstring("by 0 backends"));
  CHECK_THAT(after(core::ClockTicked{buffer, core::ClockVerdict::Taken, kHeld | 1, 1, 0}),
             ContainsSubstring("took buffer 0, which is in use"));
  CHECK_THAT(after(core::ClockTicked{buffer, core::ClockVerdict::Spared, kHeld | 1, 1, 0}),
             ContainsSubstring("counted down buffer 0, which is pinned"));
  CHECK(after(core::ClockTicked{buffer, core::ClockVerdict::Pinned, kHeld | 1, 1, 0}) == "nothing");
  CHECK(after(core::FreelistPopped{BufferSlot{1}, true}) == "nothing");
  CHECK_THAT(after(core::FreelistPopped{BufferSlot{1}, false}), ContainsSubstring("was not taken"));
  CHECK_THAT(after(core::FreelistPushed{buffer}), ContainsSubstring("onto the freelist in use"));
  CHECK_THAT(after(core::BufferWritten{buffer, core::WriteReason::Flush, kHeld | bits::kDirty | 1}),
             ContainsSubstring("still dirty"));
  CHECK_THAT(after(core::BufferUntagged{buffer, core::UntagReason::Dropped, bits::kPermanent | 1}),
             ContainsSubstring("not all of its flags"));
  CHECK(after(core::RingStepped{RingSlot{0}, 1, core::RingVerdict::Empty}) == "nothing");
  CHECK_THAT(after(core::RingStepped{RingSlot{0}, 1, core::RingVerdict::Taken}), ContainsSubstring("wrongly"));
}

TEST_CASE("a page that is written before its WAL is seen") {
  MemoryState state = right_pool();
  const BufferSlot buffer{0};
  state.apply(core::BufferDirtied{buffer, kHeld | bits::kDirty | bits::kJustDirtied | 1, 0x1000});
  const core::EventBody written = core::BufferWritten{buffer, core::WriteReason::Flush, kHeld | 1};
  MemoryState early = state;
  early.apply(written);
  REQUIRE(check_pool_event(written, early.server()).size() == 1);
  CHECK_THAT(check_pool_event(written, early.server())[0], ContainsSubstring("before its WAL"));
  state.apply(core::WalFlushed{0x1000});
  state.apply(written);
  CHECK(check_pool_event(written, state.server()).empty());
}

TEST_CASE("a checkpoint that ends leaves no buffer waiting for it") {
  MemoryState state = right_pool();
  state.apply(core::BufferFlagged{BufferSlot{0}, kHeld | bits::kDirty | bits::kCheckpointNeeded | 1});
  const core::EventBody ended = core::CheckpointEnded{1, 0};
  state.apply(ended);
  REQUIRE(check_pool_event(ended, state.server()).size() == 1);
}

}  // namespace
}  // namespace palloscope::trace
