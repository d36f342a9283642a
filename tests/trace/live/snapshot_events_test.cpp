#include "trace/live/snapshot_events.h"

#include <algorithm>
#include <array>
#include <random>
#include <sstream>

#include "core/walk/pfree_path.h"
#include "tests/support/catch.h"
#include "tests/support/random_operations.h"
#include "tests/support/simulated_capture.h"
#include "tests/support/simulated_process.h"
#include "tests/support/three_accounts.h"
#include "trace/analysis/heap_check.h"
#include "trace/explain/explain.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/state_json.h"
#include "trace/file/keyframe.h"
#include "trace/findings/waste.h"
#include "trace/replay/timeline.h"

namespace palloscope::test {
namespace {

using namespace core;
using Catch::Matchers::ContainsSubstring;
using trace::MemoryState;
using trace::read_moment;
using trace::ServerMoment;
using trace::SnapshotEvents;

// Replays what it is told, and can take it back.
struct Replayed final : EventSink {
  void emit(const EventBody& event) override {
    state.apply(event);
    events.push_back(event);
    if (state.fault_count() != 0 && first_fault.empty())
      first_fault = state.faults().front().what + " (the event: " + trace::event_text(event, state) + ")";
  }
  template <class E>
  std::vector<E> of() const {
    std::vector<E> found;
    for (const EventBody& event : events)
      if (const auto* one = std::get_if<E>(&event)) found.push_back(*one);
    return found;
  }
  MemoryState state;
  std::vector<EventBody> events;
  std::string first_fault;
};

// A process that is looked at now and then.
struct Watched {
  explicit Watched(int major, bool checking = false) : simulated(major, checking), events(replayed) {}

  ServerMoment look() {
    auto moment = read_moment(capture_of(simulated.process));
    REQUIRE(moment);
    REQUIRE(moment->heap.findings.empty());
    replayed.events.clear();
    events.emit(*moment);
    return std::move(*moment);
  }
  // And what was told of it is what is there.
  void look_and_compare() {
    const ServerMoment moment = look();
    REQUIRE(replayed.first_fault == "");
    REQUIRE(compare_to_walk(simulated.profile, replayed.state, moment.heap) == "");
    REQUIRE(trace::check_heap(replayed.state) == std::vector<std::string>{});
  }

  SimulatedProcess simulated;
  Replayed replayed;
  SnapshotEvents events;
};

TEST_CASE("a heap told by looks at it is the heap that was looked at, in every version and build") {
  const std::uint64_t random_seed = std::random_device{}();
  for (int major = 15; major <= 18; ++major) {
    for (bool checking : {false, true}) {
      for (const std::uint64_t seed : {std::uint64_t{7}, random_seed}) {
        INFO("PostgreSQL " << major << (checking ? ", checking" : "") << ", seed " << seed);
        Watched watched(major, checking);
        RandomOperations operations(watched.simulated.process, seed);
        int until_next = 0;
        std::mt19937_64 random(seed);
        for (int i = 0; i < 2500; ++i) {
          operations.operate();
          watched.simulated.log.clear();
          if (until_next-- > 0) continue;
          until_next = static_cast<int>(random() % 60);  // mostly far apart, sometimes each operation
          watched.look_and_compare();
        }
        auto keyframe = trace::encode_keyframe(watched.replayed.state);
        const std::size_t size = keyframe.size();
        keyframe.resize(size + trace::kReadSlack);
        const auto copy = trace::decode_keyframe({keyframe.data(), size}, watched.replayed.state.event_number(),
                                                 ~std::uint64_t{0}, {});
        REQUIRE(copy);
        CHECK(*copy == watched.replayed.state);
      }
    }
  }
}

TEST_CASE("a second look at a heap in which nothing happened tells nothing of it") {
  Watched watched(17);
  RandomOperations operations(watched.simulated.process, 3);
  for (int i = 0; i < 300; ++i) operations.operate();
  watched.look_and_compare();
  watched.look_and_compare();
  REQUIRE(watched.replayed.events.size() == 3);
  CHECK(std::holds_alternative<SnapshotBegan>(watched.replayed.events[0]));
  CHECK(std::holds_alternative<ProcessReported>(watched.replayed.events[1]));
  CHECK(std::holds_alternative<SnapshotEnded>(watched.replayed.events[2]));
}

TEST_CASE("a palloc and a pfree between two looks are told as what they were") {
  Watched watched(16);
  Process& process = watched.simulated.process;
  const Address set = watched.simulated.create("set");
  const Address first = process.memory_context_alloc(set, 100), second = process.memory_context_alloc(set, 100);
  watched.look_and_compare();
  const Address third = process.memory_context_alloc(set, 60);
  const Address large = process.memory_context_alloc(set, 50'000);
  process.pfree(first);
  watched.look_and_compare();
  auto made = watched.replayed.of<ChunkAllocated>();
  REQUIRE(made.size() == 2);
  CHECK(std::any_of(made.begin(), made.end(), [&](auto& e) { return e.at == third && e.granted_bytes == 64; }));
  CHECK(std::any_of(made.begin(), made.end(), [&](auto& e) { return e.origin == ChunkOrigin::External; }));
  CHECK(watched.replayed.of<ChunkFreed>().size() == 1);
  CHECK(watched.replayed.of<ContextReset>().empty());
  // used again, and the dedicated block freed
  CHECK(process.memory_context_alloc(set, 100) == first);
  process.pfree(large);
  watched.look_and_compare();
  made = watched.replayed.of<ChunkAllocated>();
  REQUIRE(made.size() == 1);
  CHECK(made[0].origin == ChunkOrigin::Freelist);
  REQUIRE(watched.replayed.of<ChunkFreed>().size() == 1);
  CHECK(watched.replayed.of<ChunkFreed>()[0].fate == ChunkFate::WithBlock);
  CHECK(watched.replayed.of<Free>().size() == 1);
  process.memory_context_reset(set);
  watched.look_and_compare();
  CHECK(watched.replayed.of<ContextReset>().size() == 1);
  (void)second;
}

TEST_CASE("a deleted context goes to the list where it waits, and comes back out of it") {
  Watched watched(17);
  Process& process = watched.simulated.process;
  const Address set = watched.simulated.create("set");
  watched.look_and_compare();
  process.memory_context_delete(set);
  watched.look_and_compare();
  CHECK(watched.replayed.of<ContextDeleted>().size() == 1);
  CHECK(watched.replayed.of<ContextRecycled>().size() == 1);
  CHECK(watched.replayed.of<Free>().empty());
  CHECK(watched.simulated.create("another") == set);
  watched.look_and_compare();
  const auto created = watched.replayed.of<ContextCreated>();
  REQUIRE(created.size() == 1);
  CHECK(created[0].recycled);
  CHECK(created[0].name == "another");
  CHECK(watched.replayed.of<Malloc>().empty());
}

TEST_CASE("a context below another parent is a new one, unless its ident says that it moved") {
  Watched watched(17);
  Process& process = watched.simulated.process;
  const Address a = watched.simulated.create("a"), b = watched.simulated.create("b");
  const Address plain = process.alloc_set_context_create(a, "plain");
  const Address told = process.alloc_set_context_create(a, "told");
  process.memory_context_set_identifier(told, "select 1");
  watched.look_and_compare();
  process.memory_context_set_parent(plain, b);
  process.memory_context_set_parent(told, b);
  watched.look_and_compare();
  const auto created = watched.replayed.of<ContextCreated>();
  REQUIRE(created.size() == 1);
  CHECK(created[0].name == "plain");
  CHECK_FALSE(watched.replayed.of<ContextReparented>().empty());
}

TEST_CASE("what a production build does not keep is said as not known") {
  Watched watched(17);
  Process& process = watched.simulated.process;
  const Address generation = process.generation_context_create(process.top_memory_context(), "generation");
  const Address bump = process.bump_context_create(process.top_memory_context(), "bump");
  const Address first = process.memory_context_alloc(generation, 100);
  for (int i = 0; i < 9; ++i) (void)process.memory_context_alloc(generation, 100);
  for (int i = 0; i < 5; ++i) (void)process.memory_context_alloc(bump, 100);
  process.pfree(first);
  watched.look_and_compare();
  const auto reports = watched.replayed.of<BlockReported>();
  REQUIRE(reports.size() == 2);
  std::uint32_t free_chunks = 0;
  for (const BlockReported& report : reports) free_chunks += report.free_chunks;
  CHECK(free_chunks == 1);
  (void)process.memory_context_alloc(bump, 100);
  watched.look_and_compare();
  CHECK(watched.replayed.of<BlockReported>().size() == 1);
  process.memory_context_reset(bump);
  watched.look_and_compare();
  CHECK(watched.replayed.of<ContextReset>().size() == 1);
}

TEST_CASE("a statement is told when it is another one, and what could not be read with the end of the moment") {
  Watched watched(17);
  ServerMoment moment = watched.look();
  CHECK(watched.replayed.of<Statement>().empty());
  moment.statement = "select 1";
  moment.problems = {"the buffers could not be read"};
  moment.heap.findings.push_back({{0x1000}, "something is wrong"});
  watched.events.emit(moment);
  REQUIRE(watched.replayed.of<Statement>().size() == 1);
  CHECK(watched.replayed.of<Statement>()[0].text == "select 1");
  const std::string problem = watched.replayed.of<SnapshotEnded>().back().problem;
  CHECK_THAT(problem, ContainsSubstring("the buffers could not be read"));
  CHECK_THAT(problem, ContainsSubstring("at 0x1000: something is wrong"));
  watched.events.emit(moment);
  CHECK(watched.replayed.of<Statement>().size() == 1);
}

TEST_CASE("a snapshot's description says what it is of") {
  Watched watched(16, true);
  const StreamDescription description = trace::describe_snapshot(watched.look());
  CHECK(description.source == SourceKind::Snapshot);
  CHECK(description.pg_major == 16);
  CHECK(description.checking);
  CHECK(description.origin == "snapshot of PID 4711");
  CHECK(requested_known(description));
}

// A stream of looks, as it is opened.
struct Stream {
  explicit Stream(Process& process)
      : watched(process),
        timeline(trace::Timeline::recording(
            {SourceKind::Snapshot, process.profile().major, process.profile().checking, "test", "snapshot"})),
        events(timeline.sink()) {
    look();
  }
  void look() {
    auto moment = read_moment(capture_of(watched));
    REQUIRE(moment);
    events.emit(*moment);
    timeline.seek(timeline.size());
  }
  template <class E>
  EventNumber last() const {
    const std::array<std::uint8_t, 1> tag = {E::kTag};
    const auto found = timeline.previous_of(tag, timeline.size() + 1);
    REQUIRE(found);
    return *found;
  }
  bool says(EventNumber n, std::string_view key) const {
    const trace::Card card = trace::explain(timeline, n, watched.profile());
    return std::any_of(card.sentences.begin(), card.sentences.end(), [&](auto& said) { return said.key == key; });
  }
  Process& watched;
  trace::Timeline timeline;
  SnapshotEvents events;
};

TEST_CASE("a card in a snapshot tells no call and no rule, only what is other than at the look before") {
  SimulatedProcess simulated(17);
  const Address set = simulated.create("set");
  (void)simulated.process.memory_context_alloc(set, 100);
  Stream stream(simulated.process);
  const EventNumber chunk = stream.last<ChunkAllocated>();
  const trace::Card card = trace::explain(stream.timeline, chunk, simulated.profile);
  CHECK(card.call.key.empty());
  CHECK(card.rule == trace::RulePlace{});
  CHECK(stream.says(chunk, "why.seen.chunk"));
  CHECK(stream.says(chunk, "why.seen.asked_unknown"));
  CHECK(stream.says(chunk, "why.seen.first"));
  CHECK(stream.says(stream.last<SnapshotEnded>(), "why.snapshot_whole"));
  simulated.process.memory_context_reset(set);
  stream.look();
  CHECK(stream.says(stream.last<ContextReset>(), "why.seen.reset"));
  CHECK(stream.says(stream.last<ContextReset>(), "why.seen.between"));
}

TEST_CASE(
    "a stripped build's recycled contexts are not known, which is a fact of the stream and no problem of a moment") {
  SimulatedProcess simulated(17);
  trace::Capture capture = test::capture_of(simulated.process);
  CHECK(trace::recycled_known(trace::describe_snapshot(*trace::read_moment(capture))));
  capture.roots.context_freelists = {};
  const auto moment = trace::read_moment(capture);
  REQUIRE(moment);
  CHECK(moment->problems.empty());
  CHECK_FALSE(trace::recycled_known(trace::describe_snapshot(*moment)));
}

TEST_CASE("the size that was asked for is told where a build keeps it, and null elsewhere") {
  for (bool checking : {false, true}) {
    SimulatedProcess simulated(17, checking);
    (void)simulated.process.memory_context_alloc(simulated.process.top_memory_context(), 100);
    const Address slab =
        simulated.process.slab_context_create(simulated.process.top_memory_context(), "slab", 1024, 90);
    (void)simulated.process.memory_context_alloc(slab, 90);
    Stream stream(simulated.process);
    std::ostringstream out;
    trace::write_state_json(stream.timeline.state(), stream.timeline.description(), out);
    CHECK_THAT(out.str(), ContainsSubstring("\"source\":\"snapshot\""));
    CHECK_THAT(out.str(), ContainsSubstring("\"requested_bytes\":90,"));  // all of a Slab's chunks are of one size
    CHECK((out.str().find("\"requested_bytes\":100,") != std::string::npos) == checking);
    CHECK((out.str().find("\"requested_bytes\":null,") != std::string::npos) == !checking);
  }
}

TEST_CASE("what is used of a Bump block is in use, not room that was never handed out") {
  SimulatedProcess simulated(17);
  const Address bump = simulated.process.bump_context_create(simulated.process.top_memory_context(), "bump");
  for (int i = 0; i < 10; ++i) (void)simulated.process.memory_context_alloc(bump, 96);
  Stream stream(simulated.process);
  const MemoryState& state = stream.timeline.state();
  const auto found = std::find_if(state.contexts().begin(), state.contexts().end(),
                                  [](auto& context) { return context.name == "bump"; });
  REQUIRE(found != state.contexts().end());
  const trace::Waste waste = trace::waste_of(state, *found, &simulated.profile);
  CHECK(waste.requested_bytes == 960);
  CHECK(waste.empty_bytes == 0);
  CHECK(waste.total_bytes == waste.requested_bytes + waste.header_bytes + waste.tail_bytes);
}

// Bytes of a heap, some of them replaced.
class DamagedMemory final : public MemorySource {
 public:
  explicit DamagedMemory(const Process& process) : source_(process), patches_(source_) {}
  void set(Address at, std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) patches_.set(at + i, static_cast<std::uint8_t>(value >> (8 * i)));
  }
  bool read(Address at, std::span<std::uint8_t> into) const override { return patches_.read(at, into); }

 private:
  ProcessSource source_;
  PatchedSource patches_;
};

TEST_CASE("looks at damaged heaps are told without a fault, each from whatever was told before") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int major = 15; major <= 18; ++major) {
    for (bool checking : {false, true}) {
      Watched watched(major, checking);
      Process& process = watched.simulated.process;
      RandomOperations operations(process, seed);
      for (int i = 0; i < 400; ++i) operations.operate();
      const WalkedHeap whole = watched.look().heap;
      std::vector<Address> places, values;
      for (const WalkedContext& context : whole.contexts) {
        for (std::uint64_t i = 0; i < 28; ++i) places.push_back(context.at + 8 * i);
        values.push_back(context.at);
        for (const WalkedBlock& block : context.blocks) {
          for (std::uint64_t i = 0; i < 8; ++i) places.push_back(block.header + 8 * i);
          values.push_back(block.header), values.push_back(block.free_at);
          for (const WalkedChunk& chunk : block.chunks) {
            for (std::uint64_t i = 0; i < 4; ++i) places.push_back(chunk.at - 24 + 8 * i);
            values.push_back(chunk.at - 8);
          }
        }
      }
      for (int round = 0; round < 60; ++round) {
        trace::Capture capture = capture_of(process);
        auto damaged = std::make_unique<DamagedMemory>(process);
        for (std::uint64_t i = random() % 6; i > 0; --i) {
          const std::uint64_t some = values[random() % values.size()].value + random() % 3 * 8;
          damaged->set(places[random() % places.size()], random() % 4 == 0 ? random() % 100 : some);
        }
        capture.memory = std::move(damaged);
        capture.image_bytes = 1 << 20;
        auto moment = read_moment(capture);
        if (!moment) continue;
        watched.replayed.events.clear();
        watched.events.emit(*moment);
        INFO("PostgreSQL " << major << (checking ? ", checking" : "") << ", round " << round);
        REQUIRE(watched.replayed.first_fault == "");
        REQUIRE(trace::check_heap(watched.replayed.state) == std::vector<std::string>{});
      }
    }
  }
}

}  // namespace
}  // namespace palloscope::test
