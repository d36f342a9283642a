// The worked examples of spec 5.4 (seen on real servers), and Slab's errors.
#include <functional>
#include <vector>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

struct NoSink final : EventSink {
  void emit(const EventBody&) override {}
};

struct World {
  explicit World(int major, std::uint64_t chunk_bytes = 100) : process(*find_profile(major, false), sink) {
    bytes = chunk_bytes;
    context = process.slab_context_create(process.top_memory_context(), "slab", 1024, chunk_bytes);
  }
  std::vector<Address> alloc(int count) {
    std::vector<Address> chunks;
    for (int i = 0; i < count; ++i) chunks.push_back(process.memory_context_alloc(context, bytes));
    return chunks;
  }
  std::string line() const { return process.memory_context_stats_line(context); }
  std::uint64_t blocks() const { return process.memory_context_counters(context).nblocks; }

  NoSink sink;
  Process process;
  Address context;
  std::uint64_t bytes = 0;
};

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Ereport& error) {
    return error.message;
  }
  return {};
}

TEST_CASE("Slab statistics are those of the worked examples") {
  World fifteen(15), seventeen(17);
  CHECK(fifteen.process.malloc_bytes(fifteen.context) == 272u);
  CHECK(seventeen.process.malloc_bytes(seventeen.context) == 176u);
  auto old_chunks = fifteen.alloc(9), chunks = seventeen.alloc(9);
  CHECK(fifteen.line() == "slab: 2320 total in 2 blocks; 840 free (7 chunks); 1480 used");
  CHECK(seventeen.line() == "slab: 2224 total in 2 blocks; 0 empty blocks; 784 free (7 chunks); 1440 used");
  for (Address chunk : old_chunks) fifteen.process.pfree(chunk);
  for (Address chunk : chunks) seventeen.process.pfree(chunk);
  CHECK(fifteen.line() == "slab: 272 total in 0 blocks; 0 free (0 chunks); 272 used");
  CHECK(seventeen.line() == "slab: 2224 total in 0 blocks; 2 empty blocks; 0 free (0 chunks); 2224 used");
  CHECK(fifteen.process.is_empty_method(fifteen.context));
  CHECK_FALSE(seventeen.process.is_empty_method(seventeen.context));  // cached blocks count
}

TEST_CASE("with all blocks full, 15 mallocs a block although a chunk was freed; 16 takes the chunk") {
  for (int major : {15, 16}) {
    World world(major);
    auto chunks = world.alloc(16);
    world.process.pfree(chunks[3]);
    Address again = world.alloc(1).front();
    CHECK((again == chunks[3]) == (major == 16));
    CHECK(world.blocks() == (major == 15 ? 3u : 2u));
  }
}

TEST_CASE("at most ten empty blocks are kept, the last emptied is used first") {
  World world(17, 200);
  auto chunks = world.alloc(60);  // 15 blocks of 4
  for (Address chunk : chunks) world.process.pfree(chunk);
  CHECK_THAT(world.line(), Catch::Matchers::ContainsSubstring("0 blocks; 10 empty blocks"));
  CHECK(world.alloc(1).front() == chunks[39]);  // in the tenth block, its last freed chunk
}

TEST_CASE("Slab refuses other sizes, growing, and blocks that hold no chunk") {
  World world(17);
  CHECK(error_of([&] { world.process.memory_context_alloc(world.context, 99); }) ==
        "unexpected alloc chunk size 99 (expected 100)");
  Address chunk = world.alloc(1).front();
  CHECK(world.process.repalloc(chunk, 100) == chunk);
  CHECK(error_of([&] { world.process.repalloc(chunk, 101); }) == "slab allocator does not support realloc()");
  auto too_small = [](int major) { return error_of([&] { World(major, 1024); }); };
  CHECK(too_small(15) == "block size 1024 for slab is too small for 1024 chunks");
  CHECK(too_small(16) == "block size 1024 for slab is too small for 1024-byte chunks");
}

TEST_CASE("very small Slab chunks are raised to the version's minimum") {
  for (auto [major, least] : {std::pair{15, 4u}, {16, 8u}}) {
    World world(major, 1);
    CHECK(error_of([&] { world.alloc(1); }) ==
          "unexpected alloc chunk size 1 (expected " + std::to_string(least) + ")");
    CHECK(world.process.memory_context_alloc(world.context, least));
  }
}

}  // namespace
}  // namespace palloscope::core
