#include "core/version/version_profile.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

using namespace palloscope::core;

namespace {

// The fields of one struct that a version has, with the struct's size.
void check_struct(const char* name, std::uint64_t bytes, std::vector<Field> fields) {
  INFO(name);
  std::erase_if(fields, [](Field field) { return !field.exists(); });
  std::sort(fields.begin(), fields.end(), [](Field a, Field b) { return a.offset < b.offset; });
  for (std::size_t i = 0; i < fields.size(); ++i) {
    INFO("field at " << fields[i].offset);
    CHECK(fields[i].offset % fields[i].width == 0);
    std::uint64_t end = i + 1 < fields.size() ? fields[i + 1].offset : bytes;
    CHECK(fields[i].offset + std::uint64_t{fields[i].width} <= end);
  }
}

}  // namespace

TEST_CASE("There is a profile for each of 15 to 18, production and checking, and for nothing else") {
  for (bool checking : {false, true}) {
    for (int major = 0; major < 30; ++major)
      CHECK((find_profile(major, checking) != nullptr) == (major >= 15 && major <= 18));
    CHECK(find_profile(17, checking)->major == 17);
    CHECK(find_profile(17, checking)->checking == checking);
  }
}

TEST_CASE("The fields of every struct are aligned, apart, and inside it") {
  for (int number = 0; number < 8; ++number) {
    const VersionProfile& v = *find_profile(15 + number / 2, number % 2 == 1);
    INFO("PostgreSQL " << v.major << (v.checking ? ", checking" : ""));
    const auto& c = v.context;
    check_struct("MemoryContextData", c.bytes,
                 {c.type, c.is_reset, c.allow_in_crit_section, c.mem_allocated, c.methods, c.parent, c.first_child,
                  c.prev_child, c.next_child, c.name, c.ident, c.reset_callbacks});
    const auto& a = v.alloc_set;
    check_struct("AllocSetContext", a.context_bytes,
                 {a.blocks, a.init_block_size, a.max_block_size, a.next_block_size, a.chunk_limit, a.keeper,
                  a.free_list_index, Field{static_cast<std::uint16_t>(a.freelist + 8 * (kAllocSetFreelists - 1)), 8}});
    check_struct("AllocBlockData", a.block_bytes,
                 {a.block_set, a.block_prev, a.block_next, a.block_freeptr, a.block_endptr});
    check_struct("AllocSet chunk", a.chunk_bytes, {a.chunk_size, a.chunk_requested, a.chunk_context});
    const auto& g = v.generation;
    check_struct("GenerationContext", g.context_bytes,
                 {g.init_block_size, g.max_block_size, g.next_block_size, g.chunk_limit, g.current_block, g.free_block,
                  g.keeper, Field{g.blocks, 8}, Field{static_cast<std::uint16_t>(g.blocks + 8), 8}});
    check_struct("GenerationBlock", g.block_bytes,
                 {g.node_prev, g.node_next, g.block_context, g.block_size, g.block_chunks, g.block_free,
                  g.block_freeptr, g.block_endptr});
    check_struct("Generation chunk", g.chunk_bytes, {g.chunk_size, g.chunk_requested, g.chunk_block, g.chunk_context});
    const auto& s = v.slab;
    check_struct("SlabContext", s.context_bytes,
                 {s.chunk_size, s.full_chunk_size, s.block_size, s.chunks_per_block, s.header_size, s.min_free_chunks,
                  s.block_count, s.current_list, s.is_chunk_free, s.list_shift, Field{s.empty_blocks, 8},
                  Field{s.lists, static_cast<std::uint8_t>(s.lists < s.context_bytes ? 8 : 0)}});
    check_struct("SlabBlock", s.block_bytes,
                 {s.node_prev, s.node_next, s.block_slab, s.block_free, s.block_unused_count, s.block_free_head,
                  s.block_unused});
    if (v.rules.has_bump) {
      const auto& b = v.bump;
      check_struct("BumpContext", b.context_bytes,
                   {b.init_block_size, b.max_block_size, b.next_block_size, b.chunk_limit, Field{b.blocks, 8}});
      check_struct("BumpBlock", b.block_bytes,
                   {b.node_prev, b.node_next, b.block_context, b.block_freeptr, b.block_endptr});
    }
  }
}

// Spec 2.1: production, then checking.
TEST_CASE("The sizes of structs and chunk headers are those of real builds") {
  struct Sizes {
    int major;
    bool checking;
    std::uint64_t method_table, alloc_chunk, generation_chunk, slab_context, slab_chunk, bump_block, bump_chunk;
  };
  for (const Sizes& s : {Sizes{15, false, 64, 16, 24, 128, 16, 32, 0}, Sizes{15, true, 72, 24, 32, 136, 16, 40, 16},
                         Sizes{16, false, 72, 8, 8, 192, 8, 32, 0}, Sizes{16, true, 80, 16, 16, 200, 16, 40, 16},
                         Sizes{17, false, 72, 8, 8, 176, 8, 32, 0}, Sizes{17, true, 80, 16, 16, 192, 16, 40, 16},
                         Sizes{18, false, 72, 8, 8, 176, 8, 32, 0}, Sizes{18, true, 80, 16, 16, 192, 16, 40, 16}}) {
    const VersionProfile& v = *find_profile(s.major, s.checking);
    INFO("PostgreSQL " << s.major << (s.checking ? ", checking" : ""));
    CHECK(v.methods.entry_bytes == s.method_table);
    CHECK((v.methods.place[static_cast<std::size_t>(Method::Check)] >= 0) == s.checking);
    CHECK(v.alloc_set.chunk_bytes == s.alloc_chunk);
    CHECK(v.generation.chunk_bytes == s.generation_chunk);
    CHECK(v.slab.context_bytes == s.slab_context);
    CHECK(v.slab.chunk_bytes == s.slab_chunk);
    if (!v.rules.has_bump) continue;
    CHECK(v.bump.block_bytes == s.bump_block);
    CHECK(v.bump.chunk_bytes == s.bump_chunk);
  }
}

TEST_CASE("Node tags and method ids are those of the released majors") {
  using Tags = std::array<std::uint32_t, 4>;
  CHECK(find_profile(15, false)->node_tags == Tags{223, 225, 224, 0});
  CHECK(find_profile(16, false)->node_tags == Tags{450, 451, 452, 0});
  CHECK(find_profile(17, false)->node_tags == Tags{469, 470, 471, 472});
  CHECK(find_profile(18, false)->node_tags == Tags{474, 475, 476, 477});
  for (int major = 16; major <= 18; ++major) {
    const ChunkHeaderLayout& header = find_profile(major, false)->chunk_header;
    CHECK(header.id_mask == (std::uint64_t{1} << header.id_bits) - 1);
    CHECK(header.external_bit == header.id_bits);
    CHECK(header.value_shift == header.external_bit + 1);
    CHECK(header.external_magic == (0xB1A8DB858EB6EFBAu >> header.value_shift << header.value_shift));
  }
}
