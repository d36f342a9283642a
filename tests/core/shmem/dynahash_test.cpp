#include "core/shmem/dynahash.h"

#include <array>
#include <map>
#include <random>
#include <string>

#include "core/shmem/hash_bytes.h"
#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

using Key = std::array<std::uint8_t, 20>;

struct Table {
  explicit Table(const DynahashShape& shape)
      : hash(Dynahash::create(space, layout, shape, [this](DynahashRequest request) {
          taken.push_back(request);
          return take(request.bytes);
        })) {}
  Address take(std::uint64_t bytes) {
    Address at = next;
    std::uint64_t whole = (bytes + 4095) / 4096 * 4096;
    space.map(at, whole);
    next = next + whole;
    return at;
  }
  DynahashLayout layout;
  AddressSpace space;
  Address next{0x100000};
  std::vector<DynahashRequest> taken;
  Dynahash hash;
};

std::uint64_t rounded(std::uint64_t bytes) { return (bytes + 127) / 128 * 128; }

std::uint64_t room(const DynahashShape& shape) {
  std::uint64_t sum = 0;
  for (const DynahashRequest& request : dynahash_requests(DynahashLayout{}, shape)) sum += rounded(request.bytes);
  return sum;
}

TEST_CASE("keys hash as a real server's hashtext says") {
  // select hashtext(left('abcdefghijklmnopqrstuvwxyz0123456789', n)), n = 0, 1, 2, ...; PostgreSQL 15.20
  const std::string text = "abcdefghijklmnopqrstuvwxyz0123456789";
  const std::array<std::int32_t, 31> told = {
      -1477818771, 1075015857, 1718550461, -785388649,  -393934804,  -445659580, -1747460160, 501636814,
      -1960928205, -92131489,  1948051852, -1483803693, -1586087212, 405849808,  315215413,   -1389283689,
      -2079749669, 1648114242, -952297252, -684650393,  766334193,   2124303250, -50608962,   -1149376136,
      1251586959,  980150893,  167831483,  -1923549396, -636332337,  -412030706, 89653194};
  for (std::size_t length = 0; length < told.size(); ++length) {
    CAPTURE(length);
    std::span<const std::uint8_t> key(reinterpret_cast<const std::uint8_t*>(text.data()), length);
    CHECK(static_cast<std::int32_t>(hash_bytes(key)) == told[length]);
  }
}

TEST_CASE("a table asks for what real servers' tables were seen to take") {
  // Spec 11.3, worked examples.
  CHECK(room({16384 + 128, 16384 + 128, 20, 24, 128}) == 928640);
  CHECK(room({3904, 7808, 16, 152, 16}) == 695168);
  CHECK(room({7808, 15616, 16, 64, 16}) == 695168);
  CHECK(room({64, 64, 48, 72, 0}) == 2944 + 2048 + 5632);  // ShmemIndex
}

TEST_CASE("the header of a small server's buffer table is what a live 15 had in its memory") {
  Table table({256 + 128, 256 + 128, 20, 24, 128});
  auto field = [&](Field at) { return *table.space.load(table.hash.header() + at.offset, at.width); };
  CHECK(field(table.layout.dsize) == 256);
  CHECK(field(table.layout.nsegs) == 2);
  CHECK(field(table.layout.max_bucket) == 511);
  CHECK(field(table.layout.high_mask) == 1023);
  CHECK(field(table.layout.low_mask) == 511);
  CHECK(field(table.layout.num_partitions) == 128);
  CHECK(field(table.layout.ssize) == 256);
  CHECK(field(table.layout.sshift) == 8);
  CHECK(field(table.layout.nelem_alloc) == 51);
}

TEST_CASE("entries are found, removed, and borrow from other lists until none is left") {
  const unsigned seed = 20261121;
  CAPTURE(seed);
  std::mt19937 random(seed);
  Table table({144, 144, 20, 24, 128});
  std::map<Key, Address> held;
  auto key_of = [](std::uint32_t number) {
    Key key{};
    for (std::size_t i = 0; i < 4; ++i) key[16 + i] = static_cast<std::uint8_t>(number >> (8 * i));
    return key;
  };
  for (int step = 0; step < 20'000; ++step) {
    const Key key = key_of(static_cast<std::uint32_t>(random() % 200));
    const std::uint32_t hash = hash_bytes(key);
    auto known = held.find(key);
    REQUIRE(table.hash.find(hash, key) == (known == held.end() ? Address{} : known->second));
    if (known != held.end()) {
      REQUIRE(table.hash.remove(hash, key));
      REQUIRE_FALSE(table.hash.remove(hash, key));
      held.erase(known);
    } else if (held.size() < 144) {
      Address entry = table.hash.enter(hash, key);
      REQUIRE(entry);
      held[key] = entry;
    } else {
      REQUIRE_FALSE(table.hash.enter(hash, key));
    }
    REQUIRE(table.hash.entries() == held.size());
  }
}

TEST_CASE("a list that runs dry takes more memory where there is some") {
  Table table({32, 64, 20, 24, 0});
  for (std::uint8_t i = 0; i < 33; ++i) {
    Key key{i};
    REQUIRE(table.hash.enter(hash_bytes(key), key, [&](DynahashRequest request) {
      CHECK(i == 32);
      CHECK(request.bytes == 51 * 40);
      return table.take(request.bytes);
    }));
  }
}

}  // namespace
}  // namespace palloscope::core
