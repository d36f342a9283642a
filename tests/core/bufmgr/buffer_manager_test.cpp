// Exact sequences, worked out by hand from spec 10.3 to 10.9.
#include <functional>
#include <vector>

#include "tests/core/bufmgr/pool_world.h"
#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

using test::error_of;
using test::PoolWorld;

constexpr const char* kFirstMiss = "ask 7 | miss | pop 0 | pin 0 1/0 | tag 0=7 1/1 | io 0 | valid 0 1/1 | unpin 0 0/1";

TEST_CASE("a page that is nowhere takes the first free buffer; found again, it is used once more") {
  for (int major : {15, 16, 17, 18}) {
    CAPTURE(major);
    PoolWorld world(major);
    world.touch(7);
    CHECK(world.story() == kFirstMiss);
    world.touch(7);
    CHECK(world.story() == "ask 7 | hit 0 | pin 0 1/2 | unpin 0 0/2");
    for (int i = 0; i < 6; ++i) world.touch(7);
    CHECK(usage_of(world.manager.state_word(BufferSlot{0})) == kMaxUsage);
  }
}

TEST_CASE("a second pin by the same backend is its own affair, one by another backend counts") {
  PoolWorld world;
  BufferSlot buffer = world.read(7);
  world.story();
  world.read(7);
  world.manager.incr_buffer_ref_count(buffer);
  CHECK(world.story() == "ask 7 | hit 0 | pin 0 1/1 | pin 0 1/1");
  CHECK(world.manager.private_count(world.first, buffer) == 3);
  world.backends.switch_to(world.second);
  world.read(7);
  CHECK(world.story() == "ask 7 | hit 0 | pin 0 2/2");
  world.backends.switch_to(world.first);
  world.manager.release_all_pins();
  CHECK(world.story() == "unpin 0 2/2 | unpin 0 2/2 | unpin 0 1/2");
  CHECK(error_of([&] { world.manager.release_buffer(buffer); }) ==
        "buffer pin 0x1 is not owned by resource owner TopTransaction");
}

TEST_CASE(
    "the clock takes one from every used buffer until it finds one at zero; a dirty victim is written, WAL first") {
  const std::string sweep =
      "ask 9 | miss | spare 0 0/1 hand 0.1 | spare 1 0/0D hand 0.2 | spare 2 0/0D hand 0.3 | spare 3 0/0D hand 0.4 | "
      "spare 0 0/0 hand 1.1 | take 1 0/0D hand 1.2 | pin 1 1/0D | io 1 | not just dirtied 1 | wal | write 1 1/0 | ";
  for (int major : {15, 16, 17, 18}) {
    CAPTURE(major);
    PoolWorld world(major);
    world.touch(7);
    world.touch(7);
    for (std::uint32_t block : {0, 1, 2}) world.soil(block);
    world.story();
    world.touch(9);
    // 15 swaps old and new page in one go; newer versions clear the victim first.
    CHECK(world.story() ==
          sweep + (major == 15 ? "" : "untag 1 1/0 | ") + "tag 1=9 1/1 | io 1 | valid 1 1/1 | unpin 1 0/1");
    world.touch(10);  // its WAL went out with the other's
    CHECK(world.story() ==
          std::string("ask 10 | miss | take 2 0/0D hand 1.3 | pin 2 1/0D | io 2 | not just dirtied 2 | "
                      "write 2 1/0 | ") +
              (major == 15 ? "" : "untag 2 1/0 | ") + "tag 2=10 1/1 | io 2 | valid 2 1/1 | unpin 2 0/1");
    CHECK_FALSE(world.manager.find_buffer(PoolWorld::page(0)));
    CHECK(world.manager.find_buffer(PoolWorld::page(10)) == BufferSlot{2});
  }
}

TEST_CASE("with every buffer pinned the hand goes round once and an error tells") {
  PoolWorld world;
  for (std::uint32_t block = 0; block < 4; ++block) world.read(block);
  world.story();
  CHECK(error_of([&] { world.read(50); }) == "no unpinned buffers available");
  CHECK(world.story() ==
        "ask 50 | miss | pass 0 1/1 hand 0.1 | pass 1 1/1 hand 0.2 | pass 2 1/1 hand 0.3 | pass 3 1/1 hand 0.4");
  world.manager.release_all_pins();
  CHECK(world.story() == "unpin 3 0/1 | unpin 2 0/1 | unpin 1 0/1 | unpin 0 0/1");
  CHECK(world.manager.tallies(BufferManager::shared_pool()).pinned == 0);
}

TEST_CASE("a ring begins with its second slot, fills it from the freelist, and uses its buffers again") {
  PoolWorld world(17, 16);
  RingSlot ring = world.manager.get_access_strategy(RingKind::BulkRead);
  CHECK(world.manager.ring_slots(RingKind::BulkRead) == 2);
  world.touch(0, ring);
  CHECK(world.story() ==
        "ask 0 | miss | ring 1 empty | pop 0 | slot 1=0 | pin 0 1/0 | tag 0=0 1/1 | io 0 | valid 0 1/1 | unpin 0 0/1");
  world.touch(0, ring);  // a ring does not make a page hotter
  CHECK(world.story() == "ask 0 | hit 0 | pin 0 1/1 | unpin 0 0/1");
  world.touch(1, ring);
  world.story();
  world.touch(2, ring);
  CHECK(world.story() ==
        "ask 2 | miss | ring 1 taken | pin 0 1/1 | untag 0 1/0 | tag 0=2 1/1 | io 0 | valid 0 1/1 | unpin 0 0/1");
}

TEST_CASE("a bulk read's ring gives up a buffer whose change would need a WAL flush; VACUUM's ring writes it") {
  PoolWorld world(17, 16);
  RingSlot ring = world.manager.get_access_strategy(RingKind::BulkRead);
  world.soil(0, ring);
  world.touch(1, ring);
  world.story();
  world.touch(2, ring);
  CHECK(world.story() ==
        "ask 2 | miss | ring 1 WAL first | pin 0 1/1D | slot 1 empty | unpin 0 0/1D | ring 0 taken | pin 1 1/1 | "
        "untag 1 1/0 | tag 1=2 1/1 | io 1 | valid 1 1/1 | unpin 1 0/1");
  world.manager.free_access_strategy(ring);

  RingSlot vacuum = world.manager.get_access_strategy(RingKind::Vacuum);
  world.soil(10, vacuum);
  world.touch(11, vacuum);
  world.story();
  world.touch(12, vacuum);
  CHECK(world.story() ==
        "ask 12 | miss | ring 1 taken | pin 2 1/1D | io 2 | not just dirtied 2 | wal | write 2 1/1 | untag 2 1/0 | "
        "tag 2=12 1/1 | io 2 | valid 2 1/1 | unpin 2 0/1");
}

TEST_CASE("a ring leaves a buffer alone that somebody else uses too") {
  PoolWorld world(17, 16);
  RingSlot ring = world.manager.get_access_strategy(RingKind::BulkRead);
  world.touch(0, ring);
  world.touch(1, ring);
  world.touch(0);  // twice used now
  world.story();
  world.touch(2, ring);
  CHECK(world.story() ==
        "ask 2 | miss | ring 1 in use | pop 2 | slot 1=2 | pin 2 1/0 | tag 2=2 1/1 | io 2 | valid 2 1/1 | unpin 2 0/1");
}

TEST_CASE("ring sizes are each version's, and never more than an eighth of the pool") {
  struct Case {
    int major;
    std::uint32_t bulk_read, bulk_write, vacuum;
  };
  for (Case c : {Case{15, 32, 2048, 32}, {16, 32, 2048, 32}, {17, 32, 2048, 256}, {18, 288, 2048, 256}}) {
    CAPTURE(c.major);
    PoolWorld world(c.major, 65536);
    CHECK(world.manager.ring_slots(RingKind::BulkRead) == c.bulk_read);
    CHECK(world.manager.ring_slots(RingKind::BulkWrite) == c.bulk_write);
    CHECK(world.manager.ring_slots(RingKind::Vacuum) == c.vacuum);
    CHECK(world.manager.ring_slots(RingKind::Vacuum, 1024) == 128);
    CHECK(world.manager.ring_slots(RingKind::Vacuum, 0) == 0);
  }
  // 18, 128 MB: a fair share of pins (16384 / (136 + 38) = 94) is less than the I/O settings would take.
  auto settings = PoolWorld::with(16384);
  settings.max_backends = 136;
  CHECK(PoolWorld(18, settings).manager.ring_slots(RingKind::BulkRead) == 94);
  CHECK(PoolWorld(17, 64).manager.ring_slots(RingKind::BulkWrite) == 8);
}

TEST_CASE("dropping a relation pushes its buffers on the freelist, the last one first in line") {
  PoolWorld world;
  for (std::uint32_t block = 0; block < 3; ++block) world.touch(block);
  world.story();
  world.manager.drop_relation_buffers(PoolWorld::kTable, 0, 1);  // truncated to one page
  CHECK(world.story() == "untag 1 0/0 | push 1 | untag 2 0/0 | push 2");
  world.touch(8);
  CHECK(world.story() == "ask 8 | miss | pop 2 | pin 2 1/0 | tag 2=8 1/1 | io 2 | valid 2 1/1 | unpin 2 0/1");
  world.read(0);
  CHECK(error_of([&] { world.manager.drop_relations_all_buffers(PoolWorld::kTable); }) ==
        "buffer is pinned in InvalidateBuffer");
  world.backends.switch_to(world.second);
  CHECK(error_of([&] { world.manager.drop_relations_all_buffers(PoolWorld::kTable); }) ==
        "waits: buffer 1 is pinned by another backend: the drop waits for it");
}

TEST_CASE("a buffer that a ring used while it waited in the freelist is passed over when its turn comes") {
  PoolWorld world(17, 16);
  RingSlot ring = world.manager.get_access_strategy(RingKind::BulkRead);
  world.touch(0, ring);
  world.touch(1, ring);
  world.manager.drop_relation_buffers(PoolWorld::kTable);
  world.touch(2, ring);  // slot 1 still names buffer 0, which has no page now
  world.story();
  world.touch(3);
  world.touch(4);
  CHECK(world.story() ==
        "ask 3 | miss | pop 1 | pin 1 1/0 | tag 1=3 1/1 | io 1 | valid 1 1/1 | unpin 1 0/1 | "
        "ask 4 | miss | pop 0 in vain | pop 2 | pin 2 1/0 | tag 2=4 1/1 | io 2 | valid 2 1/1 | unpin 2 0/1");
}

TEST_CASE("a checkpoint writes in the order of files and blocks, and skips what others wrote meanwhile") {
  PoolWorld world;
  for (std::uint32_t block : {3, 1, 2}) world.soil(block);
  world.story();
  CHECK(world.manager.begin_checkpoint() == 3);
  CHECK(world.story() == "mark 0 | mark 1 | mark 2 | checkpoint of 3");
  CHECK(world.manager.continue_checkpoint(1));
  CHECK(world.story() == "pin 1 1/1D | io 1 | not just dirtied 1 | wal | write 1 1/1 | unpin 1 0/1");
  world.soil(1);  // dirty again: for the next checkpoint
  world.manager.flush_relation_buffers(PoolWorld::kTable);
  world.story();
  CHECK_FALSE(world.manager.continue_checkpoint(10));
  CHECK(world.story() == "checkpointed 1, skipped 2");
}

TEST_CASE("a checkpoint leaves unlogged relations to a shutdown") {
  PoolWorld world;
  world.manager.name_relation(PoolWorld::kTable, "scratch", 10, Persistence::Unlogged);
  world.soil(0);
  world.story();
  world.manager.check_point_buffers();
  CHECK(world.story() == "checkpoint of 0 | checkpointed 0, skipped 0");
  world.manager.check_point_buffers({.flush_all = true});
  CHECK(world.story() ==
        "mark 0 | checkpoint of 1 | pin 0 1/1D | io 0 | not just dirtied 0 | write 0 1/1 | unpin 0 0/1 | "
        "checkpointed 1, skipped 0");
}

TEST_CASE("tablespaces of a checkpoint take turns by their progress") {
  PoolWorld world(17, 8);
  const RelationId other{1700, 5, 20000};
  for (std::uint32_t block : {0, 1, 2, 3}) world.soil(block);
  for (std::uint32_t block : {0, 1}) {
    BufferSlot buffer = world.manager.read_buffer(PoolWorld::page(block, other));
    world.manager.mark_buffer_dirty(buffer, 0);
    world.manager.release_buffer(buffer);
  }
  world.manager.check_point_buffers();
  std::string order;
  for (const EventBody& event : world.sink.events)
    if (const auto* written = std::get_if<BufferWritten>(&event)) order += std::to_string(written->buffer.value) + " ";
  // Six buffers: each of the four is worth 1.5, each of the two 3. Where both stand at 3 the first stays in front.
  CHECK(order == "0 4 1 2 5 3 ");
}

TEST_CASE("the background writer cleans ahead of the hand and never touches usage counts") {
  PoolWorld world(17, 16);
  for (std::uint32_t block = 0; block < 16; ++block) world.soil(block);
  world.touch(100);  // the hand has gone round once
  world.story();
  world.manager.bg_buffer_sync();
  const std::string round = world.story();
  // Wanted: twice the 17 allocations; written: every dirty buffer from the hand on that nobody used lately.
  CHECK_THAT(round, Catch::Matchers::StartsWith("pin 1 1/0D | io 1 | not just dirtied 1 | write 1 1/0 | unpin 1 0/0"));
  CHECK_THAT(round, Catch::Matchers::EndsWith("round 17 allocs, 15 of 34, 15 written, next 1"));
  world.manager.bg_buffer_sync();
  CHECK(world.story() == "round 0 allocs, 1 of 31, 0 written, next 1");
}

TEST_CASE("new pages: 16 and newer take the victims first and enter them afterwards") {
  for (int major : {15, 16}) {
    PoolWorld world(major);
    world.manager.name_relation(PoolWorld::kTable, "orders", 5);
    world.manager.extend_buffered_rel(PoolWorld::kTable, 2);
    CHECK(world.story() == (major == 15
                                ? "ask 5 | miss | pop 0 | pin 0 1/0 | tag 0=5 1/1 | io 0 | valid 0 1/1 | "
                                  "ask 6 | miss | pop 1 | pin 1 1/0 | tag 1=6 1/1 | io 1 | valid 1 1/1"
                                : "ask 5 | pop 0 | pin 0 1/0 | ask 6 | pop 1 | pin 1 1/0 | tag 0=5 1/1 | io 0 | "
                                  "tag 1=6 1/1 | io 1 | valid 0 1/1 | valid 1 1/1"));
    CHECK(world.manager.relation_blocks(PoolWorld::kTable) == 7);
  }
}

// A manager of whose private memory a test sees what is asked, and may refuse it.
struct PrivateMemoryWorld {
  static constexpr RelationId kTemporary{1663, 5, 30000};

  AddressSpace space;
  test::StorySink sink;
  Backends backends{sink};
  Address next{0x10000};
  std::function<bool()> refuses = [] { return false; };
  std::vector<std::uint64_t> asked;  // for local blocks
  BufferManager manager;
  BackendSlot backend;

  PrivateMemoryWorld(int major, const BufferSettings& settings, std::uint32_t blocks)
      : manager(*find_buffer_profile(major), settings, space, backends, sink,
                {[this](BackendSlot, std::uint64_t bytes) { return take(bytes); },
                 [this](BackendSlot, std::uint64_t bytes) {
                   asked.push_back(bytes);
                   return take(bytes);
                 }}),
        backend(backends.start(BackendKind::Client, "backend 1")) {
    backends.switch_to(backend);
    manager.name_relation(kTemporary, "pg_temp.t", blocks, Persistence::Temporary);
    sink.take();
  }

  Address take(std::uint64_t bytes) {
    if (refuses()) throw Ereport{"53200", "out of memory", "", {}};
    const Address at = next;
    next = next + (bytes / 4096 + 1) * 4096;
    space.map(at, next - at);
    return at;
  }
};

TEST_CASE("local buffers: a clock of their own, memory only as it is needed, and an error of their own") {
  auto settings = PoolWorld::with(4);
  settings.temp_buffers = 20;
  PrivateMemoryWorld world(15, settings, 0);
  auto& [space, sink, backends, next, refuses, asked, manager, backend] = world;
  const RelationId temporary = PrivateMemoryWorld::kTemporary;
  BufferSlot first = manager.extend_buffered_rel(temporary).front();
  CHECK(sink.take() == "ask 0 | miss | take 4 0/0 hand 0.1 | pin 4 0/0 | tag 4=0 0/1 | valid 4 0/1");
  CHECK(manager.buffer_number(first) == -1);
  CHECK(manager.private_count(backend, first) == 1);
  CHECK(asked == std::vector<std::uint64_t>{16 * 8192});
  for (int i = 1; i < 20; ++i) manager.extend_buffered_rel(temporary);
  CHECK(asked == std::vector<std::uint64_t>{16 * 8192, 4 * 8192});
  CHECK(error_of([&manager = manager, &temporary] { manager.extend_buffered_rel(temporary); }) ==
        "no empty local buffer available");
  manager.mark_buffer_dirty(first, 77);
  manager.release_all_pins();
  sink.take();
  manager.extend_buffered_rel(temporary);
  CHECK_THAT(sink.take(), Catch::Matchers::EndsWith("spare 23 0/0 hand 0.0 | take 4 0/0D hand 0.1 | pin 4 0/0D | "
                                                    "write 4 0/0 | untag 4 0/0 | tag 4=20 0/1 | valid 4 0/1"));
  CHECK(manager.local_pool(backend) == PoolSlot{1});
}

TEST_CASE("a backend that ends gives back its pins and rings before") {
  PoolWorld world;
  world.read(1);
  world.manager.get_access_strategy(RingKind::Vacuum);
  world.story();
  world.sink.events.clear();
  world.backends.end(world.first);
  REQUIRE(world.sink.events.size() == 3);
  CHECK(std::holds_alternative<BufferUnpinned>(world.sink.events[0]));
  CHECK(std::holds_alternative<RingFreed>(world.sink.events[1]));
  CHECK(world.sink.events[2] == EventBody(BackendEnded{world.first}));
  CHECK_FALSE(world.backends.acting());
}

TEST_CASE("a backend that ends gives back its own pins, whoever acts and whatever its exit calls meanwhile") {
  PoolWorld world;
  const BufferSlot mine = world.read(1);
  world.backends.switch_to(world.second);
  const BufferSlot other = world.read(2);
  world.backends.before_end([&](BackendSlot) { world.backends.switch_to(world.second); }, ExitStage::DynamicMemory);
  world.backends.before_end([&](BackendSlot) { world.backends.switch_to(world.second); });
  world.backends.end(world.first);
  CHECK(refcount_of(world.manager.state_word(mine)) == 0);
  CHECK(world.manager.private_count(world.second, other) == 1);
  CHECK(world.backends.acting() == world.second);
}

TEST_CASE("an exit that fails leaves the backend as one that can still end") {
  PoolWorld world;
  bool fails = true;
  world.backends.before_end([&](BackendSlot backend) {
    CHECK(world.backends.is_ending(backend));
    if (std::exchange(fails, false)) throw Ereport{"XX000", "not now", "", {}};
  });
  world.backends.switch_to(world.second);
  CHECK(error_of([&] { world.backends.end(world.first); }) == "not now");
  CHECK_FALSE(world.backends.is_ending(world.first));
  CHECK(world.backends.acting() == world.second);
  CHECK(world.sink.events.back() == EventBody(BackendSwitched{world.second}));
  world.backends.end(world.first);
  CHECK_FALSE(world.backends.find(world.first));
  CHECK(world.backends.acting() == world.second);
}

TEST_CASE("nobody takes the turn of one that ended in the middle of another's end") {
  for (const bool fails : {false, true}) {
    CAPTURE(fails);
    PoolWorld world;
    BackendSlot heir;
    bool begun = false;
    world.backends.before_end([&](BackendSlot) {
      if (std::exchange(begun, true)) return;
      world.backends.end(world.second);
      heir = world.backends.start(BackendKind::Client, "backend 3");
      if (fails) throw Ereport{"XX000", "not now", "", {}};
    });
    world.backends.switch_to(world.second);
    CHECK(error_of([&] { world.backends.end(world.first); }) == (fails ? "not now" : ""));
    CHECK(heir == world.second);  // its slot alone
    CHECK(world.backends.acting() == (fails ? world.first : BackendSlot{}));
  }
}

TEST_CASE("an exit's own error is the one that is told, though the way back fails too; a crash has no way back") {
  struct Full final : EventSink {
    bool full = false;
    int refused = 0;
    void emit(const EventBody&) override {
      if (full && ++refused != 0) throw std::length_error("the sink is full");
    }
  } sink;
  Backends backends(sink);
  const BackendSlot first = backends.start(BackendKind::Client, "backend 1"),
                    second = backends.start(BackendKind::Client, "backend 2");
  bool crashes = false;
  backends.before_end([&](BackendSlot) {
    if (crashes) throw Crash{"SIGSEGV", "nothing there", {}};
    sink.full = true;
    throw Ereport{"XX000", "not now", "", {}};
  });
  backends.switch_to(second);
  CHECK(error_of([&] { backends.end(first); }) == "not now");
  CHECK(sink.refused == 1);
  CHECK(backends.acting() == second);
  sink.full = false;
  crashes = true;
  CHECK_THROWS_AS(backends.end(first), Crash);
  CHECK(backends.acting() == first);
}

TEST_CASE("another session's temporary relation is out of reach, also when its session has ended") {
  PoolWorld world;
  const RelationId temporary{1663, 5, 30000};
  const PageTag page = PoolWorld::page(0, temporary);
  world.manager.name_relation(temporary, "pg_temp.t", 4, Persistence::Temporary);
  const BufferSlot mine = world.manager.read_buffer(page);
  world.manager.release_buffer(mine);
  world.backends.switch_to(world.second);
  const std::string refused = "cannot access temporary tables of other sessions";
  CHECK(error_of([&] { world.manager.read_buffer(page); }) == refused);
  CHECK(error_of([&] { world.manager.extend_buffered_rel(temporary); }) == refused);
  CHECK(error_of([&] { world.manager.drop_relation_buffers(temporary); }) ==
        "cannot truncate temporary tables of other sessions");
  world.manager.flush_relation_buffers(temporary);
  CHECK_FALSE(world.manager.local_pool(world.second));
  world.backends.end(world.first);
  CHECK(world.backends.start(BackendKind::Client, "backend 3") == world.first);
  world.backends.switch_to(world.first);
  CHECK(error_of([&] { world.manager.read_buffer(page); }) == refused);
}

TEST_CASE("dropping or flushing a temporary relation makes no local buffers") {
  PoolWorld world;
  const RelationId temporary{1663, 5, 30000};
  world.manager.name_relation(temporary, "pg_temp.t", 4, Persistence::Temporary);
  world.manager.flush_relation_buffers(temporary);
  world.manager.drop_relation_buffers(temporary);
  world.manager.drop_relations_all_buffers(temporary);
  CHECK_FALSE(world.manager.local_pool(world.first));
}

TEST_CASE("local buffers of all backends have a limit") {
  auto settings = PoolWorld::with(4);
  settings.temp_buffers = 1 << 20;
  const RelationId temporary{1663, 5, 30000};
  PoolWorld world(17, settings);
  const auto read = [&](BackendSlot backend) {
    world.backends.switch_to(backend);
    world.manager.name_relation(temporary, "pg_temp.t", 4, Persistence::Temporary);
    return world.manager.read_buffer(PoolWorld::page(0, temporary));
  };
  read(world.first);
  read(world.second);
  const BackendSlot third = world.backends.start(BackendKind::Client, "backend 3");
  CHECK_THROWS_WITH(read(third), Catch::Matchers::ContainsSubstring("would be more than 2097152 in all"));
  CHECK_FALSE(world.manager.local_pool(third));
}

TEST_CASE("a backend that finds no memory for its local buffers' descriptors can try again") {
  PrivateMemoryWorld world(17, PoolWorld::with(4), 4);
  world.refuses = [left = 2]() mutable { return left-- == 0; };  // the arrays are three: descriptors, pointers, counts
  const PageTag page = PoolWorld::page(0, PrivateMemoryWorld::kTemporary);
  CHECK(error_of([&] { world.manager.read_buffer(page); }) == "out of memory");
  CHECK_FALSE(world.manager.local_pool(world.backend));
  world.manager.read_buffer(page);
  CHECK(world.manager.local_pool(world.backend) == PoolSlot{1});
}

TEST_CASE("a page of a local buffer for which there was no memory gets it later") {
  auto settings = PoolWorld::with(4);
  settings.temp_buffers = 40;
  PrivateMemoryWorld world(17, settings, 0);
  const auto extend = [&] { world.manager.extend_buffered_rel(PrivateMemoryWorld::kTemporary); };
  for (int i = 0; i < 16; ++i) extend();
  world.refuses = [] { return true; };
  CHECK(error_of(extend) == "out of memory");
  world.refuses = [] { return false; };
  extend();
  REQUIRE(world.asked.size() == 3);
  CHECK(world.asked[1] == world.asked[2]);  // it asks again, instead of going on behind the memory it has
}

TEST_CASE("steps through a large pool are counted, though they make no events") {
  PoolWorld world(17, 65536);
  std::uint64_t before = 0;
  const auto steps = [&](auto&& action) {
    before = world.backends.work();
    action();
    return world.backends.work() - before;
  };
  CHECK(steps([&] { world.manager.flush_relation_buffers(PoolWorld::kTable); }) == 65536);
  CHECK(steps([&] { world.manager.drop_relation_buffers(PoolWorld::kTable); }) == 65536);
  CHECK(steps([&] { world.manager.drop_relations_all_buffers(PoolWorld::kTable); }) == 65536);
  CHECK(steps([&] { world.manager.check_point_buffers(); }) == 65536);
  CHECK(steps([&] { world.manager.bg_buffer_sync(); }) == 109);  // a whole pool in two minutes
}

TEST_CASE("a million buffers take memory for their descriptors and their table, not for their pages") {
  PoolWorld world(17, 1u << 20);
  CHECK(world.space.pages_in_use() < 30'000);
  world.touch(7);
  CHECK(world.story() == kFirstMiss);
}

}  // namespace
}  // namespace palloscope::core
