#include "core/events/names.h"

#include <random>
#include <unordered_map>
#include <vector>

#include "tests/support/catch.h"

using namespace palloscope::core;

TEST_CASE("An address index answers as a map would") {
  AddressIndex<ChunkSlot> index;
  std::unordered_map<std::uint64_t, std::uint32_t> map;
  std::mt19937_64 random(20261121);
  for (std::uint32_t step = 0; step < 100000; ++step) {
    // few pages, some of which share a place in the cache, and a few odd addresses
    std::uint64_t at = 0x55d0c2a40000 + random() % 4 * 4096 * 256 + random() % 512 * 8;
    if (random() % 50 == 0) at += random() % 8;
    switch (random() % 3) {
      case 0:
        index.set({at}, {step});
        map[at] = step;
        break;
      case 1:
        index.erase({at});
        map.erase(at);
        break;
      default: {
        auto found = map.find(at);
        REQUIRE(index.find({at}) == (found == map.end() ? ChunkSlot{} : ChunkSlot{found->second}));
      }
    }
  }
}

TEST_CASE("Slots are used again, and a region's chunks go with it") {
  Names names;
  BlockSlot one = names.add_block({0x1000}), two = names.add_block({0x2000});
  ChunkSlot a = names.add_chunk({0x1010}, one), b = names.add_chunk({0x1020}, one), c = names.add_chunk({0x2010}, two);
  CHECK(names.chunk({0x1020}) == b);
  names.drop_chunks_of(one);
  names.drop_block(one);
  CHECK_FALSE(names.chunk({0x1010}));
  CHECK_FALSE(names.block({0x1000}));
  CHECK(names.chunk({0x2010}) == c);
  CHECK(names.add_block({0x5000}) == one);
  ChunkSlot again = names.add_chunk({0x5010}, one);
  CHECK((again == a || again == b));
}

TEST_CASE("A region that moves takes its chunk along") {
  Names names;
  BlockSlot block = names.add_block({0x1000});
  ChunkSlot chunk = names.add_chunk({0x1030}, block);
  names.move_block(block, {0x9000}, {0x9030});
  CHECK(names.block({0x9000}) == block);
  CHECK(names.chunk({0x9030}) == chunk);
  CHECK_FALSE(names.chunk({0x1030}));
}

TEST_CASE("Of two chunks at one address the last is found, and dropping both leaves none") {
  Names names;
  BlockSlot block = names.add_block({0x1000});
  ChunkSlot empty = names.add_chunk_that_may_share({0x1010}, block);
  ChunkSlot next = names.add_chunk_that_may_share({0x1010}, block);
  CHECK(empty != next);
  CHECK(names.chunk({0x1010}) == next);
  names.drop_chunks_of(block);
  CHECK_FALSE(names.chunk({0x1010}));
}
