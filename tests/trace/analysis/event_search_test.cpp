// What a filter finds, against a look at every event.
#include "trace/analysis/event_search.h"

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "trace/exporters/event_text.h"
#include "trace/replay/event_store.h"

namespace palloscope::trace {
namespace {

Timeline recorded(const std::vector<core::EventBody>& events) {
  Timeline timeline = Timeline::recording({});
  for (const core::EventBody& event : events) timeline.sink().emit(event);
  return timeline;
}

std::vector<EventNumber> search(const Timeline& timeline, const EventFilter& filter, EventNumber anchor) {
  EventSearch search(timeline, filter, anchor);
  while (search.advance()) {
  }
  REQUIRE(search.looked_first() == 1);
  REQUIRE(search.looked_last() == timeline.size());
  std::vector<EventNumber> found;
  for (std::size_t i = 0; i < search.found(); ++i) found.push_back(search[i]);
  return found;
}

template <class E>
void add(EventFilter& filter) {
  filter.kinds[E::kTag / 64] |= std::uint64_t{1} << (E::kTag % 64);
}

// Events for which `matches(number, event, state before)`.
template <class Matches>
std::vector<EventNumber> look_at_all(const std::vector<core::EventBody>& events, Matches matches) {
  std::vector<EventNumber> found;
  MemoryState state;
  for (const core::EventBody& event : events) {
    if (matches(event, state)) found.push_back(state.event_number() + 1);
    state.apply(event);
  }
  return found;
}

}  // namespace

TEST_CASE("a filter finds the events of its kinds, its context and its words, from wherever it begins") {
  const auto events = test::random_events(31, 34'000, {.live_chunks = 300, .contexts = 20, .resets = 0.02});
  const Timeline timeline = recorded(events);
  REQUIRE(timeline.events().block_count() > 2);
  const EventNumber anchor = GENERATE(0u, 20'000u, 34'000u);
  EventFilter kinds;
  add<core::ContextReset>(kinds);
  add<core::ContextDeleted>(kinds);
  const auto resets = look_at_all(events, [](const auto& event, const auto&) {
    return event.tag() == core::ContextReset::kTag || event.tag() == core::ContextDeleted::kTag;
  });
  REQUIRE(resets.size() > 50);
  CHECK(search(timeline, kinds, anchor) == resets);

  const auto& reset = std::get<core::ContextReset>(
      events[look_at_all(events, [](const auto& e, const auto&) { return e.tag() == core::ContextReset::kTag; })[5] -
             1]);
  EventFilter context;
  EventNumber born = 0;
  const auto touching = look_at_all(events, [&](const core::EventBody& event, const MemoryState& state) {
    bool touches = false;
    std::visit(
        [&](const auto& e) {
          for_each_touched(state, e, [&](ContextSlot slot) {
            if (slot != reset.context) return;
            const ContextRecord* record = state.context(slot);
            const EventNumber made = record == nullptr ? state.event_number() + 1 : record->born;
            if (born == 0) born = made;
            touches = touches || made == born;
          });
        },
        static_cast<const core::EventVariant&>(event));
    return touches;
  });
  context.context = {reset.context, born};
  REQUIRE(touching.size() > 5);
  CHECK(search(timeline, context, anchor) == touching);
}

TEST_CASE("words are found in names, texts, sizes and addresses, whatever their case") {
  core::ContextCreated made;
  made.context = {0};
  made.name = "ExecutorState";
  std::vector<core::EventBody> events{
      made,
      core::Malloc{{0}, {0x1000}, 8192},
      core::BlockAdded{{0}, {0}, core::BlockRole::Ordinary, core::BlockPosition::Head, {0x1000}, {0x1028}, 8192, 0},
      core::ChunkAllocated{{0}, {0}, {0x1030}, 100, 128, 4},
      core::Output{"hello 100"},
      core::ChunkFreed{{0}},
      core::Narration{"The executor begins", ""},
      core::ContextIdentSet{{0}, "SELECT 1"},
      core::ContextReset{{0}}};
  const Timeline timeline = recorded(events);
  const auto found = [&](const std::string& words) {
    EventFilter filter;
    filter.words = words;
    return search(timeline, filter, 4);
  };
  using Events = std::vector<EventNumber>;
  CHECK(found("executor") == Events{1, 3, 4, 6, 7, 8, 9});
  CHECK(found("select 1") == Events{8, 9});
  CHECK(found("100") == Events{4, 5});
  CHECK(found("8192") == Events{2, 3});
  CHECK(found("0x1030") == Events{4, 6});
  CHECK(found("Narration") == Events{7});
  CHECK(found("nothing of the kind").empty());
}

TEST_CASE("a search keeps a bounded number around its place, and says when it must begin anew") {
  const auto events = test::random_events(33, 40'000, {.live_chunks = 300, .contexts = 20});
  Timeline timeline = recorded(events);
  EventFilter all;
  add<core::ChunkAllocated>(all);
  EventSearch cut(timeline, all, 20'000, 500);
  while (cut.advance()) {
  }
  CHECK(cut.found() >= 1000);
  CHECK(cut.found() < 20'000);
  CHECK(cut.reaches(20'000));
  CHECK_FALSE(cut.reaches(10));
  CHECK_FALSE(cut.reaches(39'990));
  CHECK(cut.progress() < 1);
  EventSearch growing(timeline, all, 40'000);
  while (growing.advance()) {
  }
  const std::size_t before = growing.found();
  timeline.sink().emit(core::ChunkAllocated{});
  while (growing.advance()) {
  }
  CHECK(growing.found() == before + 1);
}

}  // namespace palloscope::trace
