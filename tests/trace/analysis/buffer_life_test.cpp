// The biography of a buffer, over streams of events made by hand.
#include "trace/analysis/buffer_life.h"

#include <algorithm>

#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

namespace bits = core::buffer_bits;

constexpr std::uint32_t kHeld = bits::kTagValid | bits::kValid;
constexpr std::uint32_t usage(std::uint32_t count) { return count * bits::kUsageOne; }

PageTag page(std::uint32_t block) { return {1663, 5, 16384, 0, block}; }

struct Story {
  Timeline timeline = Timeline::recording({});
  Story() {
    emit(core::BackendStarted{core::BackendSlot{0}, core::BackendKind::Client, 100, "reader"});
    emit(core::BackendStarted{core::BackendSlot{1}, core::BackendKind::Checkpointer, 101, "checkpointer"});
    emit(core::BufferPoolCreated{core::PoolSlot{0}, {}, BufferSlot{0}, 16, true});
    emit(core::RelationNamed{1663, 5, 16384, 100, "orders"});
  }
  EventNumber emit(const core::EventBody& event) {
    timeline.sink().emit(event);
    return timeline.size();
  }
  EventNumber request(std::uint32_t block, bool for_new = false) {
    return emit(core::PageRequested{core::PoolSlot{0}, page(block), {}, for_new});
  }
};

std::vector<BufferDeed> deeds(const BufferLife& life) {
  std::vector<BufferDeed> all;
  for (const BufferEntry& entry : life.entries()) all.push_back(entry.deed);
  return all;
}

TEST_CASE("a buffer's biography tells each page's stay, by whom and why") {
  Story story;
  const BufferSlot buffer{0};
  story.emit(core::BackendSwitched{core::BackendSlot{0}});
  story.request(7);
  story.emit(core::FreelistPopped{buffer, true});
  story.emit(core::BufferPinned{buffer, core::BackendSlot{0}, 1});
  const EventNumber loaded = story.emit(core::BufferTagged{buffer, page(7), bits::kTagValid | usage(1) | 1});
  story.emit(core::BufferFlagged{buffer, kHeld | usage(1) | 1});
  story.emit(core::BufferDirtied{buffer, kHeld | bits::kDirty | usage(1) | 1, 0});
  story.emit(core::BufferUnpinned{buffer, core::BackendSlot{0}, kHeld | bits::kDirty | usage(1)});
  story.emit(core::BackendSwitched{core::BackendSlot{1}});
  story.emit(core::BufferWritten{buffer, core::WriteReason::Checkpoint, kHeld | usage(1)});
  story.emit(core::BufferPinned{BufferSlot{3}, core::BackendSlot{1}, 1});  // another buffer
  story.emit(core::BackendSwitched{core::BackendSlot{0}});
  story.request(9, true);
  story.emit(core::ClockTicked{buffer, core::ClockVerdict::Spared, kHeld, 1, 0});
  story.emit(core::ClockTicked{buffer, core::ClockVerdict::Taken, kHeld, 1, 1});
  story.emit(core::BufferPinned{buffer, core::BackendSlot{0}, kHeld | 1});
  const EventNumber left = story.emit(core::BufferUntagged{buffer, core::UntagReason::Evicted, 1});
  const EventNumber came = story.emit(core::BufferTagged{buffer, page(9), bits::kTagValid | usage(1) | 1});

  BufferLife life(story.timeline, buffer, story.timeline.size());
  CHECK(life.advance());
  CHECK_FALSE(life.is_cut());
  using D = BufferDeed;
  CHECK(deeds(life) == std::vector<D>{D::Popped, D::Pinned, D::Loaded, D::Flagged, D::Dirtied, D::Unpinned, D::Written,
                                      D::CountedDown, D::Swept, D::Pinned, D::Evicted, D::Loaded});
  REQUIRE(life.stays().size() == 2);
  const BufferStay& first = life.stays()[0];
  CHECK(first.first == loaded);
  CHECK(first.last == left);
  CHECK(first.tag == page(7));
  CHECK(first.wanted == page(9));
  CHECK_FALSE(first.dropped);
  CHECK(first.pins == 1);
  CHECK(first.dirtied == 1);
  CHECK(first.counted_down == 1);
  CHECK(first.writes[static_cast<int>(core::WriteReason::Checkpoint)] == 1);
  CHECK(first.most_usage == 1);
  CHECK(life.backend_name(first.who) == "reader");
  CHECK(life.relation_name(first.tag) == "orders");
  const BufferStay& second = life.stays()[1];
  CHECK(second.first == came);
  CHECK(second.last == 0);
  CHECK(second.for_new);
  CHECK(second.pins == 1);
  CHECK(life.backend_name(life.entries()[6].who) == "checkpointer");
  CHECK(life.entries()[10].wanted == page(9));
}

TEST_CASE("15 swaps two pages in one event: one stay ends and the next begins there") {
  Story story;
  story.request(1);
  story.emit(core::BufferTagged{BufferSlot{2}, page(1), kHeld | usage(1) | 1});
  story.request(2);
  const EventNumber swapped = story.emit(core::BufferTagged{BufferSlot{2}, page(2), kHeld | usage(1) | 1});
  BufferLife life(story.timeline, BufferSlot{2}, 0);
  CHECK(life.advance());
  REQUIRE(life.stays().size() == 2);
  CHECK(life.stays()[0].last == swapped);
  CHECK(life.stays()[0].wanted == page(2));
  CHECK(life.stays()[1].first == swapped);
}

TEST_CASE("a ring's use of the buffer is told, and a dropped page") {
  Story story;
  const BufferSlot buffer{5};
  story.emit(core::RingCreated{RingSlot{0}, core::BackendSlot{0}, core::RingKind::Vacuum, 2});
  story.emit(core::RingStepped{RingSlot{0}, 1, core::RingVerdict::Empty});
  story.emit(core::RingSlotSet{RingSlot{0}, 1, buffer});
  story.emit(core::BufferTagged{buffer, page(1), kHeld | usage(1)});
  story.emit(core::RingStepped{RingSlot{0}, 0, core::RingVerdict::Empty});
  story.emit(core::RingStepped{RingSlot{0}, 1, core::RingVerdict::Taken});
  story.emit(core::RingSlotSet{RingSlot{0}, 1, BufferSlot{6}});
  story.emit(core::RingSlotSet{RingSlot{0}, 0, buffer});
  story.emit(core::BufferUntagged{buffer, core::UntagReason::Dropped, 0});
  story.emit(core::FreelistPushed{buffer});
  story.emit(core::RingFreed{RingSlot{0}});
  BufferLife life(story.timeline, buffer, 0);
  CHECK(life.advance());
  using D = BufferDeed;
  CHECK(deeds(life) == std::vector<D>{D::RingJoined, D::Loaded, D::RingReused, D::RingLeft, D::RingJoined, D::Dropped,
                                      D::Freed, D::RingLeft});
  CHECK(life.stays().at(0).dropped);
}

TEST_CASE("of a long life the part around the anchor is kept, read in portions") {
  Story story;
  const BufferSlot buffer{1};
  story.emit(core::BufferTagged{buffer, page(1), kHeld | usage(1)});
  for (int i = 0; i < 40'000; ++i) {
    story.emit(core::BufferPinned{buffer, core::BackendSlot{0}, kHeld | usage(1) | 1});
    story.emit(core::BufferUnpinned{buffer, core::BackendSlot{0}, kHeld | usage(1)});
  }
  const EventNumber anchor = 30'000;
  BufferLife life(story.timeline, buffer, anchor, 100);
  int portions = 1;
  while (!life.advance(1000)) ++portions;
  CHECK(portions > 1);
  CHECK(life.is_cut());
  const auto& entries = life.entries();
  CHECK(std::count_if(entries.begin(), entries.end(), [&](const auto& e) { return e.event <= anchor; }) == 100);
  CHECK(std::count_if(entries.begin(), entries.end(), [&](const auto& e) { return e.event > anchor; }) >= 100);
  CHECK(life.stays().size() == 1);
  CHECK(life.progress() == 1);

  BufferLife whole(story.timeline, buffer, anchor, 1'000'000);
  while (!whole.advance(1000)) CHECK(whole.progress() < 1);
  CHECK_FALSE(whole.is_cut());
  CHECK(whole.entries().size() == 80'001);
  CHECK(whole.stays()[0].pins == 40'000);
  story.emit(core::BufferUntagged{buffer, core::UntagReason::Dropped, 0});
  CHECK(whole.advance());
  CHECK(whole.stays()[0].last == story.timeline.size());
}

}  // namespace
}  // namespace palloscope::trace
