#include "core/memory/malloc_source.h"

#include <map>
#include <random>
#include <vector>

#include "tests/support/catch.h"

using namespace palloscope::core;

namespace {
struct Malloc {
  AddressSpace space;
  MallocSource source{space};
};
}  // namespace

TEST_CASE("The same calls give the same addresses") {
  Malloc one, two;
  for (std::uint64_t bytes : {100, 8192, 0, 200000, 24, 131072}) {
    CHECK(one.source.allocate(bytes) == two.source.allocate(bytes));
  }
}

TEST_CASE("Addresses are multiples of 16, and the size word lies before them") {
  Malloc m;
  for (std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{24}, std::uint64_t{25},
                              std::uint64_t{8192}, std::uint64_t{131072}, std::uint64_t{8} << 20}) {
    Address at = m.source.allocate(bytes);
    REQUIRE(at);
    CHECK(at.value % 16 == 0);
    CHECK(*m.space.load(at - 8, 8) >= bytes);
    CHECK(m.space.is_mapped(at, bytes));
    CHECK(m.source.bytes_of(at) == bytes);
  }
}

TEST_CASE("Freed space is used again") {
  Malloc m;
  Address first = m.source.allocate(1000);
  Address second = m.source.allocate(1000);
  m.source.allocate(1000);
  CHECK(m.source.release(first));
  CHECK(m.source.allocate(1000) == first);
  CHECK(m.source.release(first));
  CHECK(m.source.release(second));
  CHECK(m.source.allocate(2000) == first);
}

TEST_CASE("A pointer is freed only once, and only a region's own") {
  Malloc m;
  Address at = m.source.allocate(100);
  CHECK_FALSE(m.source.release(at + 16));
  CHECK(m.source.release(at));
  CHECK_FALSE(m.source.release(at));
}

TEST_CASE("Large regions have pages of their own, which freeing unmaps") {
  Malloc m;
  Address at = m.source.allocate(1 << 20);
  CHECK(m.space.store(at, 8, 1));
  CHECK(m.source.release(at));
  CHECK_FALSE(m.space.load(at, 8));
  CHECK(m.source.allocate(1 << 20) == at);
}

TEST_CASE("A request beyond the address space fails, one of a terabyte does not") {
  Malloc m;
  CHECK_FALSE(m.source.allocate(0x7FFFFFFFFFFFFFFF));
  CHECK_FALSE(m.source.allocate(~std::uint64_t{0}));
  Address at = m.source.allocate(std::uint64_t{1} << 40);
  CHECK(at);
  CHECK_FALSE(m.source.reallocate(at, ~std::uint64_t{0}));
  CHECK(m.source.bytes_of(at) == std::uint64_t{1} << 40);
}

TEST_CASE("Requests fail from the size that was ordered") {
  Malloc m;
  m.source.fail_from(5000);
  CHECK_FALSE(m.source.allocate(5000));
  Address at = m.source.allocate(4999);
  CHECK(at);
  CHECK_FALSE(m.source.reallocate(at, 5000));
  m.source.fail_from(0);
  CHECK(m.source.allocate(5000));
}

TEST_CASE("Regions never overlap and keep what is written in them") {
  Malloc m;
  std::mt19937 random(20261121);
  struct Held {
    std::uint64_t bytes;
    std::uint8_t mark;
  };
  std::map<Address, Held> held;
  auto intact = [&](Address at, std::uint64_t bytes, std::uint8_t mark) {
    std::vector<std::uint8_t> read(bytes);
    return m.space.read(at, read) && read == std::vector<std::uint8_t>(bytes, mark);
  };
  for (int step = 0; step < 4000; ++step) {
    std::uint64_t bytes = random() % 10 == 0 ? random() % 400000 : random() % 3000;
    auto mark = static_cast<std::uint8_t>(random());
    auto action = random() % 4;
    if (action < 2 || held.empty()) {
      Address at = m.source.allocate(bytes);
      REQUIRE(at);
      auto next = held.upper_bound(at);
      if (next != held.end()) REQUIRE(at + bytes < next->first);
      if (next != held.begin()) {
        --next;
        REQUIRE(next->first + next->second.bytes < at);
      }
      m.space.fill(at, mark, bytes);
      held[at] = {bytes, mark};
    } else {
      auto chosen = std::next(held.begin(), static_cast<long>(random() % held.size()));
      auto [at, old] = *chosen;
      REQUIRE(intact(at, old.bytes, old.mark));
      held.erase(chosen);
      if (action == 2) {
        REQUIRE(m.source.release(at));
      } else {
        Address moved = m.source.reallocate(at, bytes);
        REQUIRE(moved);
        REQUIRE(intact(moved, std::min(bytes, old.bytes), old.mark));
        m.space.fill(moved, mark, bytes);
        REQUIRE(held.emplace(moved, Held{bytes, mark}).second);
      }
    }
  }
  for (const auto& [at, region] : held) CHECK(intact(at, region.bytes, region.mark));
  CHECK(m.source.region_count() == held.size());
}
