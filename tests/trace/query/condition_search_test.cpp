// Conditions against a naive evaluation: hand-written questions to the states before and after each event, all contexts
// walked each time; and what the search finds, forwards and backwards, with and without an index.
#include "trace/query/condition_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/random_server_stream.h"
#include "tests/support/random_stream.h"
#include "tests/support/workload_stream.h"
#include "trace/analysis/context_counters.h"
#include "trace/explain/profile_for.h"
#include "trace/exporters/event_text.h"
#include "trace/file/crc32c.h"
#include "trace/file/trace_writer.h"
#include "trace/query/condition_index_file.h"

namespace palloscope::trace {
namespace {

using namespace core;

struct Moment {
  EventNumber n = 0;
  const EventBody& event;
  const MemoryState& before;
  const MemoryState& after;
};
using Naive = std::function<bool(const Moment&)>;
struct Question {
  std::string text;
  Naive naive;
};

template <class E>
const E* as(const Moment& at) {
  return std::get_if<E>(&at.event);
}

ContextSlot context_of(const Moment& at) {
  ContextSlot context;
  std::visit(
      [&]<class E>(const E& e) {
        BlockSlot block;
        if constexpr (requires { ContextSlot{e.context}; }) context = e.context;
        if constexpr (std::is_same_v<E, ContextsOmitted>) context = e.parent;
        if constexpr (requires { BlockSlot{e.block}; }) block = e.block;
        if constexpr (std::is_same_v<E, ContextRecycled>) block = e.region;
        if constexpr (std::is_same_v<E, ChunkFreed> || std::is_same_v<E, ChunkResized>)
          if (const ChunkRecord* chunk = at.before.chunk(e.chunk)) block = chunk->block;
        if (const BlockRecord* record = at.before.block(block); record && !context) context = record->context;
      },
      at.event);
  return context;
}

std::string name_of(const Moment& at) {
  const ContextSlot slot = context_of(at);
  if (!slot) return {};
  const ContextRecord* context = at.after.context(slot);
  if (!context) context = at.before.context(slot);
  return context ? std::string(printed_name(*context)) : std::string();
}

std::uint64_t sum(const MemoryState& state, std::string_view name, auto value) {
  std::uint64_t total = 0;
  for (const ContextRecord& context : state.contexts())
    if (context.born != 0 && printed_name(context) == name) total += value(context);
  return total;
}

// At the event it is so, and it was not before.
Naive edge(std::function<bool(const MemoryState&)> holds) {
  return [holds](const Moment& at) { return holds(at.after) && !holds(at.before); };
}
// The same of the event's own context, which must have been there.
Naive edge_of_context(std::function<bool(const MemoryState&, const ContextRecord&)> holds) {
  return [holds](const Moment& at) {
    const ContextRecord* before = at.before.context(context_of(at));
    const ContextRecord* after = at.after.context(context_of(at));
    return before && after && holds(at.after, *after) && !holds(at.before, *before);
  };
}

std::size_t length(const MemoryState& state, ChunkSlot head) {
  std::size_t count = 0;
  for (; head; head = state.chunks()[head.value].next_free) ++count;
  return count;
}

// Whether the memory of a live or free chunk at the address is what the event is about.
bool about_chunk(const Moment& at, Address address) {
  auto covers = [&](Address first, std::uint64_t bytes) {
    return address >= first && address - first < std::max<std::uint64_t>(bytes, 1);
  };
  auto dropped = [&](const MemoryState& state, ChunkSlot slot) {
    const ChunkRecord* chunk = state.chunk(slot);
    return chunk && covers(chunk->at, chunk->granted_bytes);
  };
  if (const auto* e = as<ChunkAllocated>(at)) return covers(e->at, e->granted_bytes);
  if (const auto* e = as<ChunkCarved>(at)) return covers(e->at, e->granted_bytes);
  if (const auto* e = as<ChunkFreed>(at)) return dropped(at.before, e->chunk);
  if (const auto* e = as<ChunkResized>(at)) return dropped(at.before, e->chunk) || dropped(at.after, e->chunk);
  if (const auto* e = as<MemoryWritten>(at)) return covers(e->at, e->bytes.size());
  if (const auto* e = as<FaultFound>(at)) return covers(e->at, e->bytes);
  if (as<ContextReset>(at) || as<ContextDeleted>(at) || as<BlockRemoved>(at) || as<BlockEmptied>(at))
    for (std::uint32_t i = 0; i < at.before.chunks().size(); ++i)
      if (dropped(at.before, {i}) && !at.after.chunk({i})) return true;
  return false;
}

std::vector<Question> private_questions(std::uint64_t limit, std::string name, Address address) {
  const VersionProfile* profile = &profile_for({});
  auto total = [=](const MemoryState& state) {
    return sum(state, name, [&](const ContextRecord& c) { return context_counters(state, c, profile).total_bytes; });
  };
  auto used = [=](const MemoryState& state) {
    return sum(state, name, [&](const ContextRecord& c) { return context_counters(state, c, profile).used_bytes; });
  };
  auto quoted = '"' + name + '"';
  auto number = std::to_string(limit);
  auto child_of = [=](const MemoryState& state) {
    std::uint64_t count = 0;
    for (const ContextRecord& c : state.contexts()) {
      const ContextRecord* parent = c.born != 0 ? state.context(c.parent) : nullptr;
      if (parent && printed_name(*parent) == name && printed_name(c) == name) ++count;
    }
    return count;
  };
  return {
      {"alloc and size > " + number,
       [=](const Moment& at) {
         const auto* e = as<ChunkAllocated>(at);
         return e && e->requested_bytes > limit;
       }},
      {"free and size > " + number,
       [=](const Moment& at) {
         const auto* e = as<ChunkFreed>(at);
         const ChunkRecord* chunk = e ? at.before.chunk(e->chunk) : nullptr;
         return chunk && chunk->requested_bytes > limit;
       }},
      {"reset or (delete or fault) or malloc and size >= 8kB",
       [](const Moment& at) {
         const auto* m = as<Malloc>(at);
         return as<ContextReset>(at) || as<ContextDeleted>(at) || as<FaultFound>(at) || (m && m->bytes >= 8192);
       }},
      {"context == " + quoted + " and not alloc",
       [=](const Moment& at) { return name_of(at) == name && !as<ChunkAllocated>(at); }},
      {"context ~ \"e\" and (reset or create)",
       [](const Moment& at) {
         return (as<ContextReset>(at) || as<ContextCreated>(at)) && name_of(at).find('e') != std::string::npos;
       }},
      {"total(" + quoted + ") > " + number + "0", edge([=](const MemoryState& s) { return total(s) > limit * 10; })},
      {"used(" + quoted + ") >= " + number, edge([=](const MemoryState& s) { return used(s) >= limit; })},
      {"count(" + quoted + ") incremented",
       [=](const Moment& at) {
         auto one = [](const ContextRecord&) { return 1; };
         return sum(at.after, name, one) > sum(at.before, name, one);
       }},
      {"count(\"" + name + "/" + name + "\") == 1", edge([=](const MemoryState& s) { return child_of(s) == 1; })},
      {"alloc and total(" + quoted + ") * 2 > heap.total",
       [=](const Moment& at) {
         return as<ChunkAllocated>(at) && total(at.after) * 2 > at.after.totals().context_bytes;
       }},
      {"heap.total > 200kB or heap.chunks decremented and event >= 100",
       [](const Moment& at) {
         const bool over =
             at.after.totals().context_bytes > 200 * 1024 && at.before.totals().context_bytes <= 200 * 1024;
         return over || (at.n >= 100 && at.after.totals().live_chunk_count < at.before.totals().live_chunk_count);
       }},
      {"not heap.used < 100kB", edge([](const MemoryState& s) { return s.totals().granted_bytes >= 100 * 1024; })},
      {"freelist[3].length == 0",
       edge_of_context([](const MemoryState& s, const ContextRecord& c) { return length(s, c.freelist[3]) == 0; })},
      {"freelist[4].length > 3",
       edge_of_context([](const MemoryState& s, const ContextRecord& c) { return length(s, c.freelist[4]) > 3; })},
      {"context.chunks == 0",
       edge_of_context([](const MemoryState&, const ContextRecord& c) { return c.live_chunk_count == 0; })},
      {"free and became(context.chunks < 3)",
       [](const Moment& at) {
         const ContextRecord* before = at.before.context(context_of(at));
         const ContextRecord* after = at.after.context(context_of(at));
         return as<ChunkFreed>(at) && before && after && after->live_chunk_count < 3 && before->live_chunk_count >= 3;
       }},
      {fmt::format("chunk 0x{:x} touched", address.value), [=](const Moment& at) { return about_chunk(at, address); }},
  };
}

std::vector<Question> server_questions() {
  auto buffer_of = [](const Moment& at) {
    BufferSlot buffer;
    std::visit(
        [&](const auto& e) {
          if constexpr (requires { BufferSlot{e.buffer}; }) buffer = e.buffer;
        },
        at.event);
    return buffer;
  };
  auto usage = [](const MemoryState& state, BufferSlot slot) {
    const BufferRecord* buffer = slot ? state.server().buffer(slot) : nullptr;
    return buffer ? static_cast<int>(buffer->usage()) : -1;
  };
  auto evicts = [](const Moment& at) {
    if (const auto* e = as<BufferUntagged>(at)) return e->reason == UntagReason::Evicted;
    const auto* e = as<BufferTagged>(at);
    const BufferRecord* buffer = e ? at.before.server().buffer(e->buffer) : nullptr;
    return buffer && buffer->has_page();
  };
  return {
      {"buffer 3 touched", [=](const Moment& at) { return buffer_of(at).value == 2; }},
      {"buffer 3 evicted", [=](const Moment& at) { return buffer_of(at).value == 2 && evicts(at); }},
      {"evicted", evicts},
      {"usage_count decremented",
       [=](const Moment& at) {
         const int before = usage(at.before, buffer_of(at)), after = usage(at.after, buffer_of(at));
         return before >= 0 && after >= 0 && after < before;
       }},
      {"usage_count == 0",
       [=](const Moment& at) {
         const int before = usage(at.before, buffer_of(at)), after = usage(at.after, buffer_of(at));
         return before > 0 && after == 0;
       }},
      {"pool.dirty > 3",
       [](const Moment& at) {
         const PoolRecord *before = at.before.server().shared_pool(), *after = at.after.server().shared_pool();
         return after && after->dirty > 3 && !(before && before->dirty > 3);
       }},
      {"hit or spilled",
       [](const Moment& at) {
         const auto* looked = as<PageLookedUp>(at);
         const auto* spilled = as<OperationSpilled>(at);
         return (looked && looked->buffer) || (spilled && !spilled->read_back);
       }},
  };
}

Timeline small_blocks(const std::vector<EventBody>& events) {
  static int count = 0;
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     fmt::format("palloscope_search_{}_{}.pscope", std::random_device{}(), ++count);
  TraceWriterOptions small;
  small.events_per_keyframe = 300;
  small.flush_after = {};
  auto writer = TraceWriter::create(path, {}, small);
  REQUIRE(writer);
  for (const EventBody& event : events) {
    (*writer)->emit(event);
    if ((*writer)->size() % 101 == 0) (*writer)->flush();
  }
  REQUIRE((*writer)->close());
  auto opened = Timeline::open(path);
  std::filesystem::remove(path);
  REQUIRE(opened);
  return std::move(*opened);
}

Timeline in_memory(const std::vector<EventBody>& events) {
  Timeline timeline = Timeline::recording({});
  for (const EventBody& event : events) timeline.sink().emit(event);
  return timeline;
}

std::vector<std::vector<EventNumber>> ask_naively(const std::vector<EventBody>& events,
                                                  const std::vector<Question>& questions) {
  std::vector<std::vector<EventNumber>> found(questions.size());
  MemoryState before, after;
  for (std::size_t i = 0; i < events.size(); ++i) {
    after.apply(events[i]);
    for (std::size_t q = 0; q < questions.size(); ++q)
      if (questions[q].naive({i + 1, events[i], before, after})) found[q].push_back(i + 1);
    before = after;
  }
  return found;
}

std::vector<EventNumber> search(const Timeline& timeline, const std::string& text, SearchWish wish,
                                const ConditionIndex* index, std::size_t slice) {
  auto condition = Condition::parse(text);
  INFO((condition ? std::string() : condition.error().message));
  REQUIRE(condition);
  ConditionSearch search(timeline, {*condition}, wish, index);
  while (!search.advance(slice)) {
  }
  std::vector<EventNumber> events;
  for (const ConditionHit& hit : search.hits()) events.push_back(hit.event);
  return events;
}

void compare(const Timeline& timeline, const std::vector<EventBody>& events, const std::vector<Question>& questions,
             std::mt19937_64& random) {
  const auto found = ask_naively(events, questions);
  std::size_t answered = 0;
  for (const std::vector<EventNumber>& hits : found) answered += hits.empty() ? 0 : 1;
  CHECK(answered * 2 > questions.size());
  ConditionIndex index(timeline);
  while (!index.advance(1000)) {
  }
  for (std::size_t q = 0; q < questions.size(); ++q) {
    INFO(questions[q].text);
    for (const ConditionIndex* with : {static_cast<const ConditionIndex*>(nullptr), &std::as_const(index)}) {
      INFO((with ? "with the index" : "without an index"));
      const SearchWish all{0, SearchDirection::Forward, events.size() + 1, false};
      REQUIRE(search(timeline, questions[q].text, all, with, 500) == found[q]);
      const SearchWish back{events.size() + 1, SearchDirection::Back, events.size() + 1, false};
      REQUIRE(search(timeline, questions[q].text, back, with, 500) ==
              std::vector<EventNumber>(found[q].rbegin(), found[q].rend()));
    }
    for (int i = 0; i < 4; ++i) {
      const EventNumber from = random() % (events.size() + 2);
      INFO("from " << from);
      const auto next = std::upper_bound(found[q].begin(), found[q].end(), from);
      const auto previous = std::lower_bound(found[q].begin(), found[q].end(), from);
      const auto forward = search(timeline, questions[q].text, {from, SearchDirection::Forward, 1, false}, &index, 100);
      REQUIRE(forward == (next == found[q].end() ? std::vector<EventNumber>{} : std::vector<EventNumber>{*next}));
      const auto back = search(timeline, questions[q].text, {from, SearchDirection::Back, 1, false}, nullptr, 100);
      REQUIRE(back ==
              (previous == found[q].begin() ? std::vector<EventNumber>{} : std::vector<EventNumber>{*(previous - 1)}));
    }
  }
}

// A context's name and a chunk's address that occur in the stream.
std::pair<std::string, Address> something_in(const std::vector<EventBody>& events) {
  std::pair<std::string, Address> something{"none", {0x5555}};
  for (std::size_t i = 0; i < events.size() * 2 / 3; ++i) {
    if (const auto* e = std::get_if<ContextCreated>(&events[i]); e && i < events.size() / 3) something.first = e->name;
    if (const auto* e = std::get_if<ChunkAllocated>(&events[i])) something.second = e->at;
  }
  return something;
}

}  // namespace

TEST_CASE("searches find what a naive evaluation of random streams finds, both ways") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u);
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  test::RandomStreamOptions options;
  options.live_chunks = 120;
  options.contexts = 12;
  const auto events = test::random_events(seed, 1500, options);
  const auto [name, address] = something_in(events);
  const auto questions = private_questions(seed * 700, name, address);
  compare(small_blocks(events), events, questions, random);
}

TEST_CASE("searches find what a naive evaluation of transactions finds, both ways") {
  std::mt19937_64 random(9);
  auto events = test::workload_events(test::Workload::Oltp, 9, 2500);
  const auto [name, address] = something_in(events);
  compare(small_blocks(events), events, private_questions(200, name, address), random);
}

TEST_CASE("searches find what a naive evaluation of a server's streams finds, both ways") {
  const std::uint64_t seed = GENERATE(4u, 5u);
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto events = test::random_server_events(seed, 2500);
  compare(small_blocks(events), events, server_questions(), random);
  compare(in_memory(events), events, server_questions(), random);
}

TEST_CASE("conditions searched for together are counted apart, and an event with several is found once") {
  const auto events = test::random_events(7, 2000, {});
  const Timeline timeline = small_blocks(events);
  std::vector<Condition> conditions = {*Condition::parse("alloc"), *Condition::parse("alloc and size > 1kB"),
                                       *Condition::parse("reset")};
  ConditionSearch search(timeline, conditions, {0, SearchDirection::Forward, 3, true});
  while (!search.advance(300)) {
  }
  std::uint64_t allocs = 0, large = 0, resets = 0;
  for (const EventBody& event : events) {
    const auto* e = std::get_if<ChunkAllocated>(&event);
    allocs += e ? 1 : 0;
    large += e && e->requested_bytes > 1024 ? 1 : 0;
    resets += std::holds_alternative<ContextReset>(event) ? 1 : 0;
  }
  CHECK(search.counts() == std::vector<std::uint64_t>{allocs, large, resets});
  CHECK(search.count() == allocs + resets);
  CHECK(search.hits().size() == 3);
  CHECK(search.progress() == 1);
}

TEST_CASE("a search follows a stream that grows") {
  Timeline timeline = Timeline::recording({});
  ConditionSearch search(timeline, {*Condition::parse("heap.malloc > 1MB")}, {});
  CHECK(search.advance());
  CHECK(search.hits().empty());
  timeline.sink().emit(Malloc{{0}, {0x10000}, 1 << 19});
  CHECK(search.advance());
  timeline.sink().emit(Malloc{{1}, {0x900000}, 1 << 20});
  CHECK(search.advance());
  REQUIRE(search.hits().size() == 1);
  CHECK(search.hits()[0].event == 2);
}

TEST_CASE("an index that was kept says what it said, of its own trace only, and damage is seen") {
  const auto events = test::workload_events(test::Workload::Oltp, 5, 6000);
  const Timeline timeline = small_blocks(events);
  ConditionIndex index(timeline);
  while (!index.advance()) {
  }
  REQUIRE(index.is_whole());
  const Bytes saved = index.saved();
  ConditionIndex again(timeline);
  REQUIRE(again.restore(saved));
  CHECK(again.is_whole());
  CHECK(again.advance());
  CHECK(again.progress() == 1);
  CHECK(again.saved() == saved);
  const auto [name, address] = something_in(events);
  for (const Question& question : private_questions(200, name, address)) {
    INFO(question.text);
    const Condition condition = *Condition::parse(question.text);
    for (std::size_t i = 0; i < timeline.events().block_count(); ++i)
      REQUIRE(again.may_hold(condition, i) == index.may_hold(condition, i));
  }
  const Timeline other = small_blocks(test::workload_events(test::Workload::Oltp, 6, 6000));
  CHECK_FALSE(ConditionIndex(other).restore(saved));
  std::mt19937_64 random(11);
  for (int i = 0; i < 200; ++i) {
    Bytes damaged = saved;
    if (i % 2 == 0) damaged.resize(random() % saved.size());
    if (i % 2 == 1) damaged[random() % saved.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
    REQUIRE_FALSE(ConditionIndex(timeline).restore(damaged));
  }
  // What a hostile file says under a good checksum is bounded, too.
  for (int i = 0; i < 2000; ++i) {
    Bytes hostile = saved;
    for (int k = 0; k < 3; ++k) hostile[16 + random() % (hostile.size() - 20)] = static_cast<std::uint8_t>(random());
    hostile.resize(hostile.size() - 4);
    append_little(hostile, crc32c(hostile));
    ConditionIndex taken(timeline);
    if (taken.restore(hostile)) CHECK(taken.memory_bytes() < 64 * saved.size());
  }
}

TEST_CASE("an index passes over the blocks where nothing is so") {
  std::vector<EventBody> events = test::workload_events(test::Workload::Oltp, 3, 20'000);
  const Timeline timeline = small_blocks(events);
  ConditionIndex index(timeline);
  while (!index.advance()) {
  }
  auto held = [&](std::string_view text) {
    const Condition condition = *Condition::parse(text);
    std::size_t count = 0;
    for (std::size_t i = 0; i < timeline.events().block_count(); ++i) count += index.may_hold(condition, i) ? 1 : 0;
    return count;
  };
  CHECK(held("alloc and size > 100MB") == 0);
  CHECK(held("context == \"nobody\"") == 0);
  CHECK(held("total(\"nobody\") > 1") == 0);
  CHECK(held("total(\"TopMemoryContext\") > 1") == 1);
  CHECK(held("heap.total > 1") <= 2);
  CHECK(held("buffer 3 touched") == 0);
  CHECK(held("alloc") > 100);
  CHECK(index.memory_bytes() < timeline.events().block_count() * 1000);
}

}  // namespace palloscope::trace
