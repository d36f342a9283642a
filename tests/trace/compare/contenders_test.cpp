// Contenders against examples worked out by hand, and what they say when they cannot go on.
#include <string>
#include <vector>

#include "tests/trace/compare/compared.h"

using namespace palloscope;
using namespace palloscope::trace;
using namespace palloscope::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// What a script's calls come to with one contender, after the last call.
struct Outcome {
  Figures figures;
  std::string refused, note;
};

Outcome run(std::string_view script, std::string_view text, int pg_major = 17, std::string_view context = "") {
  Timeline recorded = record_script("test.lua", script, pg_major);
  Comparison comparison(recorded);
  ContenderSpec spec = contender(text);
  spec.context = context;
  REQUIRE(comparison.add(spec));
  finish(comparison);
  const auto& entry = comparison.entries().front();
  Outcome outcome;
  outcome.refused = entry.refused;
  if (entry.contender) {
    outcome.figures = entry.contender->figures().last;
    outcome.note = entry.contender->note();
  }
  return outcome;
}

constexpr const char* kThree = R"(
bag = AllocSetContextCreate(TopMemoryContext, "bag", ALLOCSET_DEFAULT_SIZES)
a = MemoryContextAlloc(bag, 100)
b = MemoryContextAlloc(bag, 1)
c = MemoryContextAlloc(bag, 200000)
)";

}  // namespace

TEST_CASE("malloc: 8 bytes of header, rounded to 16, at least 32, and pages from 128 kB on") {
  const Figures f = run(kThree, "malloc").figures;
  CHECK(f.held_bytes == 112 + 32 + 200704);  // 108 and 9 rounded up; 200,016 in pages of 4096
  CHECK(f.requested_bytes == 200101);
  CHECK(f.in_chunk_bytes == f.held_bytes - 200101);
  CHECK(f.free_bytes + f.tail_bytes + f.other_bytes == 0);
  CHECK(f.blocks == 3);
  CHECK(f.malloc_calls == 3);
  CHECK(f.free_calls == 0);

  const Figures freed = run(std::string(kThree) + "pfree(a) MemoryContextReset(bag)", "malloc").figures;
  CHECK(freed.held_bytes == 0);
  CHECK(freed.malloc_calls == 3);
  CHECK(freed.free_calls == 3);

  const Figures grown = run(std::string(kThree) + "b = repalloc(b, 300000) c = repalloc(c, 10)", "malloc").figures;
  CHECK(grown.held_bytes == 112 + 303104 + 32);
  CHECK(grown.malloc_calls == 3);
  CHECK(grown.blocks == 3);
}

TEST_CASE("pool: classes of 16, 32, 64, ... in blocks of 8 kB, 8 bytes of header, large ones alone") {
  const std::string two = R"(
bag = AllocSetContextCreate(TopMemoryContext, "bag", ALLOCSET_DEFAULT_SIZES)
a = MemoryContextAlloc(bag, 100)
b = MemoryContextAlloc(bag, 1)
)";
  Figures f = run(two, "pool").figures;
  CHECK(f.held_bytes == 8208);  // 8192 and malloc's 8, rounded to 16
  CHECK(f.requested_bytes == 101);
  CHECK(f.in_chunk_bytes == (128 + 8 - 100) + (16 + 8 - 1));
  CHECK(f.tail_bytes == 8192 - 16 - 136 - 24);
  CHECK(f.other_bytes == 16 + 16);
  CHECK(f.free_bytes == 0);

  f = run(two + "pfree(a)", "pool").figures;
  CHECK(f.free_bytes == 136);
  CHECK(f.requested_bytes == 1);
  f = run(two + "pfree(a) a = MemoryContextAlloc(bag, 65)", "pool").figures;
  CHECK(f.free_bytes == 0);
  CHECK(f.in_chunk_bytes == (128 + 8 - 65) + (16 + 8 - 1));
  f = run(two + "MemoryContextDelete(bag)", "pool").figures;
  CHECK(f.free_bytes == 136 + 24);
  CHECK(f.held_bytes == 8208);
  CHECK(f.free_calls == 0);

  f = run(two + "c = MemoryContextAlloc(bag, 5000)", "pool").figures;
  CHECK(f.held_bytes == 8208 + 5040);  // 16 + 8 + 5000, and malloc's 8, rounded to 16
  CHECK(f.malloc_calls == 2);
  f = run(two + "c = MemoryContextAlloc(bag, 5000) pfree(c)", "pool").figures;
  CHECK(f.held_bytes == 8208);
  CHECK(f.free_calls == 1);

  f = run(two, "pool:1k").figures;
  CHECK(f.held_bytes == 1040);
  CHECK(f.tail_bytes == 1024 - 16 - 136 - 24);
}

TEST_CASE("slab takes a whole chunk for each request, and says in how many contexts") {
  const std::string nodes = R"(
few = AllocSetContextCreate(TopMemoryContext, "nodes", ALLOCSET_DEFAULT_SIZES)
for i = 1, 3 do n = MemoryContextAlloc(few, 40) end
n = repalloc(n, 60)
big = AllocSetContextCreate(TopMemoryContext, "big", ALLOCSET_DEFAULT_SIZES)
b = MemoryContextAlloc(big, 500)
)";
  const Outcome outcome = run(nodes, "slab:64");
  CHECK(outcome.refused == "");
  CHECK(outcome.note == "Slab in 1 of 2 contexts");
  // Slab's own: headers of 8 bytes. "big" is an AllocSet still: 512 and 8.
  CHECK(outcome.figures.in_chunk_bytes == 2 * (64 + 8 - 40) + (64 + 8 - 60) + (512 + 8 - 500));
  CHECK(outcome.figures.requested_bytes == 40 + 40 + 60 + 500);
  CHECK_THAT(run(nodes, "slab:64", 17, "big").refused,
             ContainsSubstring("asks for 500 bytes in \"big\", and the slab's chunks have 64"));
  CHECK_THAT(run(nodes, "slab:16").refused, ContainsSubstring("asks for 60 bytes in \"nodes\""));
  CHECK(run(nodes, "slab:64", 17, "nodes").note == "Slab in 1 of 1 contexts");
}

TEST_CASE("bump refuses what is freed with the event that does it, or ignores it when told to") {
  const std::string freeing = R"(
bag = AllocSetContextCreate(TopMemoryContext, "bag", ALLOCSET_DEFAULT_SIZES)
a = MemoryContextAlloc(bag, 100)
b = MemoryContextAlloc(bag, 200)
pfree(a)
b = repalloc(b, 1000)
)";
  const Outcome refused = run(freeing, "bump");
  CHECK_THAT(refused.refused,
             ContainsSubstring("event ") && ContainsSubstring("frees a chunk of \"bag\", and a Bump context cannot"));
  const Outcome ignored = run(freeing, "bump+nofree");
  CHECK(ignored.refused == "");
  CHECK(ignored.figures.requested_bytes == 1000);
  CHECK(ignored.figures.free_bytes == 104 + 200);  // dead until the reset; Bump chunks have no headers
  CHECK_THAT(run(freeing, "bump+nofree", 16).refused, ContainsSubstring("PostgreSQL 16 has no Bump contexts"));
  CHECK(run("x = MemoryContextAlloc(TopMemoryContext, 5) pfree(x)", "bump").refused == "");
  CHECK_THAT(run(freeing, "generation", 17, "no such").refused, ContainsSubstring("no context named \"no such\""));
}

TEST_CASE("a version without Bump answers with Generation and says so") {
  const Outcome outcome = run(R"(
bag = BumpContextCreate(TopMemoryContext, "bag", ALLOCSET_DEFAULT_SIZES)
a = MemoryContextAlloc(bag, 100)
)",
                              "recorded@15");
  CHECK(outcome.refused == "");
  CHECK(outcome.note == "PostgreSQL 15 has no Bump: Generation instead");
  CHECK(outcome.figures.in_chunk_bytes == 4 + 24);  // rounded to 104, and 15's header of a Generation chunk
}

TEST_CASE("a stream whose heap is corrupt is compared up to the mistake") {
  Timeline recorded = record_script("test.lua", R"(
bag = AllocSetContextCreate(TopMemoryContext, "bag", ALLOCSET_DEFAULT_SIZES)
a = MemoryContextAlloc(bag, 100)
write(a, "good")
write(a, "too much", 124)
b = MemoryContextAlloc(bag, 100)
)",
                                    17);
  Comparison comparison(recorded);
  REQUIRE(comparison.add(contender("malloc")));
  finish(comparison);
  CHECK_THAT(comparison.stopped(), ContainsSubstring("writes outside of what was allocated"));
  CHECK(comparison.entries().front().contender->figures().last.requested_bytes == 100);
  CHECK(comparison.recorded_figures().last.requested_bytes == 100);
}

TEST_CASE("dumps have no calls, and a comparison has a budget") {
  Timeline dump = Timeline::recording({core::SourceKind::Dump, 17, false, "dump", "log"});
  Comparison none(dump);
  const core::Status refused = none.add(contender("malloc"));
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, ContainsSubstring("nothing to run again"));

  Timeline recorded = record_random(3, 17, 500);
  Comparison few(recorded, {.calls = 100});
  REQUIRE(few.add(contender("malloc")));
  finish(few);
  CHECK(few.calls() == 100);
  CHECK_THAT(few.stopped(), ContainsSubstring("behind the 100th call"));
  Comparison small(recorded, {.held_bytes = 4096});
  REQUIRE(small.add(contender("aset")));
  finish(small);
  CHECK_THAT(small.entries().front().refused, ContainsSubstring("takes the memory held beyond 0 MB"));
}

TEST_CASE("contenders are written and read back alike, and mistakes are explained") {
  for (const char* text : {"recorded@15", "recorded+checking", "aset", "aset:0/1k/8k", "generation:0/8k/8M@16",
                           "bump+nofree", "bump@18", "slab:64", "slab:100/4k", "malloc", "pool", "pool:64k"}) {
    CAPTURE(text);
    CHECK(to_string(contender(text)) == text);
  }
  CHECK(to_string(contender("aset:0/8192/8388608")) == "aset:0/8k/8M");
  const std::pair<const char*, const char*> mistakes[] = {{"jemalloc", "there are recorded, aset"},
                                                          {"aset:1/2", "MIN/INIT/MAX"},
                                                          {"aset:0/100/8k", "multiples of 8"},
                                                          {"slab", "needs its chunk size"},
                                                          {"slab:9000", "holds a chunk"},
                                                          {"bump@16", "has no Bump"},
                                                          {"malloc@15", "no version"},
                                                          {"aset@14", "15, 16, 17 or 18"},
                                                          {"aset+fast", "+checking and +nofree"},
                                                          {"aset+nofree", "only bump"},
                                                          {"slab:x", "is no size"},
                                                          {"aset:99999999999999999999/8k/8k", "is no size"},
                                                          {"pool:8k/3", "too many settings"},
                                                          {"pool:100", "multiple of 16"}};
  for (const auto& [text, reason] : mistakes) {
    CAPTURE(text);
    const auto parsed = parse_contender(text);
    REQUIRE_FALSE(parsed);
    CHECK_THAT(parsed.error().message, ContainsSubstring(reason));
  }
}
