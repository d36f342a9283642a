// AllocSet: the specification's worked examples (3.12), and the order of what it announces.
#include "core/allocators/alloc_set.h"

#include <vector>

#include "core/allocators/chunk_header.h"
#include "tests/support/simulated_process.h"

using namespace palloscope::core;
using palloscope::test::SimulatedProcess;

namespace {

std::vector<std::uint64_t> carved(const SimulatedProcess& p) {
  std::vector<std::uint64_t> sizes;
  for (const ChunkCarved& event : p.log.of<ChunkCarved>()) sizes.push_back(event.granted_bytes);
  return sizes;
}

std::vector<std::uint64_t> mallocs(const SimulatedProcess& p) {
  std::vector<std::uint64_t> sizes;
  for (const Malloc& event : p.log.of<Malloc>()) sizes.push_back(event.bytes);
  return sizes;
}

using Sizes = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("A request gets the smallest power of two that holds it") {
  CHECK(alloc_set_class(0) == 0);
  CHECK(alloc_set_class(8) == 0);
  CHECK(alloc_set_class(9) == 1);
  CHECK(alloc_set_class(4096) == 9);
  CHECK(alloc_set_class(4097) == 10);
  CHECK(alloc_set_class(8192) == 10);
  for (std::uint64_t bytes = 1; bytes <= 8192; ++bytes) {
    int size_class = alloc_set_class(bytes);
    REQUIRE(alloc_set_class_bytes(size_class) >= bytes);
    REQUIRE((size_class == 0 || alloc_set_class_bytes(size_class - 1) < bytes));
  }
}

TEST_CASE("The chunk limit follows from the largest block") {
  for (int major = 15; major <= 18; ++major) {
    const AllocSetLayout& layout = find_profile(major, false)->alloc_set;
    CHECK(alloc_set_chunk_limit(layout, 8388608) == 8192);
    CHECK(alloc_set_chunk_limit(layout, 65536) == 8192);
    CHECK(alloc_set_chunk_limit(layout, 24576) == 4096);
    CHECK(alloc_set_chunk_limit(layout, 16384) == 2048);
    CHECK(alloc_set_chunk_limit(layout, 8192) == 1024);
    CHECK(alloc_set_chunk_limit(layout, 4096) == 512);
    CHECK(alloc_set_chunk_limit(layout, 1024) == 128);
  }
}

TEST_CASE("An empty context is one block with its header in front") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    std::string free = major <= 16 ? "7928" : "7952", small_free = major <= 16 ? "760" : "784";
    std::string used = major <= 16 ? "264" : "240";
    CHECK(p.stats(p.create("c")) == "8192 total in 1 blocks; " + free + " free (0 chunks); " + used + " used");
    CHECK(p.stats(p.create("s", kSmallSizes)) ==
          "1024 total in 1 blocks; " + small_free + " free (0 chunks); " + used + " used");
  }
}

TEST_CASE("First allocations: a block's rest is carved before a new block comes (3.12 a)") {
  SECTION("15") {
    SimulatedProcess p(15);
    Address context = p.create("c");
    CHECK(p.process.memory_context_alloc(context, 100) == context + 280);
    CHECK(p.process.get_memory_chunk_space(context + 280) == 144);
    p.log.clear();
    p.process.memory_context_alloc(context, 8000);
    CHECK(carved(p) == Sizes{4096, 2048, 1024, 512, 16});
    CHECK(p.log.of<ChunkCarved>()[0].at == context + 424);
    CHECK(p.log.of<ChunkCarved>()[4].at == context + 8168);
    p.process.memory_context_alloc(context, 8193);
    CHECK(mallocs(p) == Sizes{16384, 8256});
    CHECK(p.stats(context) == "32832 total in 3 blocks; 15920 free (5 chunks); 16912 used");
    CHECK(p.load(context, p.profile.alloc_set.next_block_size) == 16384);
  }
  SECTION("17") {
    SimulatedProcess p(17);
    Address context = p.create("c");
    CHECK(p.process.memory_context_alloc(context, 100) == context + 248);
    CHECK(p.load(context + 240) == 0x000000A000000083u);
    p.process.memory_context_alloc(context, 8000);
    CHECK(carved(p) == Sizes{4096, 2048, 1024, 512, 64, 16});
    p.process.memory_context_alloc(context, 8193);
    CHECK(p.stats(context) == "32824 total in 3 blocks; 15960 free (6 chunks); 16864 used");
  }
}

TEST_CASE("What was carved is used again for requests of its class (3.12 b)") {
  SimulatedProcess p(15);
  Address context = p.create("c");
  for (int i = 0; i < 6; ++i) p.process.memory_context_alloc(context, 1000);
  p.process.memory_context_alloc(context, 4000);
  CHECK(carved(p) == Sizes{1024, 512, 64, 16});
  CHECK(p.stats(context) == "16384 total in 2 blocks; 5728 free (4 chunks); 10656 used");
  CHECK(p.process.memory_context_alloc(context, 500) == context + 7560);
  CHECK(p.process.get_memory_chunk_space(context + 7560) == 528);

  SimulatedProcess q(17);
  context = q.create("c");
  for (int i = 0; i < 6; ++i) q.process.memory_context_alloc(context, 1000);
  q.process.memory_context_alloc(context, 4000);
  CHECK(carved(q) == Sizes{1024, 512, 128, 64});
  CHECK(q.stats(context) == "16384 total in 2 blocks; 5808 free (4 chunks); 10576 used");
}

TEST_CASE("A block grows to what is required while nextBlockSize only doubles (3.12 c)") {
  SimulatedProcess p(15);
  Address context = p.create("c", kStartSmallSizes);
  p.process.memory_context_alloc(context, 8192);
  CHECK(carved(p) == Sizes{512, 128, 64});
  CHECK(mallocs(p) == Sizes{1024, 16384});
  CHECK(p.load(context, p.profile.alloc_set.next_block_size) == 2048);
  CHECK(p.stats(context) == "17408 total in 2 blocks; 8896 free (3 chunks); 8512 used");
  p.log.clear();
  p.process.memory_context_alloc(context, 8192);
  CHECK(carved(p) == Sizes{4096, 2048, 1024, 512, 256, 64, 16});
  CHECK(mallocs(p) == Sizes{16384});
  CHECK(p.load(context, p.profile.alloc_set.next_block_size) == 4096);
}

TEST_CASE("A dedicated chunk is realloc'ed with its block, in 15 never below the limit (3.12 d)") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address context = p.create("c");
    Address at = p.process.memory_context_alloc(context, 9000);
    p.process.memory_context_alloc(context, 50000);
    for (std::uint64_t bytes : {20000, 9000, 100}) at = p.process.repalloc(at, bytes);
    Sizes sizes;
    for (const Realloc& event : p.log.of<Realloc>()) sizes.push_back(event.bytes);
    CHECK(sizes == (major == 15 ? Sizes{20056, 9056, 8256} : Sizes{20048, 9048, 152}));
    CHECK(p.process.get_memory_chunk_space(at) == (major == 15 ? 8216u : 112u));
    CHECK(p.log.of<ChunkResized>().back().granted_bytes == (major == 15 ? 8200u : 104u));
    CHECK(p.log.of<ChunkResized>().back().requested_bytes == 100);
    CHECK(p.process.tallies(context).granted_bytes == 50000 + (major == 15 ? 8200u : 104u));
  }
}

TEST_CASE("A small maximum lowers the chunk limit (3.12 e)") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address context = p.create("c", kSmallSizes);
    p.process.memory_context_alloc(context, 1024);
    p.process.memory_context_alloc(context, 1025);
    CHECK(mallocs(p) == Sizes{1024, 2048, major == 15 ? 1088u : 1080u});
    CHECK(p.log.of<BlockAdded>().back().role == BlockRole::External);
  }
}

TEST_CASE("The header of a freed chunk stays, and its link leads to the chunk freed before") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address context = p.create("c");
    Address one = p.process.memory_context_alloc(context, 24);
    Address two = p.process.memory_context_alloc(context, 32);
    std::uint64_t header = p.load(one - p.profile.alloc_set.chunk_bytes);
    if (major == 15) CHECK(Address{p.load(one - 8)} == context);
    p.process.pfree(one);
    p.process.pfree(two);
    const AllocSetLayout& layout = p.profile.alloc_set;
    Address head{p.load(context + layout.freelist + 2 * 8)};
    CHECK(head + layout.chunk_bytes == two);
    CHECK(Address{p.load(head + layout.free_link)} + layout.chunk_bytes == one);
    CHECK(p.load(one - layout.chunk_bytes) == header);
    // last in, first out, and the same slot as before
    p.log.clear();
    CHECK(p.process.memory_context_alloc(context, 17) == two);
    CHECK(p.log.of<ChunkAllocated>()[0].origin == ChunkOrigin::Freelist);
    CHECK(p.process.memory_context_alloc(context, 17) == one);
    if (major == 15) CHECK(Address{p.load(one - 8)} == context);
  }
}

TEST_CASE("Dedicated blocks are linked second, and reset frees in list order") {
  SimulatedProcess p(17);
  Address context = p.create("c");
  Address first = p.process.memory_context_alloc(context, 10000);
  Address second = p.process.memory_context_alloc(context, 10000);
  for (int i = 0; i < 2; ++i) p.process.memory_context_alloc(context, 8000);
  Address third = p.process.memory_context_alloc(context, 10000);
  p.process.memory_context_reset(context);
  std::vector<Address> order = p.freed();
  REQUIRE(order.size() == 5);
  CHECK(order[1] == third - 48);
  // behind the second block of 16 kB came the first one, then the keeper with what was linked behind it
  CHECK(order[3] == second - 48);
  CHECK(order[4] == first - 48);
  CHECK(p.load(context, p.profile.alloc_set.next_block_size) == 8192);
  CHECK(p.process.memory_context_mem_allocated(context, false) == 8192);
}

TEST_CASE("What an allocation in a new block does is announced step by step") {
  SimulatedProcess p(17);
  Address context = p.create("c");
  p.process.memory_context_alloc(context, 4000);
  p.log.clear();
  p.process.memory_context_alloc(context, 4000);
  CHECK(carved(p) == Sizes{2048, 1024, 512, 128, 64, 16});
  std::vector<int> tags(6, ChunkCarved::kTag);
  tags.insert(tags.end(), {NextBlockSizeSet::kTag, Malloc::kTag, BlockAdded::kTag, ChunkAllocated::kTag});
  CHECK(p.log.tags() == tags);
  p.log.clear();
  p.process.memory_context_alloc(context, 9000);
  CHECK(p.log.tags() == std::vector<int>{Malloc::kTag, BlockAdded::kTag, ChunkAllocated::kTag});
  p.log.clear();
  p.process.memory_context_reset(context);
  CHECK(p.log.tags() == std::vector<int>{ContextReset::kTag, Free::kTag, Free::kTag});
}

TEST_CASE("A repalloc that moves allocates, copies and frees") {
  SimulatedProcess p(16);
  Address context = p.create("c");
  Address at = p.process.memory_context_alloc(context, 100);
  std::vector<std::uint8_t> bytes(128, 0x5A);
  p.process.write(at, bytes);
  p.log.clear();
  CHECK(p.process.repalloc(at, 128) == at);
  CHECK(p.log.tags() == std::vector<int>{ChunkResized::kTag});
  p.log.clear();
  Address moved = p.process.repalloc(at, 129);
  CHECK(moved != at);
  CHECK(p.log.tags() == std::vector<int>{ChunkAllocated::kTag, ChunkFreed::kTag});
  CHECK(p.log.of<ChunkAllocated>()[0].cause == ChunkCause::Repalloc);
  CHECK(p.log.of<ChunkFreed>()[0].cause == ChunkCause::Repalloc);
  std::vector<std::uint8_t> read(128);
  CHECK(p.process.read(moved, read));
  CHECK(read == bytes);
}

// --- recycled contexts (spec 3.9, 3.10) -----------------------------------------------------------------------

TEST_CASE("A deleted default or small context is kept and used again, last in first out") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address one = p.create("one"), two = p.create("two"), other = p.create("other", {8192, 8192, 8192});
    p.process.memory_context_alloc(two, 20000);
    p.log.clear();
    p.process.memory_context_delete(one);
    p.process.memory_context_delete(two);
    p.process.memory_context_delete(other);
    CHECK(p.log.tags() == std::vector<int>{ContextDeleted::kTag, ContextRecycled::kTag, ContextDeleted::kTag,
                                           Free::kTag, ContextRecycled::kTag, ContextDeleted::kTag, Free::kTag});
    Address list = p.process.global_variables().context_freelists;
    CHECK(p.load(list, 4) == 2);
    CHECK(Address{p.load(list + 8)} == two);
    p.log.clear();
    CHECK(p.create("three", {0, 8192, 65536}) == two);
    CHECK(p.create("four") == one);
    CHECK(p.log.of<Malloc>().empty());
    CHECK(p.log.of<ContextCreated>()[0].recycled);
    CHECK(p.log.of<ContextCreated>()[0].max_block_bytes == 65536);
    CHECK(p.name(two) == "three");
    CHECK(p.load(list, 4) == 0);
    CHECK(p.process.memory_context_mem_allocated(two, false) == 8192);
  }
}

TEST_CASE("A recycled context keeps the chunk limit of its first life (3.10)") {
  SimulatedProcess p(17);
  Address small = p.create("small", kSmallSizes);
  p.process.memory_context_delete(small);
  Address again = p.create("start small", kStartSmallSizes);
  REQUIRE(again == small);
  p.log.clear();
  p.process.memory_context_alloc(again, 1025);
  CHECK(p.log.of<BlockAdded>()[0].role == BlockRole::External);

  Address start = p.create("start small", kStartSmallSizes);
  p.process.memory_context_delete(start);
  REQUIRE(p.create("small", kSmallSizes) == start);
  p.log.clear();
  p.process.memory_context_alloc(start, 8192);
  CHECK(p.log.of<BlockAdded>()[0].role == BlockRole::Ordinary);
  CHECK(p.log.of<Malloc>()[0].bytes == 16384);
}

TEST_CASE("The 101st deleted context empties the list first") {
  SimulatedProcess p(18);
  std::vector<Address> contexts;
  for (int i = 0; i < 101; ++i) contexts.push_back(p.create("c", kSmallSizes));
  for (int i = 0; i < 100; ++i) p.process.memory_context_delete(contexts[static_cast<std::size_t>(i)]);
  CHECK(p.log.of<Free>().empty());
  p.process.memory_context_delete(contexts[100]);
  std::vector<Address> order = p.freed();
  REQUIRE(order.size() == 100);
  CHECK(order.front() == contexts[99]);
  CHECK(order.back() == contexts[0]);
  CHECK(p.load(p.process.global_variables().context_freelists + 16, 4) == 1);
}

// --- no memory ------------------------------------------------------------------------------------------------

TEST_CASE("A block of more than 1 MB that cannot be had is halved until it fits") {
  SimulatedProcess p(17);
  Address context = p.create("big", {0, 4194304, 8388608});
  for (int i = 0; i < 511; ++i) p.process.memory_context_alloc(context, 8192);
  p.process.fail_mallocs_from(3000000);
  p.log.clear();
  p.process.memory_context_alloc(context, 8192);
  CHECK(p.log.of<MallocFailed>()[0].bytes == 4194304);
  CHECK(mallocs(p) == Sizes{2097152});
  CHECK(p.log.of<NextBlockSizeSet>()[0].bytes == 8388608);
}

TEST_CASE("Without memory the rest stays carved and nextBlockSize doubled") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address context = p.create("c");
    p.process.fail_mallocs_from(1);
    CHECK_FALSE(p.process.memory_context_alloc_extended(context, 8000, kMcxtAllocNoOom));
    CHECK(p.log.tags().back() == AllocationFailed::kTag);
    CHECK_FALSE(p.is_reset(context));
    CHECK(p.load(context, p.profile.alloc_set.next_block_size) == 16384);
    CHECK(p.process.tallies(context).free_chunks == p.process.memory_context_counters(context).freechunks);
    p.process.fail_mallocs_from(0);
    CHECK(p.process.memory_context_alloc(context, 3000));
  }
}

TEST_CASE("A realloc that fails leaves the chunk as it was") {
  SimulatedProcess p(16);
  Address context = p.create("ctx");
  Address at = p.process.memory_context_alloc(context, 20000);
  p.process.fail_mallocs_from(30000);
  try {
    p.process.repalloc(at, 40000);
    FAIL("no error");
  } catch (const Ereport& error) {
    CHECK(error.sqlstate == "53200");
    CHECK(error.message == "out of memory");
    CHECK(error.detail == "Failed on request of size 40000 in memory context \"ctx\".");
  }
  CHECK(p.log.of<ReallocFailed>()[0].bytes == 40048);
  CHECK(p.process.get_memory_chunk_space(at) == 20008);
  CHECK(p.process.memory_context_mem_allocated(context, false) == 28240);
}

// --- the watched program's mistakes ---------------------------------------------------------------------------

TEST_CASE("A chunk freed twice comes out twice, as in a production build") {
  SimulatedProcess p(17);
  Address context = p.create("c");
  Address at = p.process.memory_context_alloc(context, 40);
  p.process.pfree(at);
  p.process.pfree(at);
  CHECK(p.process.memory_context_alloc(context, 40) == at);
  CHECK(p.process.memory_context_alloc(context, 40) == at);
}

TEST_CASE("An overrun tramples the next chunk's header, and freeing that chunk says so") {
  SimulatedProcess p(17);
  Address context = p.create("c");
  Address one = p.process.memory_context_alloc(context, 8);
  Address two = p.process.memory_context_alloc(context, 8);
  p.process.write(one + 8, std::vector<std::uint8_t>(8, 0));
  try {
    p.process.pfree(two);
    FAIL("no error");
  } catch (const Ereport& error) {
    CHECK(error.message ==
          "pfree called with invalid pointer 0x" + hex_text(two.value) + " (header 0x0000000000000000)");
  }
}

TEST_CASE("Freeing a dedicated chunk twice ends the process or is refused") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address at = p.process.memory_context_alloc(p.create("c"), 10000);
    p.process.pfree(at);
    CHECK_THROWS_AS(p.process.pfree(at), Crash);
    Address mapped = p.process.memory_context_alloc(p.create("d"), 1000000);
    p.process.pfree(mapped);
    CHECK_THROWS_AS(p.process.pfree(mapped), Crash);
  }
}

TEST_CASE("A deleted context cannot be used") {
  SimulatedProcess p(17);
  Address context = p.create("c");
  p.process.memory_context_delete(context);
  CHECK_THROWS_AS(p.process.memory_context_alloc(context, 10), Crash);
  CHECK_THROWS_AS(p.process.pfree({}), Crash);
}
