// The worked examples of spec 4.7 (seen on real servers), and what they do not show.
#include <algorithm>
#include <vector>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

struct NoSink final : EventSink {
  void emit(const EventBody&) override {}
};

struct World {
  explicit World(int major, AllocSetSizes sizes = kDefaultSizes) : process(*find_profile(major, false), sink) {
    context = process.generation_context_create(process.top_memory_context(), "gen", sizes);
  }
  std::vector<Address> alloc(int count, std::uint64_t bytes) {
    std::vector<Address> chunks;
    for (int i = 0; i < count; ++i) chunks.push_back(process.memory_context_alloc(context, bytes));
    return chunks;
  }
  std::string line() const { return process.memory_context_stats_line(context); }

  NoSink sink;
  Process process;
  Address context;
};

constexpr AllocSetSizes kFixed{0, 8192, 8192};

TEST_CASE("an empty Generation context counts its header as used") {
  CHECK(World(15).line() == "gen: 8192 total in 1 blocks (0 chunks); 7992 free (0 chunks); 200 used");
  CHECK(World(16).line() == "gen: 8192 total in 1 blocks (0 chunks); 7984 free (0 chunks); 208 used");
  CHECK(World(17).line() == "gen: 8192 total in 1 blocks (0 chunks); 8008 free (0 chunks); 184 used");
  CHECK(World(17).process.memory_context_mem_allocated(World(17).context, false) == 8064);
}

TEST_CASE("a Generation block whose last chunk is freed is as new") {
  World world(17);
  for (Address chunk : world.alloc(5, 100)) world.process.pfree(chunk);
  CHECK(world.line() == "gen: 8192 total in 1 blocks (0 chunks); 8008 free (0 chunks); 184 used");
  CHECK(world.process.is_empty_method(world.context));
}

TEST_CASE("an emptied keeper is filled again in 15 and 16, and left alone from 17 on") {
  auto end = [](int major) {
    World world(major, kFixed);
    auto chunks = world.alloc(20, 500);
    for (int i = 0; i < 15; ++i) world.process.pfree(chunks[static_cast<std::size_t>(i)]);
    world.alloc(40, 500);
    return world.line();
  };
  CHECK(end(15) == "gen: 24576 total in 3 blocks (45 chunks); 520 free (0 chunks); 24056 used");
  CHECK(end(17) == "gen: 32768 total in 4 blocks (45 chunks); 9376 free (0 chunks); 23392 used");
}

TEST_CASE("one emptied block is kept for later, the next one is given back") {
  World world(17, kFixed);
  auto chunks = world.alloc(60, 500);
  auto free_range = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) world.process.pfree(chunks[i]);
  };
  CHECK(world.process.memory_context_counters(world.context).nblocks == 4);
  free_range(15, 30);
  CHECK(world.process.memory_context_counters(world.context).nblocks == 4);
  free_range(30, 45);
  CHECK(world.process.memory_context_counters(world.context).nblocks == 3);
  CHECK(world.process.memory_context_counters(world.context).totalspace == 24576);
}

TEST_CASE("a Generation chunk that is too large for shared blocks gets one of its own") {
  World world(17, {0, 1024, 1048576});
  Address small = world.process.memory_context_alloc(world.context, 20'000);
  CHECK(world.process.malloc_bytes(small - 64) == 32768u);  // next power of two
  Address large = world.process.memory_context_alloc(world.context, 100'000);
  CHECK(world.process.malloc_bytes(large - 64) == 100'064u);
  CHECK(world.process.get_memory_chunk_space(large) == 100'008);
  CHECK(world.process.get_memory_chunk_context(large) == world.context);
}

TEST_CASE("repalloc keeps a Generation chunk that is large enough, and moves one that is not with its bytes") {
  World world(16);
  Address chunk = world.process.memory_context_alloc(world.context, 100);
  const std::uint8_t bytes[] = {1, 2, 3};
  world.process.write(chunk, bytes);
  CHECK(world.process.repalloc(chunk, 104) == chunk);
  Address moved = world.process.repalloc(chunk, 105);
  CHECK(moved != chunk);
  std::uint8_t copied[3];
  REQUIRE(world.process.read(moved, copied));
  CHECK(std::equal(bytes, bytes + 3, copied));
}

}  // namespace
}  // namespace palloscope::core
