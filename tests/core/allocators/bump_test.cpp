// The worked examples of spec 6 (seen on real servers).
#include <vector>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

struct NoSink final : EventSink {
  void emit(const EventBody&) override {}
};

struct World {
  explicit World(AllocSetSizes sizes = kDefaultSizes, int major = 17) : process(*find_profile(major, false), sink) {
    context = process.bump_context_create(process.top_memory_context(), "bump", sizes);
  }
  std::uint64_t offset_of(std::uint64_t bytes) { return process.memory_context_alloc(context, bytes) - context; }
  std::string line() const { return process.memory_context_stats_line(context); }

  NoSink sink;
  Process process;
  Address context;
};

TEST_CASE("an empty Bump context leaves its own header out of the statistics") {
  World world;
  CHECK(world.line() == "bump: 8080 total in 1 blocks; 8048 free; 32 used");
  CHECK(world.process.memory_context_mem_allocated(world.context, false) == 8192);
  CHECK(world.process.is_empty_method(world.context));
}

TEST_CASE("Bump chunks follow each other without headers, and empty ones take no room") {
  for (int major : {17, 18}) {
    World world(kDefaultSizes, major);
    std::vector<std::uint64_t> offsets;
    for (std::uint64_t bytes : {1, 8, 9, 16, 0, 7}) offsets.push_back(world.offset_of(bytes));
    CHECK(offsets == std::vector<std::uint64_t>{144, 152, 160, 176, 192, 192});
  }
}

TEST_CASE("large Bump chunks get blocks of their own at the tail") {
  World world({0, 8192, 65536});
  for (std::uint64_t bytes : {100, 20000, 8193, 8161, 8160}) world.process.memory_context_alloc(world.context, bytes);
  CHECK(world.line() == "bump: 52736 total in 5 blocks; 7944 free; 44792 used");
  CHECK(world.process.memory_context_mem_allocated(world.context, false) == 52848);
  world.process.memory_context_reset(world.context);
  CHECK(world.line() == "bump: 8080 total in 1 blocks; 8048 free; 32 used");
}

TEST_CASE("a Bump block grows to the power of two that its first chunk needs") {
  World world({0, 1024, 1048576});
  CHECK(world.process.malloc_bytes(world.process.memory_context_alloc(world.context, 20'000) - 32) == 32768u);
  CHECK(world.process.malloc_bytes(world.process.memory_context_alloc(world.context, 50'000) - 32) == 65536u);
}

}  // namespace
}  // namespace palloscope::core
