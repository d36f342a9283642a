// What a filter finds, against a look at every event.
#include "trace/analysis/event_search.h"

#include <algorithm>
#include <iterator>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "trace/exporters/event_text.h"
#include "trace/query/condition_index.h"
#include "trace/query/condition_search.h"
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

TEST_CASE("a condition lets through what it holds at, of the chosen kinds and in the chosen context") {
  const auto events = test::random_events(35, 30'000, {.live_chunks = 300, .contexts = 20, .resets = 0.02});
  const Timeline timeline = recorded(events);
  ConditionIndex index(timeline);
  while (!index.advance()) {
  }
  const auto hits_of = [&](const std::string& text) {
    ConditionSearch all(timeline, {*Condition::parse(text)}, {0, SearchDirection::Forward, events.size(), false});
    while (!all.advance()) {
    }
    std::vector<EventNumber> hits;
    for (const ConditionHit& hit : all.hits()) hits.push_back(hit.event);
    return hits;
  };
  const auto first_made =
      look_at_all(events, [](const auto& e, const auto&) { return e.tag() == core::ContextCreated::kTag; })[4];
  const auto in_context = hits_of("context @" + std::to_string(first_made) + " touched");
  REQUIRE(in_context.size() > 10);
  for (const char* text : {"size > 500", "heap.total > 100kB", "heap.used > 40kB or alloc and size < 40"}) {
    INFO(text);
    const auto hits = hits_of(text);
    REQUIRE(!hits.empty());
    EventFilter filter;
    filter.condition = text;
    for (const EventNumber anchor : {0u, 11'000u, 30'000u}) CHECK(search(timeline, filter, anchor) == hits);
    EventSearch by_index(timeline, filter, 15'000, 5, &index);
    while (by_index.advance()) {
    }
    CHECK(by_index.found() <= 10);
    CHECK(by_index.reaches(15'000));
    for (std::size_t i = 0; i < by_index.found(); ++i) {
      CHECK(std::binary_search(hits.begin(), hits.end(), by_index[i]));
      const auto known = std::lower_bound(hits.begin(), hits.end(), by_index.looked_first()) - hits.begin();
      CHECK(hits[static_cast<std::size_t>(known) + i] == by_index[i]);
    }
    add<core::ChunkAllocated>(filter);
    std::vector<EventNumber> of_kind, of_both;
    std::copy_if(hits.begin(), hits.end(), std::back_inserter(of_kind),
                 [&](EventNumber n) { return events[n - 1].tag() == core::ChunkAllocated::kTag; });
    CHECK(search(timeline, filter, 9'000) == of_kind);
    std::set_intersection(of_kind.begin(), of_kind.end(), in_context.begin(), in_context.end(),
                          std::back_inserter(of_both));
    filter.context = {std::get<core::ContextCreated>(events[first_made - 1]).context, first_made};
    CHECK(search(timeline, filter, 9'000) == of_both);
  }
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
