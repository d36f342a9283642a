#include "core/allocators/chunk_header.h"

#include "tests/support/catch.h"

using namespace palloscope::core;

TEST_CASE("The worked header words of the specification come out") {
  const ChunkHeaderLayout& layout = find_profile(17, false)->chunk_header;
  Address block{0x55d0c2a40000};
  CHECK(pack_header(layout, block + 40, block, 4, 3) == 0x000000A000000083u);
  CHECK(pack_header(layout, block + 56, block, 104, 4) == 0x000000E000000D04u);
  CHECK(pack_header(layout, block + 48, block, 64, 5) == 0x000000C000000805u);
}

TEST_CASE("External chunks carry the magic word of their allocator") {
  CHECK(pack_external_header(find_profile(16, false)->chunk_header, 3) == 0xB1A8DB858EB6EFBBu);
  CHECK(pack_external_header(find_profile(16, false)->chunk_header, 4) == 0xB1A8DB858EB6EFBCu);
  CHECK(pack_external_header(find_profile(18, false)->chunk_header, 3) == 0xB1A8DB858EB6EFB3u);
  CHECK(pack_external_header(find_profile(18, false)->chunk_header, 4) == 0xB1A8DB858EB6EFB4u);
}

TEST_CASE("A header is taken apart as it was put together, up to the limits of its fields") {
  for (int major = 16; major <= 18; ++major) {
    const ChunkHeaderLayout& layout = find_profile(major, false)->chunk_header;
    Address block{0x7f3a00000000};
    for (std::uint64_t offset : {std::uint64_t{40}, std::uint64_t{8192}, std::uint64_t{0x3FFFFFF8}}) {
      for (std::uint64_t value : {std::uint64_t{0}, std::uint64_t{10}, layout.value_mask}) {
        std::uint64_t word = pack_header(layout, block + offset, block, value, 5);
        CHECK(header_id(layout, word) == 5);
        CHECK_FALSE(header_is_external(layout, word));
        CHECK(header_value(layout, word) == value);
        // In 17+ the lowest bit of the offset is the highest of the value; offsets are multiples of 8.
        CHECK(header_block_offset(layout, word) == offset);
      }
    }
    CHECK(header_is_external(layout, pack_external_header(layout, 3)));
    CHECK(header_id(layout, pack_external_header(layout, 3)) == 3);
  }
}
