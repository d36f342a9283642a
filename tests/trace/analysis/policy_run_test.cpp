// The policy laboratory over a stream of events: what it takes from them, in portions, as the stream grows.
#include "trace/analysis/policy_run.h"

#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

namespace bits = core::buffer_bits;
using Policy = ReplacementPolicy;

PageTag page(std::uint32_t block) { return {1663, 5, 16384, 0, block}; }

Timeline pool_of(std::uint32_t buffers) {
  Timeline timeline = Timeline::recording({});
  timeline.sink().emit(core::BufferPoolCreated{core::PoolSlot{0}, {}, BufferSlot{0}, buffers, true});
  return timeline;
}

void request(Timeline& timeline, std::uint32_t block, RingSlot ring = {}) {
  timeline.sink().emit(core::PageRequested{core::PoolSlot{0}, page(block), ring, false});
}

TEST_CASE("requests of the shared pool are counted, for its own size or another") {
  Timeline timeline = pool_of(4);
  for (int round = 0; round < 3; ++round)
    for (std::uint32_t block = 0; block < 6; ++block) request(timeline, block);
  PolicyRun run(timeline), larger(timeline, 6);
  CHECK(run.advance());
  CHECK(larger.advance());
  CHECK(run.buffers() == 4);
  CHECK(larger.buffers() == 6);
  CHECK(larger.pool_buffers() == 4);
  CHECK(run.counts(Policy::Lru) == PolicyCounts{18, 0, 14, 0});
  CHECK(larger.counts(Policy::Lru) == PolicyCounts{18, 12, 0, 0});
  REQUIRE(run.curve().size() == 18);
  CHECK(run.at(1) == nullptr);
  CHECK(run.at(2)->counts[0].requests == 1);
  CHECK(run.at(1000)->event == timeline.size());
}

TEST_CASE("what was dirtied, dropped and written by a checkpoint decides about writes") {
  Timeline timeline = pool_of(2);
  const auto load = [&](std::uint32_t buffer, std::uint32_t block, bool dirty) {
    request(timeline, block);
    const std::uint32_t word = bits::kTagValid | bits::kValid | bits::kUsageOne;
    timeline.sink().emit(core::BufferTagged{BufferSlot{buffer}, page(block), word});
    if (dirty) timeline.sink().emit(core::BufferDirtied{BufferSlot{buffer}, word | bits::kDirty, 0});
  };
  load(0, 1, true);
  load(1, 2, true);
  timeline.sink().emit(core::BufferWritten{BufferSlot{0}, core::WriteReason::Checkpoint, 0});
  request(timeline, 3);  // page 1 leaves, clean
  request(timeline, 4);  // page 2 leaves, dirty
  PolicyRun run(timeline);
  run.advance();
  CHECK(run.counts(Policy::Lru) == PolicyCounts{4, 0, 2, 1});
}

TEST_CASE("a run in portions, on a stream that grows, ends where one in a single go does") {
  Timeline timeline = pool_of(16);
  timeline.sink().emit(core::BackendStarted{core::BackendSlot{0}, core::BackendKind::Client, 1, "a"});
  timeline.sink().emit(core::RingCreated{RingSlot{0}, core::BackendSlot{0}, core::RingKind::BulkRead, 2});
  PolicyRun grown(timeline);
  std::uint32_t x = 1;
  for (int i = 0; i < 30'000; ++i) {
    x = x * 1664525 + 1013904223;
    request(timeline, (x >> 16) % 40, i % 3 == 0 ? RingSlot{0} : RingSlot{});
    if (i % 1000 == 0) grown.advance(100);
  }
  while (!grown.advance(500)) CHECK(grown.progress() < 1);
  CHECK(grown.progress() == 1);
  PolicyRun whole(timeline);
  CHECK(whole.advance(1'000'000));
  for (int policy = 0; policy < kReplacementPolicyCount; ++policy)
    CHECK(grown.counts(static_cast<Policy>(policy)) == whole.counts(static_cast<Policy>(policy)));
  CHECK(whole.counts(Policy::ClockSweep) != whole.counts(Policy::ClockWithoutRings));
  CHECK(whole.curve().size() <= PolicyRun::kMostSamples);
  CHECK(whole.curve().size() > PolicyRun::kMostSamples / 4);
  for (std::size_t i = 1; i < whole.curve().size(); ++i) {
    CHECK(whole.curve()[i - 1].event < whole.curve()[i].event);
    CHECK(whole.curve()[i].counts[0].requests - whole.curve()[i - 1].counts[0].requests ==
          whole.curve()[0].counts[0].requests);
  }
}

TEST_CASE("a stream without a pool, or with local buffers alone, has nothing to run") {
  Timeline timeline = Timeline::recording({});
  timeline.sink().emit(core::BufferPoolCreated{core::PoolSlot{0}, core::BackendSlot{0}, BufferSlot{0}, 4, false});
  request(timeline, 1);
  PolicyRun run(timeline);
  CHECK(run.advance());
  CHECK(run.buffers() == 0);
  CHECK(run.counts(Policy::Arc) == PolicyCounts{});
}

}  // namespace
}  // namespace palloscope::trace
