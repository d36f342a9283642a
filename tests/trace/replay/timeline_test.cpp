#include "trace/replay/timeline.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "trace/file/block_summary.h"
#include "trace/file/trace_writer.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

struct Recorded {
  std::vector<core::EventBody> events;
  std::vector<MemoryState> states;  // after event n
  Timeline timeline = Timeline::recording({});
};

// How the timeline got its events: in memory, or from a file of many small blocks and keyframes.
enum class Source { Memory, File };

class ScratchFile {
 public:
  ScratchFile() : path_(std::filesystem::temp_directory_path() / ("palloscope_timeline_" + unique() + ".pscope")) {}
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  static std::string unique() {
    static int count = 0;
    return std::to_string(std::random_device{}()) + "_" + std::to_string(++count);
  }
  std::filesystem::path path_;
};

Recorded record(std::uint64_t seed, std::size_t count, Source source = Source::Memory,
                test::RandomStreamOptions options = {}) {
  Recorded recorded;
  recorded.events = test::random_events(seed, count, options);
  MemoryState state;
  recorded.states.push_back(state);
  for (const core::EventBody& event : recorded.events) {
    state.apply(event);
    recorded.states.push_back(state);
  }
  if (source == Source::Memory) {
    for (const core::EventBody& event : recorded.events) recorded.timeline.sink().emit(event);
    return recorded;
  }
  ScratchFile file;
  TraceWriterOptions small;
  small.events_per_keyframe = 300;
  small.flush_after = {};
  auto writer = TraceWriter::create(file.path(), {}, small);
  REQUIRE(writer);
  for (const core::EventBody& event : recorded.events) {
    (*writer)->emit(event);
    if ((*writer)->size() % 101 == 0) (*writer)->flush();
  }
  REQUIRE((*writer)->close());
  auto opened = Timeline::open(file.path());
  REQUIRE(opened);
  recorded.timeline = std::move(*opened);
  return recorded;
}

// Events that touch the context, by definition: one by one.
std::vector<EventNumber> touching(const Recorded& recorded, ContextKey key) {
  std::vector<EventNumber> found;
  for (EventNumber n = key.born; n <= recorded.events.size(); ++n) {
    const core::EventBody& event = recorded.events[n - 1];
    if (const auto* created = std::get_if<core::ContextCreated>(&event);
        created && created->context == key.slot && n != key.born)
      break;
    bool touches = false;
    std::visit(
        [&](const auto& e) {
          for_each_touched(recorded.states[n - 1], e, [&](ContextSlot slot) { touches |= slot == key.slot; });
        },
        event);
    if (touches) found.push_back(n);
  }
  return found;
}

}  // namespace

TEST_CASE("Seeking to any event gives the state that replay from the start gives") {
  const auto source = GENERATE(Source::Memory, Source::File);
  auto recorded = record(1, 3000, source, {.live_chunks = 150, .resets = 0.03});
  Timeline& timeline = recorded.timeline;
  REQUIRE(timeline.size() == 3000);
  REQUIRE(timeline.cursor() == 0);
  SECTION("in order") {
    for (EventNumber n = 0; n <= 3000; ++n) {
      timeline.seek(n);
      REQUIRE(timeline.cursor() == n);
      if (!(timeline.state() == recorded.states[n])) FAIL("at event " << n);
    }
  }
  SECTION("backwards, one by one") {
    for (EventNumber n = 3001; n > 0; --n) {
      timeline.seek(n - 1);
      if (!(timeline.state() == recorded.states[n - 1])) FAIL("at event " << n - 1);
    }
  }
  SECTION("at random, in leaps and steps") {
    std::mt19937_64 random(7);
    for (int i = 0; i < 2000; ++i) {
      EventNumber n = random() % 3001;
      if (random() % 2 == 0) n = timeline.cursor() + random() % 20;
      if (random() % 3 == 0) n = timeline.cursor() - std::min<EventNumber>(timeline.cursor(), random() % 20);
      timeline.seek(n);
      n = std::min<EventNumber>(n, 3000);
      REQUIRE(timeline.cursor() == n);
      if (!(timeline.state() == recorded.states[n])) FAIL("at event " << n);
    }
  }
  SECTION("beyond the end is the end") {
    timeline.seek(1'000'000);
    CHECK(timeline.cursor() == 3000);
  }
}

TEST_CASE("A step says what it changed, in both directions") {
  const auto source = GENERATE(Source::Memory, Source::File);
  auto recorded = record(2, 2000, source, {.live_chunks = 100, .resets = 0.03});
  Timeline& timeline = recorded.timeline;
  std::mt19937_64 random(7);
  timeline.seek(1000);
  for (int i = 0; i < 3000; ++i) {
    const EventNumber from = timeline.cursor();
    EventNumber to = random() % 2 == 0 ? from + random() % 12 : from - std::min<EventNumber>(from, random() % 12);
    to = std::min<EventNumber>(to, 2000);
    if (to == from) continue;
    timeline.seek(to);
    const ChangeSet& change = timeline.last_change();
    REQUIRE(change.known);
    REQUIRE(change.from == from);
    REQUIRE(change.to == to);
    const MemoryState &then = recorded.states[from], &now = recorded.states[to];
    REQUIRE(change.totals == then.totals());
    REQUIRE(change.point == then.point());
    for (std::uint32_t slot = 0; slot < std::max(then.contexts().size(), now.contexts().size()); ++slot) {
      const ContextRecord *old = then.context(ContextSlot{slot}), *current = now.context(ContextSlot{slot});
      auto told = std::find_if(change.contexts.begin(), change.contexts.end(),
                               [&](const auto& c) { return c.first.value == slot; });
      if (told == change.contexts.end()) {
        REQUIRE(((old == nullptr && current == nullptr) || (old && current && *old == *current)));
      } else if (old) {
        REQUIRE(told->second == *old);
      } else {
        REQUIRE(told->second.born == 0);
      }
    }
    for (std::uint32_t slot = 0; slot < std::max(then.chunks().size(), now.chunks().size()); ++slot) {
      const ChunkRecord *old = then.chunk(ChunkSlot{slot}), *current = now.chunk(ChunkSlot{slot});
      auto told = std::find_if(change.chunks.begin(), change.chunks.end(),
                               [&](const auto& c) { return c.first.value == slot; });
      if (told == change.chunks.end()) {
        REQUIRE(((old == nullptr && current == nullptr) || (old && current && *old == *current)));
      } else if (old) {
        REQUIRE(told->second == *old);
      } else {
        REQUIRE(told->second.state == ChunkState::Gone);
      }
    }
  }
}

TEST_CASE("A long leap does not claim to know what changed") {
  auto recorded = record(3, 3000);
  recorded.timeline.seek(2900);
  CHECK_FALSE(recorded.timeline.last_change().known);
  recorded.timeline.seek(10);
  CHECK_FALSE(recorded.timeline.last_change().known);
  CHECK(recorded.timeline.last_change().from == 2900);
}

TEST_CASE("The neighbouring event that touches a context is found both ways") {
  const auto source = GENERATE(Source::Memory, Source::File);
  auto recorded = record(4, 4000, source, {.live_chunks = 100, .contexts = 12, .resets = 0.05});
  std::vector<ContextKey> keys;
  for (EventNumber n = 1; n <= recorded.events.size(); ++n) {
    if (const auto* created = std::get_if<core::ContextCreated>(&recorded.events[n - 1]))
      keys.push_back({created->context, n});
  }
  REQUIRE(keys.size() > 10);
  std::mt19937_64 random(7);
  for (const ContextKey key : keys) {
    const std::vector<EventNumber> all = touching(recorded, key);
    for (int i = 0; i < 12; ++i) {
      const EventNumber from = i < 2 ? (i == 0 ? 0 : 4000) : random() % 4001;
      auto next = std::upper_bound(all.begin(), all.end(), from);
      auto previous = std::lower_bound(all.begin(), all.end(), from);
      CAPTURE(key.slot.value, key.born, from);
      REQUIRE(recorded.timeline.next_touching(key, from) == (next == all.end() ? std::nullopt : std::optional{*next}));
      REQUIRE(recorded.timeline.previous_touching(key, from) ==
              (previous == all.begin() ? std::nullopt : std::optional{*std::prev(previous)}));
    }
  }
  CHECK(recorded.timeline.next_touching({ContextSlot{0}, 0}, 0) == std::nullopt);
  CHECK(recorded.timeline.next_touching({ContextSlot{0}, 99999}, 0) == std::nullopt);
}

TEST_CASE("The neighbouring event of a kind is found both ways") {
  const auto source = GENERATE(Source::Memory, Source::File);
  auto recorded = record(5, 3000, source);
  const std::uint8_t tags[] = {core::Narration::kTag, core::ErrorReported::kTag};
  std::vector<EventNumber> all;
  for (EventNumber n = 1; n <= 3000; ++n) {
    const core::EventBody& event = recorded.events[n - 1];
    if (std::holds_alternative<core::Narration>(event) || std::holds_alternative<core::ErrorReported>(event))
      all.push_back(n);
    REQUIRE(recorded.timeline.event(n) == event);
  }
  REQUIRE(all.size() > 5);
  for (EventNumber from = 0; from <= 3000; ++from) {
    auto next = std::upper_bound(all.begin(), all.end(), from);
    auto previous = std::lower_bound(all.begin(), all.end(), from);
    REQUIRE(recorded.timeline.next_of(tags, from) == (next == all.end() ? std::nullopt : std::optional{*next}));
    REQUIRE(recorded.timeline.previous_of(tags, from) ==
            (previous == all.begin() ? std::nullopt : std::optional{*std::prev(previous)}));
  }
}

TEST_CASE("Samples cover the range without gaps and hold every extreme") {
  const auto source = GENERATE(Source::Memory, Source::File);
  auto recorded = record(6, 5000, source);
  for (auto [first, last, columns] : {std::tuple{1, 5000, 100}, {1, 5000, 7}, {1200, 1900, 1000}, {4990, 9999, 3}}) {
    const auto samples =
        recorded.timeline.samples(static_cast<EventNumber>(first), static_cast<EventNumber>(last), columns);
    REQUIRE(!samples.empty());
    REQUIRE(recorded.timeline.samples_complete());
    REQUIRE(samples.size() <= static_cast<std::size_t>(columns));
    REQUIRE(samples.front().first <= static_cast<EventNumber>(first));
    REQUIRE(samples.back().last >= std::min<EventNumber>(static_cast<EventNumber>(last), 5000));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const TrackSample& sample = samples[i];
      if (i > 0) REQUIRE(sample.first == samples[i - 1].last + 1);
      std::uint64_t low = ~std::uint64_t{0}, high = 0, malloced = 0, granted = 0;
      for (EventNumber n = sample.first; n <= sample.last; ++n) {
        const HeapTotals& totals = recorded.states[n].totals();
        low = std::min(low, totals.context_bytes);
        high = std::max(high, totals.context_bytes);
        malloced = std::max(malloced, totals.malloc_bytes);
        granted = std::max(granted, totals.granted_bytes);
      }
      REQUIRE(sample.points.whole_min == low);
      REQUIRE(sample.points.whole_max == high);
      REQUIRE(sample.points.other_max == malloced);
      REQUIRE(sample.points.part_max == granted);
    }
  }
  CHECK(Timeline::recording({}).samples(1, 100, 10).empty());
}

TEST_CASE("Marks are the events of the lanes, thinned to the limit") {
  const auto source = GENERATE(Source::Memory, Source::File);
  auto recorded = record(8, 5000, source);
  const auto all = recorded.timeline.marks(1, 5000, 100000);
  REQUIRE(all.size() > 20);
  for (const TimelineMark& mark : all) {
    const core::EventBody& event = recorded.events[mark.event - 1];
    REQUIRE(mark.tag == event.tag());
    if (const auto* reset = std::get_if<core::ContextReset>(&event)) REQUIRE(mark.context == reset->context);
  }
  const auto resets = std::count_if(recorded.events.begin(), recorded.events.end(),
                                    [](auto& e) { return std::holds_alternative<core::ContextReset>(e); });
  CHECK(resets == std::count_if(all.begin(), all.end(), [](auto& m) { return m.tag == core::ContextReset::kTag; }));
  CHECK(recorded.timeline.marks(1, 5000, 10).size() == 10);
  CHECK(recorded.timeline.marks(1, 5000, 0).empty());
}

TEST_CASE("A recording grows under the cursor without moving it") {
  const auto events = test::random_events(9, 500);
  core::StreamDescription description;
  description.title = "growing";
  Timeline timeline = Timeline::recording(description);
  CHECK(timeline.description().title == "growing");
  CHECK(timeline.problem().empty());
  MemoryState state;
  for (const core::EventBody& event : events) {
    timeline.sink().emit(event);
    state.apply(event);
    if (timeline.size() % 3 == 0) {
      timeline.seek(timeline.size());
      REQUIRE(timeline.state() == state);
    }
  }
  timeline.seek(100);
  timeline.sink().emit(core::Output{"more"});
  CHECK(timeline.cursor() == 100);
  CHECK(timeline.size() == 501);
}

TEST_CASE("A long recording is packed into blocks and keyframes and still seeks, searches and saves exactly") {
  const auto events = test::random_events(11, 200'000, {.live_chunks = 3000});
  Timeline timeline = Timeline::recording({});
  std::map<EventNumber, MemoryState> states;
  MemoryState state;
  std::vector<EventNumber> resets;
  ContextKey oldest;
  for (const core::EventBody& event : events) {
    timeline.sink().emit(event);
    state.apply(event);
    if (state.event_number() % 7001 == 0) states.emplace(state.event_number(), state);
    if (std::holds_alternative<core::ContextReset>(event)) resets.push_back(state.event_number());
    if (const auto* created = std::get_if<core::ContextCreated>(&event); created && !oldest.slot)
      oldest = {created->context, state.event_number()};
  }
  auto check = [&](Timeline& checked) {
    REQUIRE(checked.size() == events.size());
    for (auto at = states.rbegin(); at != states.rend(); ++at) {
      checked.seek(at->first);
      REQUIRE(checked.state() == at->second);
      checked.seek(at->first - 1);
      checked.seek(at->first);
      REQUIRE(checked.state() == at->second);
    }
    std::mt19937_64 random(3);
    for (int i = 0; i < 300; ++i) {
      const EventNumber n = 1 + random() % events.size();
      REQUIRE(checked.event(n) == events[n - 1]);
    }
    const std::uint8_t tags[] = {core::ContextReset::kTag};
    for (std::size_t i = 1; i < resets.size(); i += 50) {
      REQUIRE(checked.next_of(tags, resets[i - 1]) == resets[i]);
      REQUIRE(checked.previous_of(tags, resets[i]) == resets[i - 1]);
    }
    // Forward and backward searches find the same events.
    EventNumber n = 100'000;
    for (int i = 0; i < 20; ++i) {
      auto next = checked.next_touching(oldest, n);
      if (!next) break;
      REQUIRE(checked.previous_touching(oldest, *next + 1) == next);
      REQUIRE(checked.next_touching(oldest, *next - 1) == next);
      n = *next;
    }
  };
  check(timeline);
  ScratchFile file;
  REQUIRE(timeline.save(file.path()));
  auto opened = Timeline::open(file.path());
  REQUIRE(opened);
  CHECK(opened->problem().empty());
  check(*opened);
}

TEST_CASE("A visit shows each event with the state after it, and leaves the cursor alone") {
  const auto source = GENERATE(Source::Memory, Source::File);
  auto recorded = record(12, 3000, source, {.live_chunks = 100});
  recorded.timeline.seek(77);
  std::mt19937_64 random(3);
  EventNumber first = 1;
  for (int i = 0; i < 200; ++i) {
    first = i % 10 == 0 ? 1 + random() % 3000 : std::max<EventNumber>(first + random() % 40, 21) - 20;
    EventNumber expected = first;
    recorded.timeline.visit(first, first + 30,
                            [&](EventNumber n, const core::EventBody& event, const MemoryState& after) {
                              REQUIRE(n == expected++);
                              REQUIRE(event == recorded.events[n - 1]);
                              REQUIRE(after == recorded.states[n]);
                            });
    REQUIRE(expected == std::max(first, std::min<EventNumber>(first + 31, 3001)));
  }
  CHECK(recorded.timeline.cursor() == 77);
  CHECK(recorded.timeline.state() == recorded.states[77]);
}

TEST_CASE("A file with a damaged block ends before it, and says so") {
  const auto events = test::random_events(13, 2000);
  ScratchFile file;
  TraceWriterOptions small;
  small.compression = Compression::None;
  small.flush_after = {};
  auto writer = TraceWriter::create(file.path(), {}, small);
  REQUIRE(writer);
  std::uint64_t damage_at = 0;
  for (const core::EventBody& event : events) {
    (*writer)->emit(event);
    if ((*writer)->size() % 500 != 0) continue;
    if ((*writer)->size() == 1500) damage_at = (*writer)->bytes_written() + 2000;
    (*writer)->flush();
  }
  REQUIRE((*writer)->close());
  {
    std::fstream stream(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(damage_at));
    stream.write("damage!", 7);
  }
  auto opened = Timeline::open(file.path());
  REQUIRE(opened);
  opened->seek(2000);
  CHECK(opened->size() == 1000);
  CHECK(opened->cursor() == 1000);
  CHECK_FALSE(opened->problem().empty());
  MemoryState state;
  for (std::size_t i = 0; i < 1000; ++i) state.apply(events[i]);
  CHECK(opened->state() == state);
  CHECK(opened->samples(1, 2000, 50).back().last == 1000);
  CHECK(opened->event(1000) == events[999]);
  opened->seek(500);
  opened->seek(1000);
  CHECK(opened->state() == state);
}
