// palloc and company: sizes, flags, errors, aligned chunks (spec 7.9, 7.11).
#include <vector>

#include "tests/support/simulated_process.h"

using namespace palloscope::core;
using palloscope::test::SimulatedProcess;

namespace {

template <class F>
Ereport error_of(F call) {
  try {
    call();
  } catch (const Ereport& error) {
    return error;
  }
  FAIL("no error was raised");
  return {};
}

}  // namespace

TEST_CASE("A request of 1 GB is refused, a huge one is not") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address context = p.create("c");
    CHECK(error_of([&] { p.process.memory_context_alloc(context, 0x40000000); }).message ==
          "invalid memory alloc request size 1073741824");
    // 17+ notices in the allocator, after isReset was cleared
    CHECK(p.is_reset(context) == (major <= 16));
    CHECK(p.log.of<AllocationFailed>().size() == (major <= 16 ? 0u : 1u));
    CHECK(error_of([&] { p.process.memory_context_alloc_extended(context, 0x40000000, kMcxtAllocNoOom); }).message ==
          "invalid memory alloc request size 1073741824");
    CHECK(p.process.memory_context_alloc_extended(context, 0x40000000, kMcxtAllocHuge));
    CHECK(error_of([&] {
            p.process.memory_context_alloc_extended(context, 0x8000000000000000, kMcxtAllocHuge);
          }).message == "invalid memory alloc request size 9223372036854775808");
    Address small = p.process.memory_context_alloc(context, 10);
    CHECK(error_of([&] { p.process.repalloc(small, 0x40000000); }).message ==
          "invalid memory alloc request size 1073741824");
    CHECK(p.process.repalloc_huge(small, 0x40000000));
  }
}

TEST_CASE("Out of memory prints the statistics, then raises") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address context = p.create("ctx");
    p.process.fail_mallocs_from(1);
    p.log.clear();
    Ereport error = error_of([&] { p.process.memory_context_alloc(context, 10000); });
    CHECK(error.sqlstate == "53200");
    CHECK(error.message == "out of memory");
    CHECK(error.detail == "Failed on request of size 10000 in memory context \"ctx\".");
    CHECK(error.context == context);
    std::vector<Output> lines = p.log.of<Output>();
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].text.substr(0, 18) == "TopMemoryContext: ");
    CHECK(lines[1].text.substr(0, 7) == "  ctx: ");
    CHECK(lines[3].text.substr(0, 13) == "Grand total: ");
    CHECK(p.log.tags()[0] == MallocFailed::kTag);
    CHECK(p.log.tags()[1] == AllocationFailed::kTag);

    p.log.clear();
    error = error_of([&] { p.create("new", {0, 16384, 65536}); });
    CHECK(error.message == "out of memory");
    CHECK(error.detail == "Failed while creating memory context \"new\".");
    CHECK(p.log.of<Output>().size() == 4);
    CHECK_FALSE(p.process.memory_context_alloc_extended(context, 10000, kMcxtAllocNoOom));
  }
}

TEST_CASE("Zeroing fills exactly what was asked for") {
  SimulatedProcess p(17);
  Address context = p.create("c");
  Address at = p.process.memory_context_alloc(context, 128);
  p.process.write(at, std::vector<std::uint8_t>(128, 0xFF));
  p.process.pfree(at);
  REQUIRE(p.process.memory_context_alloc_zero(context, 100) == at);
  CHECK(p.load(at + 96) == 0xFFFFFFFF00000000u);
  p.process.write(at, std::vector<std::uint8_t>(100, 0xFF));
  CHECK(p.process.repalloc0(at, 90, 100) == at);
  CHECK(p.load(at + 88) == 0xFFFFu);
  CHECK(error_of([&] { p.process.repalloc0(at, 20, 10); }).message ==
        "invalid repalloc0 call: oldsize 20, new size 10");
}

TEST_CASE("palloc(0) gives a pointer") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address at = p.process.palloc(0);
    CHECK(at);
    CHECK(p.process.palloc(0) == at + 8 + p.profile.alloc_set.chunk_bytes);
    p.process.pfree(at);
  }
}

TEST_CASE("Aligned chunks redirect to the chunk that holds them") {
  for (int major = 16; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address context = p.create("c");
    Address at = p.process.memory_context_alloc_aligned(context, 100, 64, 0);
    CHECK(at.value % 64 == 0);
    CHECK(p.log.of<ChunkAllocated>()[0].requested_bytes == 164);
    CHECK(p.process.get_memory_chunk_space(at) == 264);
    CHECK(p.process.get_memory_chunk_context(at) == context);
    p.process.write(at, std::vector<std::uint8_t>(100, 0x77));
    Address moved = p.process.repalloc(at, 1000);
    CHECK(moved.value % 64 == 0);
    CHECK(p.load(moved + 92) == 0x7777777777777777u);
    CHECK(p.log.of<ChunkFreed>().back().cause == ChunkCause::Repalloc);
    p.process.pfree(moved);
    CHECK(p.process.tallies(context).live_chunks == 0);
    Address plain = p.process.memory_context_alloc_aligned(context, 100, 8, 0);
    CHECK(p.process.get_memory_chunk_space(plain) == 136);
    CHECK_THROWS_AS(p.process.memory_context_alloc_aligned(context, 100, 48, 0), Crash);
  }
}

TEST_CASE("What the program's own malloc does is announced too") {
  SimulatedProcess p(17);
  Address at = p.process.malloc(100);
  at = p.process.realloc(at, 200000);
  p.process.free(at);
  p.process.free({});
  CHECK(p.log.tags() == std::vector<int>{Malloc::kTag, Realloc::kTag, Free::kTag});
  CHECK(p.log.of<Realloc>()[0].block == p.log.of<Malloc>()[0].block);
  CHECK_THROWS_AS(p.process.free(at), Crash);
  p.process.fail_mallocs_from(10);
  CHECK_FALSE(p.process.malloc(10));
}

TEST_CASE("The same program has the same addresses in every run") {
  auto run = [] {
    SimulatedProcess p(17);
    Address context = p.create("c");
    for (std::uint64_t bytes = 1; bytes < 100000; bytes = bytes * 3 + 1) p.process.memory_context_alloc(context, bytes);
    p.process.memory_context_reset(context);
    return p.log.events;
  };
  CHECK(run() == run());
}

TEST_CASE("The tallies follow every operation") {
  SimulatedProcess p(17);
  Address context = p.create("c");
  CHECK(p.process.tallies(context) == Tallies{1, 8192, 0, 0, 0, 0, 0});
  Address a = p.process.memory_context_alloc(context, 100), b = p.process.memory_context_alloc(context, 9001);
  CHECK(p.process.tallies(context) == Tallies{2, 8192 + 9056, 2, 9101, 128 + 9008, 0, 0});
  p.process.pfree(a);
  CHECK(p.process.tallies(context) == Tallies{2, 8192 + 9056, 1, 9001, 9008, 1, 128});
  p.process.pfree(b);
  CHECK(p.process.tallies(context) == Tallies{1, 8192, 0, 0, 0, 1, 128});
  p.process.memory_context_reset(context);
  CHECK(p.process.tallies(context) == Tallies{1, 8192, 0, 0, 0, 0, 0});
}
