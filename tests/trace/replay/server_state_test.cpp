#include "trace/replay/server_state.h"

#include <random>
#include <set>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/random_server_stream.h"
#include "trace/exporters/event_json.h"
#include "trace/exporters/event_text.h"
#include "trace/file/event_block.h"
#include "trace/file/keyframe.h"
#include "trace/file/keyframe_server.h"
#include "trace/replay/journal.h"
#include "trace/replay/memory_state.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

MemoryState replayed(const std::vector<core::EventBody>& events, std::size_t count) {
  MemoryState state;
  for (std::size_t i = 0; i < count; ++i) state.apply(events[i]);
  return state;
}

}  // namespace

TEST_CASE("random events of a server can be undone, one by one, to where they began") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  const auto events = test::random_server_events(seed, 3000);
  MemoryState state;
  Journal journal(std::size_t{256} << 20);
  for (const auto& event : events) state.apply(event, journal);
  REQUIRE(state.fault_count() == 0);
  for (std::size_t n = events.size(); n > 0; --n) {
    REQUIRE(journal.undo(state));
    if (n % 101 == 1) REQUIRE(state == replayed(events, n - 1));
  }
  REQUIRE(state == MemoryState{});
}

TEST_CASE("a journal that is too small forgets the oldest server events and undoes the others") {
  const auto events = test::random_server_events(7, 2000);
  MemoryState state;
  Journal journal(std::size_t{256} << 10);
  for (const auto& event : events) state.apply(event, journal);
  std::size_t n = events.size();
  REQUIRE(journal.size() < n);
  REQUIRE(journal.size() > 10);
  while (journal.undo(state)) --n;
  REQUIRE(state == replayed(events, n));
}

TEST_CASE("random events of a server are written and read back unchanged") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  const auto events = test::random_server_events(seed, 3000);
  EventBlockEncoder encoder;
  for (const auto& event : events) encoder.add(event);
  const ByteSpan payload = encoder.finish();
  EventBlockDecoder decoder;
  REQUIRE(decoder.begin(payload, 1));
  for (const auto& event : events) {
    const auto read = decoder.next();
    REQUIRE(read);
    REQUIRE(*read == event);
  }
}

TEST_CASE("every moment of a random server survives in a keyframe, and goes on from there") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  const auto events = test::random_server_events(seed, 1200);
  MemoryState state;
  for (std::size_t i = 0; i < events.size(); ++i) {
    state.apply(events[i]);
    if (i % 29 != 0) continue;
    Bytes payload = encode_keyframe(state);
    const std::size_t size = payload.size();
    payload.resize(size + kReadSlack);
    auto restored = decode_keyframe({payload.data(), size}, state.event_number());
    REQUIRE(restored);
    REQUIRE(*restored == state);
    REQUIRE(encode_keyframe(*restored) == Bytes(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size)));
    for (std::size_t j = i + 1; j < std::min(i + 40, events.size()); ++j) restored->apply(events[j]);
    REQUIRE(*restored == replayed(events, std::min(i + 40, events.size())));
  }
}

TEST_CASE("a damaged keyframe of a server is refused or gives a state that can be replayed on") {
  std::mt19937_64 random(11);
  const auto events = test::random_server_events(5, 600);
  const MemoryState state = replayed(events, 400);
  const Bytes whole = encode_keyframe(state);
  for (int i = 0; i < 3000; ++i) {
    Bytes payload = whole;
    for (int flips = 0; flips < 3; ++flips) payload[random() % payload.size()] = static_cast<std::uint8_t>(random());
    const std::size_t size = payload.size();
    payload.resize(size + kReadSlack);
    auto restored = decode_keyframe({payload.data(), size}, state.event_number(), std::uint64_t{64} << 20);
    if (!restored) continue;
    for (std::size_t j = 400; j < events.size(); ++j) restored->apply(events[j]);
  }
  SUCCEED();
}

TEST_CASE("every kind of server event has a line and all its fields in JSON") {
  const auto events = test::random_server_events(3, 3000);
  MemoryState state;
  std::set<std::string> kinds;
  for (const auto& event : events) {
    state.apply(event);
    kinds.insert(std::string(event_kind_name(event)));
    REQUIRE(event_text(event, state).size() > 3);
    REQUIRE(event_json(state.event_number(), event, state).find("\"summary\"") != std::string::npos);
  }
  // All of them but the two totals that only a dump reports.
  REQUIRE(kinds.size() == 46);
}

TEST_CASE("a pool's counts are those of its buffers after every event") {
  MemoryState state;
  for (const auto& event : test::random_server_events(9, 2000)) {
    state.apply(event);
    const ServerState& server = state.server();
    for (std::uint32_t p = 0; p < server.pools.size(); ++p) {
      const PoolRecord& pool = server.pools[p];
      std::uint32_t tagged = 0, dirty = 0, pinned = 0, free = 0;
      for (const BufferRecord& buffer : server.buffers) {
        if (buffer.pool.value != p) continue;
        tagged += buffer.has_page();
        dirty += buffer.dirty();
        pinned += buffer.refcount() != 0;
        free += buffer.in_freelist;
      }
      REQUIRE(pool.tagged == tagged);
      REQUIRE(pool.dirty == dirty);
      REQUIRE(pool.pinned == pinned);
      REQUIRE(pool.free_count == free);
    }
  }
}

TEST_CASE("what no server can do is refused, and changes nothing") {
  MemoryState state;
  state.apply(core::BufferPoolCreated{{0}, {}, {0}, 8, true});
  const auto refused = [&](const core::EventBody& event) {
    const ServerState before = state.server();
    const std::uint64_t faults = state.fault_count();
    state.apply(event);
    return state.fault_count() == faults + 1 && state.server() == before;
  };
  REQUIRE(refused(core::FreelistPopped{{3}, true}));
  REQUIRE(refused(core::FreelistPushed{{0}}));
  REQUIRE(refused(core::ClockTicked{{5}, core::ClockVerdict::Taken, 0, 1, 0}));
  REQUIRE(refused(core::BufferPinned{{8}, {}, 1}));
  REQUIRE(refused(core::BufferUntagged{{2}, core::UntagReason::Evicted, 0}));
  REQUIRE(refused(core::BufferPoolCreated{{1}, {}, {8}, 0xFFFFFFFF, false}));
  REQUIRE(refused(core::RingCreated{{0}, {}, core::RingKind::Vacuum, 9}));
  REQUIRE(refused(core::SegmentDetached{{0}, {0}, 1}));
  REQUIRE(refused(core::OperationEnded{{0}, 0}));
  REQUIRE(refused(core::BackendEnded{{0}}));
  state.apply(core::SegmentCreated{{0}, core::SegmentKind::Dynamic, {}, 8192, 4096, 2, "dsm"});
  state.apply(core::SegmentAttached{{0}, {0}, {0x7f0000000000}, 2});
  REQUIRE(refused(core::SegmentAttached{{0}, {0}, {0x7f0000010000}, 3}));
  REQUIRE_FALSE(refused(core::SegmentAttached{{0}, {1}, {0x7f0000010000}, 3}));
  REQUIRE_FALSE(refused(core::SegmentDetached{{0}, {0}, 2}));
  REQUIRE_FALSE(refused(core::SegmentAttached{{0}, {0}, {0x7f0000020000}, 3}));
  state.apply(core::ShmemAllocated{{0}, 0, 100, 128, "proc", ""});
  state.apply(core::ShmemNodeReported{"proc", 1, 4096});
  REQUIRE(refused(core::ShmemNodeReported{"proc", 1, 8192}));
  REQUIRE_FALSE(refused(core::ShmemNodeReported{"proc", -1, 8192}));
}

TEST_CASE("a keyframe whose freelist is not one chain is refused") {
  MemoryState state;
  state.apply(core::BufferPoolCreated{{0}, {}, {0}, 4, true});
  state.apply(core::FreelistPopped{{0}, true});
  const auto taken = [&](auto&& change) {
    ServerState server = state.server();
    change(server);
    NumberWriter to;
    put_server(server, to);
    const std::size_t size = to.size();
    Bytes payload(to.written().begin(), to.written().end());
    payload.resize(size + kReadSlack);
    NumberReader from(ByteSpan{payload.data(), size});
    ServerState read;
    return get_server(from, state.event_number(), std::uint64_t{1} << 20, read);
  };
  using State = ServerState;
  REQUIRE(taken([](State&) {}));
  REQUIRE_FALSE(taken([](State& s) { s.buffers[3].next_free = {1}; }));  // a circle
  REQUIRE_FALSE(taken([](State& s) {
    s.buffers[3].next_free = {1};
    s.pools[0].free_count = 0;  // the same, counted as nothing
  }));
  REQUIRE_FALSE(taken([](State& s) { s.pools[0].free_count = 2; }));
  REQUIRE_FALSE(taken([](State& s) { s.pools[0].free_count = 0; }));
  REQUIRE_FALSE(taken([](State& s) { s.pools[0].last_free = {2}; }));
  REQUIRE_FALSE(taken([](State& s) { s.buffers[2].in_freelist = false; }));
  REQUIRE_FALSE(taken([](State& s) { s.pools[0].first_free = {77}; }));
}
