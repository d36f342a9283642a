// Buffers and shared memory of a simulated server: what is read of its bytes, and what is said of them over time.
#include "trace/live/read_server.h"

#include <algorithm>
#include <array>
#include <memory>
#include <sstream>

#include "core/server/backends.h"
#include "core/shmem/shared_memory.h"
#include "core/version/buffer_profile.h"
#include "tests/support/catch.h"
#include "tests/support/event_log.h"
#include "trace/analysis/pool_check.h"
#include "trace/exporters/exporter.h"
#include "trace/live/server_events.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {
namespace {

using core::Address;
namespace bits = core::buffer_bits;

struct SpaceSource final : core::MemorySource {
  explicit SpaceSource(const core::AddressSpace& bytes) : space(bytes) {}
  bool read(Address at, std::span<std::uint8_t> into) const override { return space.read(at, into); }
  const core::AddressSpace& space;
};

constexpr Address kVariables{0x5000'0000};
constexpr std::uint32_t kBuffers = 16;

// A server with 16 buffers, all free.
struct Server {
  explicit Server(int version) : major(version), settings(version) {
    REQUIRE(settings.set("shared_buffers", "128kB"));
    backends.switch_to(backends.start(core::BackendKind::Postmaster, "postmaster"));
    shared.create();
    descriptors = core::kMainSegment + shared.find("Buffer Descriptors")->offset;
    strategy = core::kMainSegment + shared.find("Buffer Strategy Status")->offset;
    space.map(kVariables, 4096);
    REQUIRE(space.store(kVariables, 4, kBuffers));
    REQUIRE(space.store(kVariables + 8, 8, descriptors.value));
    for (std::uint32_t id = 0; id < kBuffers; ++id) {
      set(id, layout.buf_id, id);
      set(id, layout.free_next, id + 1 < kBuffers ? id + 1 : ~std::uint32_t{0});
    }
    set_strategy(0, 0, kBuffers - 1, 0);
  }

  void set(std::uint32_t id, core::Field field, std::uint32_t value) {
    REQUIRE(space.store(descriptors + layout.stride * id + field.offset, field.width, value));
  }
  void hold(std::uint32_t id, std::uint32_t relation, std::uint32_t block, std::uint32_t word) {
    set(id, layout.tablespace, 1663);
    set(id, layout.database, 5);
    set(id, layout.relation, relation);
    set(id, layout.fork, 0);
    set(id, layout.block, block);
    set(id, layout.state, word);
    set(id, layout.free_next, static_cast<std::uint32_t>(core::kFreeNextNotInList));
  }
  void set_strategy(std::uint32_t victim, std::int32_t first, std::int32_t last, std::uint32_t passes) {
    const core::StrategyControlLayout control;
    const auto put = [&](core::Field field, std::uint32_t value) {
      REQUIRE(space.store(strategy + field.offset, field.width, value));
    };
    put(control.next_victim, victim);
    put(control.first_free, static_cast<std::uint32_t>(first));
    put(control.last_free, static_cast<std::uint32_t>(last));
    put(control.complete_passes, passes);
  }

  ServerMoment look() const {
    Capture capture;
    capture.build.major = major;
    capture.roots.n_buffers = kVariables;
    capture.roots.buffer_descriptors = kVariables + 8;
    capture.memory = std::make_unique<SpaceSource>(space);
    // As the kernel may show it: in two pieces.
    const Address middle = core::kMainSegment + 8192, end = core::kMainSegment + shared.mapped_bytes();
    for (const auto& [from, to] : {std::pair(core::kMainSegment, middle), std::pair(middle, end)}) {
      Mapping map;
      map.begin = from;
      map.end = to;
      map.read = map.write = map.shared = true;
      map.inode = 77;
      map.name = "/dev/zero (deleted)";
      capture.maps.push_back(std::move(map));
    }
    ServerMoment moment;
    read_server(capture, {}, moment);
    return moment;
  }

  int major;
  core::AddressSpace space;
  test::EventLog log;
  core::Backends backends{log};
  core::ShmemSettings settings;
  core::SharedMemory shared{space, log, backends, settings};
  core::BufferDescLayout layout = core::find_buffer_profile(major)->descriptor;
  Address descriptors, strategy;
};

std::string exported(const Timeline& timeline, std::string_view format) {
  std::ostringstream out;
  for (const Exporter& exporter : exporter_table())
    if (exporter.name == format) exporter.write(timeline, out);
  return out.str();
}

struct Told {
  Timeline timeline = Timeline::recording({core::SourceKind::Snapshot, 17, false, "", ""});
  ServerEvents events{timeline.sink()};
  std::vector<std::string> problems;

  void tell(const ServerMoment& moment) {
    timeline.sink().emit(core::SnapshotBegan{});
    events.emit(moment, problems);
    timeline.sink().emit(core::SnapshotEnded{});
    timeline.seek(timeline.size());
  }
  std::vector<std::string> broken() const {
    std::vector<std::string> words = check_pools(timeline.state().server(), 10);
    for (const auto& fault : timeline.state().faults()) words.push_back(fault.what);
    words.insert(words.end(), problems.begin(), problems.end());
    return words;
  }
};

constexpr std::uint32_t kPage = bits::kTagValid | bits::kValid | bits::kPermanent;

TEST_CASE("buffers of a server are told with page, usage, pins, freelist and clock hand, and then by what differs") {
  for (int major = 15; major <= 18; ++major) {
    INFO("PostgreSQL " << major);
    Server server(major);
    Told told;
    server.hold(0, 16384, 0, kPage | 3u << bits::kUsageShift | 1);
    server.hold(1, 16384, 1, kPage | bits::kDirty | 5u << bits::kUsageShift);
    server.set_strategy(0, 2, kBuffers - 1, 0);
    told.tell(server.look());
    CHECK(told.broken() == std::vector<std::string>{});
    const PoolRecord* pool = told.timeline.state().server().shared_pool();
    REQUIRE(pool != nullptr);
    CHECK(pool->free_count == kBuffers - 2);
    CHECK(pool->first_free == core::BufferSlot{2});
    CHECK(exported(told.timeline, "buffers").find("1,16384,1663,5,0,0,f,3,1\n2,16384,1663,5,0,1,t,5,0\n3,,") !=
          std::string::npos);

    // Buffer 1 (0) is another page's, 2 was used, 3 is taken from the freelist's head, the hand has moved.
    const EventNumber before = told.timeline.size();
    server.hold(0, 16390, 7, kPage | 1u << bits::kUsageShift);
    server.hold(1, 16384, 1, kPage | 4u << bits::kUsageShift);
    server.hold(2, 1259, 2, kPage | 2u << bits::kUsageShift);
    server.set_strategy(5, 3, kBuffers - 1, 2);
    told.tell(server.look());
    CHECK(told.broken() == std::vector<std::string>{});
    pool = told.timeline.state().server().shared_pool();
    CHECK(pool->next_victim == 5);
    CHECK(pool->complete_passes == 2);
    CHECK(pool->first_free == core::BufferSlot{3});
    CHECK(told.timeline.size() - before == 8);  // both ends, popped, untagged, tagged, flagged, tagged, ticked
    CHECK(exported(told.timeline, "buffers").find("1,16390,1663,5,0,7,f,1,0\n2,16384,1663,5,0,1,f,4,0\n3,1259,") !=
          std::string::npos);

    // Dropped: back at the freelist's head.
    server.set(1, server.layout.state, 0);
    server.set(1, server.layout.free_next, 3);
    server.set_strategy(5, 1, kBuffers - 1, 2);
    told.tell(server.look());
    CHECK(told.broken() == std::vector<std::string>{});
    CHECK(told.timeline.state().server().shared_pool()->first_free == core::BufferSlot{1});
    told.timeline.seek(0);  // and all of it can be taken back
    CHECK(told.timeline.state().server().shared_pool() == nullptr);
  }
}

TEST_CASE("shared memory is told by its index, with what lies between, and again only when something is new") {
  for (int major = 15; major <= 18; ++major) {
    INFO("PostgreSQL " << major);
    Server server(major);
    Told told;
    const ServerMoment moment = server.look();
    REQUIRE(moment.shmem);
    CHECK(moment.shmem_at == core::kMainSegment);
    told.tell(moment);
    CHECK(told.broken() == std::vector<std::string>{});
    const std::string rows = exported(told.timeline, "shmem");
    std::uint64_t named = 0;
    for (const core::WalkedStructure& structure : moment.shmem->structures) {
      CHECK(rows.find(structure.name + "," + std::to_string(structure.offset) + ",") != std::string::npos);
      named += structure.allocated_bytes;
    }
    const std::string anonymous = std::to_string(server.shared.free_offset() - named);
    CHECK(rows.find("<anonymous>,," + anonymous + "," + anonymous + "\n") != std::string::npos);
    CHECK(rows.find("\n," + std::to_string(server.shared.free_offset()) + ",") != std::string::npos);

    const EventNumber before = told.timeline.size();
    told.tell(server.look());
    CHECK(told.timeline.size() == before + 2);
    server.shared.init_struct("of an extension", 100);
    told.tell(server.look());
    CHECK(told.broken() == std::vector<std::string>{});
    CHECK(exported(told.timeline, "shmem").find("of an extension,") != std::string::npos);
  }
}

TEST_CASE("what cannot be of shared memory is said, and never followed") {
  Server server(17);
  SECTION("another magic number") {
    REQUIRE(server.space.store(core::kMainSegment, 4, 1));
    const ServerMoment moment = server.look();
    CHECK_FALSE(moment.shmem);
    CHECK(moment.problems.size() == 1);
    REQUIRE(moment.pool);
    CHECK_FALSE(moment.pool->has_strategy);
  }
  SECTION("more buffers than there is room for") {
    REQUIRE(server.space.store(kVariables, 4, 0x7FFFFFFF));
    const ServerMoment moment = server.look();
    CHECK_FALSE(moment.pool);
    CHECK(moment.problems.size() == 1);
  }
  SECTION("descriptors that are nowhere") {
    REQUIRE(server.space.store(kVariables + 8, 8, 0x1234));
    const ServerMoment moment = server.look();
    CHECK_FALSE(moment.pool);
    CHECK_FALSE(moment.shmem);
    CHECK(moment.problems.size() == 2);
  }
  SECTION("a structure that lies upon another, and one outside") {
    ServerMoment moment = server.look();
    REQUIRE(moment.shmem);
    moment.shmem->structures[3].offset = moment.shmem->structures[2].offset;
    moment.shmem->structures.back().offset = ~std::uint64_t{0} - 10;
    Told told;
    told.tell(moment);
    CHECK(told.problems.size() == 2);
    CHECK(told.timeline.state().fault_count() == 0);
  }
}

}  // namespace
}  // namespace palloscope::trace
