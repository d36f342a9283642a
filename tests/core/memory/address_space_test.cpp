#include "core/memory/address_space.h"

#include <array>
#include <vector>

#include "tests/support/catch.h"

using namespace palloscope::core;

namespace {
constexpr std::uint64_t kPage = AddressSpace::kPageBytes;
const Address kBase{0x5500'0000'0000};
}  // namespace

TEST_CASE("Memory that is not mapped can be neither read nor written") {
  AddressSpace space;
  space.map(kBase, kPage);
  CHECK(space.store(kBase + kPage - 8, 8, 1));
  CHECK_FALSE(space.store(kBase + kPage, 1, 1));
  CHECK_FALSE(space.store(kBase + kPage - 4, 8, 1));
  CHECK(space.load(kBase + kPage - 8, 8) == 1u);
  CHECK_FALSE(space.load(kBase - 1, 1));
  CHECK_FALSE(space.load({0}, 8));
  CHECK_FALSE(space.load({~std::uint64_t{0}}, 8));
  std::array<std::uint8_t, 16> bytes{};
  CHECK_FALSE(space.read(kBase + kPage - 8, bytes));
  CHECK(space.read(kBase + kPage - 16, bytes));
}

TEST_CASE("A write that reaches past the mapping writes nothing") {
  AddressSpace space;
  space.map(kBase, kPage);
  std::array<std::uint8_t, 16> ones{};
  ones.fill(1);
  CHECK_FALSE(space.write(kBase + kPage - 8, ones));
  CHECK(space.load(kBase + kPage - 8, 8) == 0u);
}

TEST_CASE("Values and spans may cross pages") {
  AddressSpace space;
  space.map(kBase, 4 * kPage);
  CHECK(space.store(kBase + kPage - 3, 8, 0x1122334455667788));
  CHECK(space.load(kBase + kPage - 3, 8) == 0x1122334455667788u);
  CHECK(space.load(kBase + kPage, 1) == 0x55u);
  std::vector<std::uint8_t> pattern(2 * kPage + 100);
  for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<std::uint8_t>(i * 7);
  CHECK(space.write(kBase + 50, pattern));
  std::vector<std::uint8_t> back(pattern.size());
  CHECK(space.read(kBase + 50, back));
  CHECK(back == pattern);
}

TEST_CASE("A huge mapping takes memory only where it is written") {
  AddressSpace space;
  std::uint64_t terabyte = std::uint64_t{1} << 40;
  space.map(kBase, terabyte);
  CHECK(space.load(kBase + terabyte / 2, 8) == 0u);
  CHECK(space.fill(kBase, 0, std::uint64_t{64} << 20));
  CHECK(space.pages_in_use() == 0);
  CHECK(space.store(kBase + terabyte - 8, 8, 7));
  CHECK(space.pages_in_use() == 1);
  space.unmap(kBase, terabyte);
  CHECK(space.pages_in_use() == 0);
  CHECK_FALSE(space.load(kBase + terabyte - 8, 8));
}

TEST_CASE("Memory mapped anew is zero, whatever was there before") {
  AddressSpace space;
  space.map(kBase, 2 * kPage);
  space.store(kBase + 8, 8, 42);
  REQUIRE(space.load(kBase + 8, 8) == 42u);
  space.unmap(kBase, kPage);
  CHECK_FALSE(space.load(kBase + 8, 8));
  CHECK(space.is_mapped(kBase + kPage, kPage));
  space.map(kBase, kPage);
  CHECK(space.load(kBase + 8, 8) == 0u);
  CHECK(space.is_mapped(kBase, 2 * kPage));
}

TEST_CASE("Moved pages keep their contents and leave nothing behind") {
  AddressSpace space;
  Address to = kBase + 100 * kPage;
  space.map(kBase, 3 * kPage);
  space.store(kBase + kPage, 8, 9);
  REQUIRE(space.load(kBase + kPage, 8) == 9u);
  space.move(kBase, to, 3 * kPage);
  CHECK(space.load(to + kPage, 8) == 9u);
  CHECK_FALSE(space.load(kBase + kPage, 8));
}

TEST_CASE("A copy of untouched memory is zero and takes none") {
  AddressSpace space;
  space.map(kBase, 64 * kPage);
  space.store(kBase + 32 * kPage, 8, 5);
  CHECK(space.copy(kBase + 32 * kPage, kBase, 8 * kPage));
  CHECK(space.load(kBase + 32 * kPage, 8) == 0u);
  CHECK(space.pages_in_use() == 1);
  CHECK_FALSE(space.copy(kBase, kBase + 60 * kPage, 8 * kPage));
}
