// Dynamic shared memory: counts and bytes of the control segment over a segment's life, and the errors.
#include "core/shmem/dynamic_memory.h"

#include <random>

#include "core/mcxt/errors.h"
#include "tests/support/catch.h"
#include "tests/support/event_log.h"

using namespace palloscope::core;

namespace {

struct Server {
  explicit Server(int major = 17, const std::string& assignment = "shared_buffers=1MB")
      : shared(space, log, backends, settings_of(major, assignment)) {
    backends.switch_to(backends.start(BackendKind::Postmaster, "postmaster"));
    shared.create();
    memory = std::make_unique<DynamicMemory>(shared, backends);
    leader = backends.start(BackendKind::Client, "leader");
    worker = backends.start(BackendKind::ParallelWorker, "worker");
    backends.switch_to(leader);
  }
  static ShmemSettings settings_of(int major, const std::string& assignment) {
    ShmemSettings settings(major);
    REQUIRE(settings.set_assignment(assignment));
    return settings;
  }
  std::uint64_t control(std::uint64_t offset, unsigned width) const {
    return *space.load(memory->control_at() + offset, width);
  }
  std::uint32_t handle(DsmId id) const { return memory->find(id)->handle; }

  palloscope::test::EventLog log;
  AddressSpace space;
  Backends backends{log};
  SharedMemory shared;
  std::unique_ptr<DynamicMemory> memory;
  BackendSlot leader, worker;
};

template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Ereport& error) {
    return error.message;
  }
  return "no error";
}

}  // namespace

TEST_CASE("The control segment is what the specification measured") {
  Server server(17);
  CHECK(server.control(0, 4) == 0x9A503D32);
  CHECK(server.control(4, 4) == 0);
  CHECK(server.control(8, 4) == 64 + 5 * 123);
  CHECK(Server(15).control(8, 4) == 674);
  CHECK(Server(18).control(8, 4) == 744);
  const auto segments = server.log.of<SegmentCreated>();
  CHECK(segments.back().bytes == 16 + 40 * (64 + 5 * 123));
  CHECK(server.memory->control_handle() % 2 == 0);
  const ShmemHeaderLayout header;
  CHECK(server.space.load(kInterlockSegment + header.dsm_control.offset, 4) == server.memory->control_handle());
  CHECK(server.space.load(kMainSegment + header.dsm_control.offset, 4) == 0);
}

TEST_CASE("A segment lives from its creator to the last that detaches, and is one memory at several addresses") {
  Server server;
  const DsmId mine = server.memory->create(100000);
  const std::uint32_t handle = server.handle(mine);
  CHECK(handle % 2 == 0);
  CHECK(server.memory->refcnt(handle) == 2);
  CHECK(server.control(16, 4) == handle);
  CHECK(server.control(20, 4) == 2);

  server.backends.switch_to(server.worker);
  const DsmId theirs = server.memory->attach(handle);
  CHECK(server.memory->refcnt(handle) == 3);
  const Address here = server.memory->find(mine)->at, there = server.memory->find(theirs)->at;
  CHECK(here != there);
  REQUIRE(server.space.store(here + 50000, 8, 42));
  CHECK(server.space.load(there + 50000, 8) == 42);
  REQUIRE(server.space.store(there + 99992, 8, 43));
  CHECK(server.space.load(here + 99992, 8) == 43);
  CHECK(error_of([&] { server.memory->attach(handle); }) == "can't attach the same segment more than once");

  server.backends.switch_to(server.leader);
  server.memory->detach(mine);
  CHECK_FALSE(server.space.load(here, 8));
  CHECK(server.space.load(there + 50000, 8) == 42);
  CHECK(server.memory->refcnt(handle) == 2);
  server.backends.switch_to(server.worker);
  server.memory->detach(theirs);
  CHECK(server.memory->refcnt(handle) == 0);
  CHECK(server.control(20, 4) == 0);
  CHECK(server.log.of<SegmentDestroyed>().size() == 1);
  CHECK(server.memory->attach(handle) == 0);
}

TEST_CASE("Callbacks run last in, first out, before the backend lets go") {
  Server server;
  const DsmId id = server.memory->create(1000);
  std::string order;
  for (const char* name : {"a", "b", "c"})
    server.memory->on_detach(id, [&order, &server, id, name] {
      order += name;
      CHECK(server.memory->find(id) != nullptr);
    });
  server.memory->detach(id);
  CHECK(order == "cba");
}

TEST_CASE("What a backend's end calls may switch to others, detach more, attach more: in the end it holds nothing") {
  Server server;
  const DsmId first = server.memory->create(1000), second = server.memory->create(1000);
  server.memory->on_detach(second, [&] {
    server.memory->detach(first);
    server.memory->create(2000);
    server.backends.switch_to(server.worker);
    server.memory->create(3000);
  });
  server.backends.end(server.leader);
  CHECK(server.memory->segments() == 1);  // the worker's own
  CHECK(server.log.of<SegmentDetached>().size() == 3);
  CHECK_FALSE(server.backends.find(server.leader));
}

TEST_CASE("A pinned segment outlives all who were attached, until it is unpinned") {
  Server server;
  const DsmId id = server.memory->create(1000);
  const std::uint32_t handle = server.handle(id);
  server.memory->pin_segment(id);
  CHECK(server.memory->refcnt(handle) == 3);
  CHECK(server.control(16 + 32, 1) == 1);
  CHECK(error_of([&] { server.memory->pin_segment(id); }) == "cannot pin a segment that is already pinned");
  server.backends.end(server.leader);
  CHECK(server.memory->refcnt(handle) == 2);
  server.backends.switch_to(server.worker);
  const DsmId later = server.memory->attach(handle);
  CHECK(later != 0);
  server.memory->detach(later);
  server.memory->unpin_segment(handle);
  CHECK(server.memory->refcnt(handle) == 0);
  CHECK(server.log.of<SegmentDestroyed>().size() == 1);
  CHECK(error_of([&] { server.memory->unpin_segment(handle); }) == "cannot unpin unknown segment handle");
  const DsmId other = server.memory->create(10);
  CHECK(error_of([&] { server.memory->unpin_segment(server.handle(other)); }) ==
        "cannot unpin a segment that is not pinned");
}

TEST_CASE("A segment that ended too early, by a trampled count, is not taken for the one that follows it in its item") {
  for (const char* setting : {"shared_buffers=1MB", "min_dynamic_shared_memory=1MB"}) {
    Server server(17, setting);
    const DsmId old = server.memory->create(1000);
    server.backends.switch_to(server.worker);
    const DsmId theirs = server.memory->attach(server.handle(old));
    REQUIRE(server.space.store(server.memory->control_at() + 16 + 4, 4, 2));
    server.memory->detach(theirs);
    const DsmId next = server.memory->create(1000);
    REQUIRE(server.memory->find(next)->item == server.memory->find(old)->item);
    REQUIRE(server.memory->find(next)->segment == server.memory->find(old)->segment);
    server.backends.switch_to(server.leader);
    CHECK_THROWS_AS(server.memory->pin_segment(old), Crash);
    CHECK(server.memory->attach(server.handle(next)) != 0);  // another one
    CHECK_THROWS_AS(server.memory->detach(old), Crash);
    CHECK(server.memory->refcnt(server.handle(next)) == 3);
    CHECK(server.log.of<SegmentDetached>().size() == 1);
  }
}

TEST_CASE("The query's end detaches what is not pinned to the session") {
  Server server;
  const DsmId query = server.memory->create(1000), session = server.memory->create(1000);
  server.memory->pin_mapping(session);
  server.memory->release_unpinned();
  CHECK(server.memory->find(query) == nullptr);
  CHECK(server.memory->find(session) != nullptr);
}

TEST_CASE("Segments in the preallocated region have odd handles and one address for all") {
  Server server(17, "min_dynamic_shared_memory=1MB");
  const DsmId first = server.memory->create(10000), second = server.memory->create(5000);
  CHECK(server.handle(first) % 2 == 1);
  CHECK(((server.handle(second) >> 1) & 0x3FF) == 1);
  const auto region = server.shared.find("Preallocated DSM");
  REQUIRE(region);
  CHECK(server.memory->find(first)->at == kMainSegment + region->offset);
  CHECK(server.memory->find(second)->at == kMainSegment + region->offset + 3 * 4096);
  CHECK(server.control(16 + 40 + 8, 8) == 3);   // first_page
  CHECK(server.control(16 + 40 + 16, 8) == 2);  // npages
  server.backends.switch_to(server.worker);
  CHECK(server.memory->find(server.memory->attach(server.handle(first)))->at == server.memory->find(first)->at);
  server.backends.switch_to(server.leader);
  server.memory->detach(second);
  CHECK(server.memory->find(server.memory->create(8192))->at == kMainSegment + region->offset + 3 * 4096);
  // what does not fit becomes a file
  CHECK(server.handle(server.memory->create(2 << 20)) % 2 == 0);
}

TEST_CASE("There are only so many segments") {
  Server server(17);
  const std::uint32_t most = 64 + 5 * 123;
  for (std::uint32_t i = 0; i < most; ++i) server.memory->create(100);
  CHECK(error_of([&] { server.memory->create(100); }) == "too many dynamic shared memory segments");
  CHECK(server.memory->create(100, true) == 0);
}

TEST_CASE("Whatever backends do in turn, a segment's count is its attachments, its pin and one") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Server server(17, seed % 2 == 0 ? "min_dynamic_shared_memory=1MB" : "shared_buffers=1MB");
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  std::vector<BackendSlot> backends = {server.leader, server.worker};
  std::map<std::uint32_t, std::pair<int, bool>> expected;  // handle -> attachments, pinned
  std::map<DsmId, std::pair<BackendSlot, std::uint32_t>> held;
  for (int step = 0; step < 2000; ++step) {
    const BackendSlot acting = backends[pick(2)];
    server.backends.switch_to(acting);
    switch (pick(5)) {
      case 0:
        if (expected.size() < 40) {
          const DsmId id = server.memory->create(1 + pick(100000));
          held[id] = {acting, server.handle(id)};
          expected[server.handle(id)] = {1, false};
        }
        break;
      case 1:
        if (!expected.empty()) {
          const std::uint32_t handle = std::next(expected.begin(), static_cast<long>(pick(expected.size())))->first;
          if (server.memory->find_mapping(handle) != 0) break;
          held[server.memory->attach(handle)] = {acting, handle};
          ++expected[handle].first;
        }
        break;
      case 2:
      case 3:
        for (auto it = held.begin(); it != held.end(); ++it) {
          if (it->second.first != acting) continue;
          const auto [id, what] = *it;
          held.erase(it);
          server.memory->detach(id);
          if (--expected[what.second].first == 0 && !expected[what.second].second) expected.erase(what.second);
          break;
        }
        break;
      default:
        if (!held.empty()) {
          const auto& [id, what] = *std::next(held.begin(), static_cast<long>(pick(held.size())));
          auto& [count, pinned] = expected[what.second];
          if (pinned)
            server.memory->unpin_segment(what.second);
          else
            server.memory->pin_segment(id);
          pinned = !pinned;
        }
    }
    REQUIRE(server.memory->segments() == expected.size());
    for (const auto& [handle, state] : expected)
      REQUIRE(server.memory->refcnt(handle) == static_cast<std::uint32_t>(1 + state.first + (state.second ? 1 : 0)));
  }
}
