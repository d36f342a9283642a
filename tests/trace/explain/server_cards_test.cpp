// Cards of the buffer pool's events, worked out by hand from spec 10.3 to 10.8, and which events make one call.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "tests/core/bufmgr/pool_world.h"
#include "tests/support/catch.h"
#include "trace/explain/explain.h"

using namespace palloscope;
using namespace palloscope::trace;
using test::PoolWorld;

namespace {

// What a pool did, as a recording with cards.
struct Told {
  Told(const PoolWorld& world, int major)
      : profile(*core::find_profile(major, false)), timeline(Timeline::recording({})) {
    for (const core::EventBody& event : world.sink.events) timeline.sink().emit(event);
  }

  // The cards of all events of this kind from `from` on.
  template <class E>
  std::vector<Card> of(core::EventNumber from = 1) const {
    std::vector<Card> cards;
    for (core::EventNumber n = from; n <= timeline.size(); ++n)
      if (std::holds_alternative<E>(timeline.event(n))) cards.push_back(explain(timeline, n, profile));
    return cards;
  }

  const core::VersionProfile& profile;
  Timeline timeline;
};

const Sentence* sentence(const Card& card, std::string_view key) {
  const auto found =
      std::find_if(card.sentences.begin(), card.sentences.end(), [&](const Sentence& s) { return s.key == key; });
  return found == card.sentences.end() ? nullptr : &*found;
}

// "name=value, ..." of the sentence; "-": it is not said.
std::string said(const Card& card, std::string_view key) {
  const Sentence* found = sentence(card, key);
  if (found == nullptr) return "-";
  std::string text;
  for (const NamedValue& value : found->values) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{}=", value.name);
    if (value.kind == ValueKind::Page)
      text += fmt::format("{}:{}", value.text, value.number);
    else
      text += value.kind == ValueKind::Text || value.kind == ValueKind::Key ? value.text : std::to_string(value.number);
  }
  return text;
}

}  // namespace

TEST_CASE("the cards of a miss tell each stand of the hand, the WAL before the write, and the request as one call") {
  for (const int major : {15, 16, 17, 18}) {
    CAPTURE(major);
    PoolWorld world(major);
    world.manager.name_relation(PoolWorld::kTable, "orders", 10);
    world.touch(7);
    world.touch(7);
    for (std::uint32_t block : {0, 1, 2}) world.soil(block);
    const core::EventNumber from = world.sink.events.size() + 1;
    world.touch(9);
    const Told told(world, major);

    const Card asked = told.of<core::PageRequested>(from).at(0);
    CHECK(said(asked, "why.buf.asked") == "backend=backend 1, page=orders:9");
    CHECK(said(asked, "why.buf.asked_miss") == "buffer=2");
    CHECK(asked.call.key == "why.call.read");
    // All but the last event, which releases the page.
    CHECK(asked.effects.size() == told.timeline.size() - from);
    CHECK(said(told.of<core::PageLookedUp>(from).at(0), "why.buf.hit_rate") == "hits=1, requests=6");

    const auto ticks = told.of<core::ClockTicked>(from);
    REQUIRE(ticks.size() == 6);
    CHECK(said(ticks[0], "why.buf.spared") == "buffer=1, page=orders:7, old=2");
    CHECK(said(ticks[0], "why.buf.spared_rule") == "usage=1");
    CHECK(said(ticks[0], "why.buf.hand") == "next=2");
    CHECK(said(ticks[1], "why.buf.spared") == "buffer=2, page=orders:0, old=1");
    CHECK(sentence(ticks[1], "why.buf.spared_last") != nullptr);
    CHECK(said(ticks[3], "why.buf.hand") == "next=1");
    CHECK(said(ticks[4], "why.buf.wrapped") == "passes=1");
    CHECK(said(ticks[5], "why.buf.taken_dirty") == "page=orders:0");
    CHECK(ticks[5].rule == RulePlace{"freelist.c", "StrategyGetBuffer, ClockSweepTick", "10.5"});
    for (const Card& tick : ticks) {
      CHECK(tick.call == asked.call);
      CHECK(tick.effects == asked.effects);
    }

    const Card victim = told.of<core::BufferPinned>(from).at(0);
    CHECK(said(victim, "why.buf.pinned_victim") == "backend=backend 1, buffer=2");
    CHECK(said(victim, "why.buf.pinned_victim_rule") == "usage=0");
    const Card written = told.of<core::BufferWritten>(from).at(0);
    CHECK(said(written, "why.buf.written_victim") == "backend=backend 1, page=orders:0, buffer=2");
    CHECK(sentence(written, "why.buf.wal_first") != nullptr);
    CHECK(sentence(written, "why.buf.clean_now") != nullptr);
    const Card tagged = told.of<core::BufferTagged>(from).at(0);
    CHECK(said(tagged, "why.buf.tagged") == "buffer=2, page=orders:9, usage=1");
    CHECK(said(tagged, "why.buf.swapped") == (major == 15 ? "page=orders:0" : "-"));
    const auto untagged = told.of<core::BufferUntagged>(from);
    REQUIRE(untagged.size() == (major == 15 ? 0 : 1));
    if (major >= 16) {
      CHECK(said(untagged[0], "why.buf.evicted") == "page=orders:0, buffer=2");
      CHECK(untagged[0].rule.function == "InvalidateVictimBuffer");
    }
    const Card released = told.of<core::BufferUnpinned>(from).at(0);
    CHECK(said(released, "why.buf.evictable") == "usage=1");
    CHECK(released.effects.empty());
  }
}

TEST_CASE("the cards of pins tell a backend's own count from the shared one, and what the usage count becomes") {
  PoolWorld world(17);
  const core::BufferSlot buffer = world.read(7);
  world.read(7);
  world.backends.switch_to(world.second);
  world.read(7);
  world.manager.release_buffer(buffer);
  world.backends.switch_to(world.first);
  world.manager.release_all_pins();
  const Told told(world, 17);

  const auto pins = told.of<core::BufferPinned>();
  REQUIRE(pins.size() == 3);
  CHECK(said(pins[1], "why.buf.pinned_again") == "backend=backend 1, buffer=1, mine=2");
  CHECK(said(pins[2], "why.buf.pinned") == "backend=backend 2, buffer=1, pins=2");
  CHECK(said(pins[2], "why.buf.usage_grew") == "old=1, usage=2, most=5");
  CHECK(pins[2].effects.size() == 3);  // asked, found, pinned
  const auto unpins = told.of<core::BufferUnpinned>();
  REQUIRE(unpins.size() == 3);
  CHECK(said(unpins[0], "why.buf.still_pinned") == "pins=1");
  CHECK(said(unpins[1], "why.buf.unpinned_partly") == "backend=backend 1, buffer=1, mine=1");
  CHECK(said(unpins[2], "why.buf.evictable") == "usage=2");
}

TEST_CASE("the cards of a ring tell what stands in its slot, and why that is taken or left") {
  PoolWorld world(17, 16);
  const core::RingSlot ring = world.manager.get_access_strategy(core::RingKind::BulkRead);
  for (std::uint32_t block : {0, 1, 2}) world.touch(block, ring);
  world.touch(1);
  world.touch(3, ring);
  const Told told(world, 17);

  CHECK(said(told.of<core::RingCreated>().at(0), "why.buf.ring_created") ==
        "backend=backend 1, ring=BAS_BULKREAD, slots=2, bytes=16384");
  CHECK(said(told.of<core::RingCreated>().at(0), "why.buf.ring_capped") == "buffers=16");
  const auto steps = told.of<core::RingStepped>();
  REQUIRE(steps.size() == 4);
  CHECK(sentence(steps[0], "why.buf.ring_empty") != nullptr);  // slot 1 is the first
  CHECK(sentence(steps[1], "why.buf.ring_empty") != nullptr);
  CHECK(said(steps[2], "why.buf.ring_taken") == "buffer=1, slots=2");
  CHECK(said(steps[3], "why.buf.ring_used") == "buffer=2, usage=2");
  CHECK(said(told.of<core::RingSlotSet>().at(2), "why.buf.ring_set") == "ring=BAS_BULKREAD, slot=0, buffer=3");
}

TEST_CASE("a page that is written in the background, one that is dropped, and pages that are added make a call each") {
  for (const int major : {15, 17}) {
    CAPTURE(major);
    PoolWorld world(major, 8);
    world.soil(3);
    world.manager.check_point_buffers();
    world.manager.drop_relations_all_buffers(PoolWorld::kTable);
    world.manager.extend_buffered_rel(PoolWorld::kTable, 3);
    const Told told(world, major);

    const Card written = told.of<core::BufferWritten>().at(0);
    CHECK(written.call == Sentence{"why.call.write", {text_value("buffer", "1")}});
    CHECK(written.effects.size() == 6);  // pin, two flags, WAL, write, unpin
    CHECK(sentence(written, "why.buf.clean_stays") != nullptr);
    CHECK(said(told.of<core::CheckpointBegan>().at(0), "why.buf.checkpoint") == "buffers=1, dirty=1, all=8");
    const Card dropped = told.of<core::BufferUntagged>().at(0);
    CHECK(dropped.call.key == "why.call.invalidate");
    CHECK(dropped.effects.size() == 2);
    CHECK(sentence(dropped, "why.buf.dropped_clean") != nullptr);
    const auto added = told.of<core::BufferTagged>(dropped.event);
    REQUIRE(added.size() == 3);
    CHECK(added[2].call.key == (major == 15 ? "why.call.extend" : "why.call.extend_by"));
    if (major == 17) CHECK(added[0].effects == added[2].effects);
    CHECK(said(told.of<core::PageRequested>(dropped.event).at(1), "why.buf.asked_room") == "buffer=2");
  }
}
