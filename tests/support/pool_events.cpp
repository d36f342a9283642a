#include "tests/support/pool_events.h"

#include <random>

namespace palloscope::test {

using namespace core;
using namespace core::buffer_bits;

namespace {

constexpr std::uint32_t kTablespace = 1663, kDatabase = 5, kFirstRelation = 16384;

PageTag page(std::uint32_t relation, std::uint32_t block) {
  return {kTablespace, kDatabase, kFirstRelation + relation, 0, block};
}

std::uint32_t word(std::uint32_t pins, std::uint32_t usage, std::uint32_t flags) {
  return pins | usage << kUsageShift | flags;
}

constexpr std::uint32_t kResting = kValid | kTagValid | kPermanent;

}  // namespace

std::vector<EventBody> filled_pool(std::uint32_t buffers, std::uint64_t seed, std::uint32_t relations) {
  std::mt19937_64 random(seed);
  std::vector<EventBody> events;
  events.reserve(buffers + 2 + relations);
  events.push_back(BackendStarted{{0}, BackendKind::Client, 4711, "backend 1"});
  events.push_back(BufferPoolCreated{{0}, {}, {0}, buffers, false});
  for (std::uint32_t i = 0; i < relations; ++i)
    events.push_back(RelationNamed{kTablespace, kDatabase, kFirstRelation + i, 0, "table " + std::to_string(i)});
  for (std::uint32_t i = 0; i < buffers; ++i) {
    const auto dice = static_cast<std::uint32_t>(random() % 100);
    if (dice < 12) continue;
    // Neighbours are often of the same relation, as after scans.
    const auto relation = static_cast<std::uint32_t>((i / 37 + (dice > 90 ? random() : 0)) % relations);
    const std::uint32_t flags = kResting | (dice < 30 ? kDirty | kJustDirtied : 0);
    events.push_back(BufferTagged{{i}, page(relation, i), word(dice % 17 == 0 ? 1 : 0, dice % 6, flags)});
  }
  return events;
}

std::vector<EventBody> pool_at_work() {
  std::vector<EventBody> events;
  const auto add = [&](auto event) { events.emplace_back(event); };
  const BackendSlot one{0}, two{1};
  const PoolSlot pool{0};
  add(BackendStarted{one, BackendKind::Client, 4711, "backend 1"});
  add(BackendStarted{two, BackendKind::Client, 4712, "backend 2"});
  add(BufferPoolCreated{pool, {}, {0}, 4, true});
  add(RelationNamed{kTablespace, kDatabase, kFirstRelation, 0, "orders"});
  add(BackendSwitched{one});
  for (std::uint32_t i = 0; i < 4; ++i) {
    add(PageRequested{pool, page(0, i), {}, false});
    add(PageLookedUp{0x1000 + i, i, i, {}});
    add(FreelistPopped{{i}, true});
    add(BufferPinned{{i}, one, word(1, 0, 0)});
    add(BufferTagged{{i}, page(0, i), word(1, 1, kTagValid | kPermanent)});
    add(BufferFlagged{{i}, word(1, 1, kTagValid | kPermanent | kIoInProgress)});
    add(BufferFlagged{{i}, word(1, 1, kResting)});
    if (i == 2) add(BufferDirtied{{i}, word(1, 1, kResting | kDirty | kJustDirtied), 0x100});
    if (i != 3) add(BufferUnpinned{{i}, one, word(0, 1, kResting | (i == 2 ? kDirty | kJustDirtied : 0))});
  }
  add(BackendSwitched{two});
  add(PageRequested{pool, page(0, 1), {}, false});  // a hit
  add(PageLookedUp{0x1001, 1, 1, {1}});
  add(BufferPinned{{1}, two, word(1, 2, kResting)});
  add(BufferUnpinned{{1}, two, word(0, 2, kResting)});
  add(PageRequested{pool, page(0, 9), {}, false});
  add(PageLookedUp{0x1009, 1, 9, {}});
  const std::uint32_t dirty = kResting | kDirty | kJustDirtied;
  add(ClockTicked{{0}, ClockVerdict::Spared, word(0, 0, kResting), 1, 0});
  add(ClockTicked{{1}, ClockVerdict::Spared, word(0, 1, kResting), 2, 0});
  add(ClockTicked{{2}, ClockVerdict::Spared, word(0, 0, dirty), 3, 0});
  add(ClockTicked{{3}, ClockVerdict::Pinned, word(1, 1, kResting), 4, 0});
  add(ClockTicked{{0}, ClockVerdict::Spared, word(0, 0, kResting), 1, 1});
  add(ClockTicked{{1}, ClockVerdict::Spared, word(0, 0, kResting), 2, 1});
  add(ClockTicked{{2}, ClockVerdict::Taken, word(0, 0, dirty), 3, 1});
  add(BufferPinned{{2}, two, word(1, 0, dirty)});
  add(BufferFlagged{{2}, word(1, 0, dirty | kIoInProgress)});
  add(BufferFlagged{{2}, word(1, 0, kResting | kDirty | kIoInProgress)});
  add(WalFlushed{0x100});
  add(BufferWritten{{2}, WriteReason::Victim, word(1, 0, kResting)});
  add(BufferUntagged{{2}, UntagReason::Evicted, word(1, 0, 0)});
  add(BufferTagged{{2}, page(0, 9), word(1, 1, kTagValid | kPermanent)});
  add(BufferFlagged{{2}, word(1, 1, kTagValid | kPermanent | kIoInProgress)});
  add(BufferFlagged{{2}, word(1, 1, kResting)});
  return events;
}

}  // namespace palloscope::test
