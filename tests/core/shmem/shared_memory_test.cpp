// The main segment in the bytes: start-up, the calls on it, and their errors.
#include "core/shmem/shared_memory.h"

#include <algorithm>

#include "core/mcxt/errors.h"
#include "core/shmem/hash_size.h"
#include "core/shmem/shmem_quantities.h"
#include "tests/support/catch.h"
#include "tests/support/event_log.h"

using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Server {
  explicit Server(int major, const std::vector<std::string>& assignments = {"shared_buffers=1MB", "max_connections=5"})
      : shared(space, log, backends, settings_of(major, assignments)) {
    postmaster = backends.start(BackendKind::Postmaster, "postmaster");
    backends.switch_to(postmaster);
  }
  static ShmemSettings settings_of(int major, const std::vector<std::string>& assignments) {
    ShmemSettings settings(major);
    for (const std::string& assignment : assignments) REQUIRE(settings.set_assignment(assignment));
    return settings;
  }
  std::uint64_t header(Field field, Address at = kMainSegment) const {
    return *space.load(at + field.offset, field.width);
  }

  palloscope::test::EventLog log;
  AddressSpace space;
  Backends backends{log};
  BackendSlot postmaster;
  SharedMemory shared;
};

template <class Action>
Ereport error_of(Action action) {
  try {
    action();
  } catch (const Ereport& error) {
    return error;
  }
  FAIL("no error");
  return {};
}

}  // namespace

TEST_CASE("Start-up hands out what was planned, in order, and the header's free offset ends behind it") {
  for (int major = 15; major <= 18; ++major) {
    INFO("PostgreSQL " << major);
    Server server(major);
    server.shared.create();
    const ShmemMap& plan = server.shared.plan();
    CHECK(server.shared.free_offset() == plan.free_offset);
    CHECK(server.shared.total_bytes() == plan.total_bytes);
    std::uint64_t end = 0, named = 0;
    for (const ShmemAllocated& event : server.log.of<ShmemAllocated>()) {
      CHECK(event.offset >= end);
      end = event.offset + event.allocated_bytes;
      if (event.name.empty()) {
        CHECK(!event.purpose.empty());
        continue;
      }
      ++named;
      const ShmemPiece* planned = plan.find(event.name);
      REQUIRE(planned != nullptr);
      CHECK(planned->offset == event.offset);
      CHECK(planned->bytes == event.bytes);
      const auto found = server.shared.find(event.name);
      REQUIRE(found);
      CHECK(found->offset == event.offset);
      CHECK(found->allocated_bytes == event.allocated_bytes);
    }
    CHECK(end == plan.free_offset);
    CHECK(named == server.shared.tallies().named);
  }
}

TEST_CASE("The mapping's header and the System V copy differ as the server's do") {
  Server server(17);
  server.shared.create();
  const ShmemHeaderLayout layout;
  CHECK(server.header(layout.magic) == 679834894);
  CHECK(server.header(layout.magic, kInterlockSegment) == 679834894);
  CHECK(server.header(layout.index) != 0);
  CHECK(server.header(layout.index, kInterlockSegment) == 0);
  CHECK(server.header(layout.free_offset, kInterlockSegment) == 56);
  CHECK(server.header(layout.creator_pid) == server.backends.find(server.postmaster)->pid);
  const auto segments = server.log.of<SegmentCreated>();
  REQUIRE(segments.size() == 2);
  CHECK(segments[0].kind == SegmentKind::Main);
  CHECK(segments[1].kind == SegmentKind::SystemV);
  CHECK(segments[1].bytes == 56);
}

TEST_CASE("The pieces of a hash table agree between the two who work them out") {
  for (int major = 15; major <= 18; ++major) {
    const ShmemQuantities quantities{ShmemSettings(major)};
    for (const StructureRow& row : structure_table()) {
      const auto version = static_cast<std::size_t>(major - 15);
      if (row.shape != Shape::Hash || row.base[version] == kAbsent) continue;
      INFO(row.name);
      const HashShape mine{row.base[version], quantities.of(row.other), quantities.of(row.count),
                           row.more[version] != 0};
      const auto requests = dynahash_requests(find_buffer_profile(major)->hash, {mine.init, mine.max, row.each[version],
                                                                                 row.base[version], row.more[version]});
      CHECK(requests.front().bytes == mine.header_bytes());
      CHECK(requests.size() == 1 + mine.segments() + mine.groups());
      CHECK(requests.back().bytes == mine.group_entries(1) * mine.element_bytes());
    }
  }
}

TEST_CASE("ShmemInitStruct makes a structure once and finds it afterwards") {
  Server server(16);
  server.shared.create();
  const std::uint64_t before = server.shared.free_offset();
  const auto made = server.shared.init_struct("my extension", 1000);
  CHECK_FALSE(made.found);
  CHECK(made.at == kMainSegment + before);
  CHECK(server.shared.free_offset() == before + 1024);
  const auto found = server.shared.init_struct("my extension", 1000);
  CHECK(found.found);
  CHECK(found.at == made.at);
  CHECK(server.shared.free_offset() == before + 1024);
  REQUIRE(server.log.of<ShmemFound>().size() == 1);
  CHECK(server.log.of<ShmemFound>()[0].name == "my extension");
  CHECK(error_of([&] { server.shared.init_struct("my extension", 1008); }).message ==
        "ShmemIndex entry size is wrong for data structure \"my extension\": expected 1008, actual 1000");
}

TEST_CASE("What does not fit is refused in PostgreSQL's words, and leaves nothing behind") {
  Server server(17);
  server.shared.create();
  const std::uint64_t before = server.shared.free_offset();
  const Ereport error = error_of([&] { server.shared.init_struct("too large", 5 << 20); });
  CHECK(error.sqlstate == "53200");
  CHECK(error.message == "not enough shared memory for data structure \"too large\" (5242880 bytes requested)");
  CHECK_FALSE(server.shared.find("too large"));
  CHECK(error_of([&] { server.shared.alloc(5 << 20); }).message == "out of shared memory (5242880 bytes requested)");
  CHECK(server.shared.free_offset() == before);
  CHECK_FALSE(server.shared.init_struct("too large", 100).found);
}

TEST_CASE("Requests are taken while shmem_request_hook runs, and not before or after") {
  Server server(17);
  const auto early = error_of([&] { server.shared.request_addin_space("early", 1000); });
  CHECK(early.message == "cannot request additional shared memory outside shmem_request_hook");
  const std::uint64_t without = compute_shmem_map(server.shared.settings())->total_bytes;
  server.shared.begin_requests();
  server.shared.request_addin_space("lib", 1 << 20);
  server.shared.request_addin_space("lib", 1 << 20);  // adds up
  server.shared.request_tranche("lib", "mine", 3);
  server.shared.request_tranche("other", "theirs", 1);
  server.shared.end_requests();
  CHECK(error_of([&] { server.shared.request_tranche("late", "late", 1); }).message ==
        "cannot request additional LWLocks outside shmem_request_hook");
  server.shared.create();
  CHECK(server.shared.total_bytes() >= without + (2 << 20));
  CHECK(server.log.of<ShmemRequested>().size() == 4);
  CHECK(server.shared.tranche("theirs") - server.shared.tranche("mine") == 3 * 128);
  CHECK(server.shared.tranche("mine").value % 128 == 0);
  CHECK(error_of([&] { static_cast<void>(server.shared.tranche("no such")); }).message ==
        "requested tranche is not registered");
}

TEST_CASE("The index takes further elements from shared memory when its own are used up") {
  Server server(15);
  server.shared.create();
  std::size_t grown = 0;
  for (int i = 0; i < 30; ++i) {
    server.log.clear();
    CHECK_FALSE(server.shared.init_struct("extra " + std::to_string(i), 8).found);
    for (const ShmemAllocated& event : server.log.of<ShmemAllocated>())
      if (event.name.empty()) {
        ++grown;
        CHECK(event.purpose == "ShmemIndex: elements");
        CHECK(event.bytes == 46 * 88);
      }
  }
  CHECK(grown == 1);
  for (int i = 0; i < 30; ++i) CHECK(server.shared.find("extra " + std::to_string(i)));
}

TEST_CASE("The longer the chains of the index, the more steps a look into it counts") {
  Server server(17);
  server.shared.begin_requests();
  server.shared.request_addin_space("library", 1 << 20);
  server.shared.end_requests();
  server.shared.create();
  for (int i = 0; i < 1000; ++i) server.shared.init_struct("extra " + std::to_string(i), 8);
  const std::uint64_t before = server.backends.work();
  server.shared.init_struct("one more", 8);
  // A chain of 16 and more in each of 64 buckets, walked to look the name up and again to enter it.
  CHECK(server.backends.work() - before >= 2 * 2 * 16);
}

TEST_CASE("A hash table of an extension is made of header, buckets and elements") {
  Server server(18);
  server.shared.create();
  server.log.clear();
  const DynahashShape shape{100, 100, 8, 40, 0};
  const auto made = server.shared.init_hash("my hash", shape);
  CHECK_FALSE(made.found);
  const auto events = server.log.of<ShmemAllocated>();
  REQUIRE(events.size() == 3);
  CHECK(events[0].name == "my hash");
  CHECK(events[0].bytes == 2896);
  CHECK(events[1].purpose == "my hash: buckets");
  CHECK(events[2].bytes == 100 * 56);
  CHECK(server.shared.init_hash("my hash", shape).found);
}

TEST_CASE("huge_pages decides the mapping's size, or that the server does not start") {
  Server with(17);
  with.shared.create({1000, 2 << 20});
  CHECK(with.shared.page_bytes() == 2 << 20);
  CHECK(with.shared.mapped_bytes() % (2 << 20) == 0);
  CHECK(with.shared.total_bytes() == with.shared.mapped_bytes());
  REQUIRE(with.log.of<HugePagesTried>().size() == 1);
  CHECK(with.log.of<HugePagesTried>()[0].granted);

  Server without(17);
  without.shared.create({});
  CHECK(without.shared.page_bytes() == 4096);
  CHECK_FALSE(without.log.of<HugePagesTried>()[0].granted);

  Server off(17, {"huge_pages=off", "shared_buffers=1MB"});
  off.shared.create({1000, 2 << 20});
  CHECK(off.log.of<HugePagesTried>().empty());

  Server on(17, {"huge_pages=on", "shared_buffers=1MB"});
  CHECK_THAT(error_of([&] {
               on.shared.create({1, 2 << 20});
             }).message,
             ContainsSubstring("could not map anonymous shared memory"));
}
