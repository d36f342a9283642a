#include "core/shmem/numa.h"

#include "core/mcxt/errors.h"
#include "tests/support/catch.h"
#include "tests/support/event_log.h"

using namespace palloscope::core;

namespace {

constexpr SegmentSlot kSegment{0};

struct Machine {
  Machine() {
    a = backends.start(BackendKind::Client, "a");
    b = backends.start(BackendKind::Client, "b");
    numa.add_node(8, 1 << 20);
    numa.add_node(8, 1 << 20);
    numa.place(a, 0);
    numa.place(b, 1);
    backends.switch_to(a);
    log.clear();
  }
  std::int32_t node(std::uint64_t page) const { return numa.node_of_page(kSegment, page * 4096, 4096); }

  palloscope::test::EventLog log;
  Backends backends{log};
  NumaMachine numa{log, backends};
  BackendSlot a, b;
};

}  // namespace

TEST_CASE("A page lies on the node of who touches it first, and stays there") {
  Machine m;
  CHECK(m.node(0) == -1);
  CHECK(m.numa.touch(kSegment, 0, 4 * 4096, 4096) == NumaUse{4 * 4096, 0});
  m.backends.switch_to(m.b);
  // two of a's pages and two new ones
  CHECK(m.numa.touch(kSegment, 2 * 4096, 4 * 4096, 4096) == NumaUse{2 * 4096, 2 * 4096});
  CHECK(m.node(1) == 0);
  CHECK(m.node(3) == 0);
  CHECK(m.node(4) == 1);
  CHECK(m.node(6) == -1);
  const auto placed = m.log.of<PagesPlaced>();
  REQUIRE(placed.size() == 2);
  CHECK(placed[0] == PagesPlaced{kSegment, 0, 4 * 4096, 0, m.a});
  CHECK(placed[1] == PagesPlaced{kSegment, 4 * 4096, 2 * 4096, 1, m.b});
  CHECK(m.log.of<PagesUsed>().size() == 2);
  CHECK(m.numa.use_of(m.b).remote_bytes == 2 * 4096);
  CHECK(m.numa.cost_of(m.numa.use_of(m.b)) == 2 * 4096 + 1.5 * 2 * 4096);
}

TEST_CASE("A backend that gets the slot of one that ended begins with nothing of it") {
  Machine m;
  m.backends.switch_to(m.b);
  m.numa.touch(kSegment, 0, 4096, 4096);
  m.numa.place(m.b, 0);
  m.backends.end(m.b);
  const BackendSlot next = m.backends.start(BackendKind::Client, "c");
  REQUIRE(next == m.b);
  CHECK(m.numa.node_of(next) == 1);  // as if never placed
  CHECK(m.numa.use_of(next) == NumaUse{});
  CHECK(m.node(0) == 1);  // memory stays where it is
}

TEST_CASE("Interleaved pages lie on the nodes in turn, whoever touches them") {
  Machine m;
  m.numa.set_policy(NumaPolicy::Interleave);
  CHECK(m.numa.touch(kSegment, 100, 6 * 4096 - 200, 4096) == NumaUse{3 * 4096 - 100, 3 * 4096 - 100});
  for (std::uint64_t page = 0; page < 6; ++page) CHECK(m.node(page) == static_cast<std::int32_t>(page % 2));
  CHECK(m.log.of<PagesPlaced>().size() == 6);
}

TEST_CASE("Bound pages lie on the one node until it is full, and then the process dies") {
  Machine m;
  m.numa.set_policy(NumaPolicy::Bind, 1);
  m.numa.touch(kSegment, 0, 1 << 20, 4096);
  CHECK(m.node(255) == 1);
  CHECK_THROWS_AS(m.numa.touch(kSegment, 1 << 20, 1, 4096), Crash);
}

TEST_CASE("First touch goes to the next node when its own is full") {
  Machine m;
  m.numa.touch(kSegment, 0, (1 << 20) + 4096, 4096);
  CHECK(m.node(255) == 0);
  CHECK(m.node(256) == 1);
  CHECK(m.numa.nodes()[0].placed_bytes == 1 << 20);
}

TEST_CASE("Huge pages are placed whole") {
  Machine m;
  m.numa.add_node(8, 64 << 20);
  m.numa.set_policy(NumaPolicy::Bind, 2);
  m.numa.touch(kSegment, 5 << 20, 10, 2 << 20);
  const auto placed = m.log.of<PagesPlaced>();
  REQUIRE(placed.size() == 1);
  CHECK(placed[0].offset == 4 << 20);
  CHECK(placed[0].bytes == 2 << 20);
}
