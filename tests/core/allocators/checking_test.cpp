// Checking builds (spec 2.4, 13): what they write besides, what they warn of, what they assert.
#include <functional>

#include "tests/support/simulated_process.h"

using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;
using palloscope::test::SimulatedProcess;

namespace {

std::string hex(Address at) { return "0x" + hex_text(at.value); }

// Context kinds of a version, each with a context that gives out 100 bytes.
std::vector<ContextKind> kinds_of(int major) {
  std::vector<ContextKind> kinds = {ContextKind::AllocSet, ContextKind::Generation, ContextKind::Slab};
  if (major >= 17) kinds.push_back(ContextKind::Bump);
  return kinds;
}
Address create(SimulatedProcess& p, ContextKind kind, const std::string& name = "ctx") {
  Address top = p.process.top_memory_context();
  switch (kind) {
    case ContextKind::Generation:
      return p.process.generation_context_create(top, name);
    case ContextKind::Slab:
      return p.process.slab_context_create(top, name, 1024, 100);
    case ContextKind::Bump:
      return p.process.bump_context_create(top, name);
    default:
      return p.process.alloc_set_context_create(top, name);
  }
}
const char* problem_of(ContextKind kind) {
  constexpr const char* kProblems[] = {
      "problem in alloc set ctx: ", "problem in Generation ctx: ", "problem in slab ctx: ", "problem in Bump ctx: "};
  return kProblems[static_cast<int>(kind)];
}
std::uint64_t header_bytes(const SimulatedProcess& p, ContextKind kind) {
  const VersionProfile& v = p.profile;
  return kind == ContextKind::AllocSet     ? v.alloc_set.chunk_bytes
         : kind == ContextKind::Generation ? v.generation.chunk_bytes
         : kind == ContextKind::Slab       ? v.slab.chunk_bytes
                                           : v.bump.chunk_bytes;
}

// The warnings of one MemoryContextCheck.
std::vector<std::string> check(SimulatedProcess& p, Address context) {
  p.log.clear();
  p.process.memory_context_check(context);
  return p.warnings();
}

std::string crash_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Crash& crash) {
    return crash.signal + " " + crash.message;
  }
  return "no crash";
}
std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Ereport& error) {
    return error.message;
  }
  return "no error";
}

}  // namespace

TEST_CASE("A checking build writes a sentinel behind what was asked for, and keeps requested_size") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major, true);
    for (ContextKind kind : kinds_of(major)) {
      INFO("PostgreSQL " << major << ", kind " << static_cast<int>(kind));
      Address context = create(p, kind), chunk = p.process.memory_context_alloc(context, 100);
      CHECK(p.load(chunk + 100, 1) == 0x7E);
      const bool keeps_size = kind != ContextKind::Slab || major >= 17;
      const std::uint64_t place = major == 15 ? 8 : 0;
      if (keeps_size) CHECK(p.load(chunk - header_bytes(p, kind) + place) == 100);
      CHECK(check(p, context).empty());
    }
  }
}

TEST_CASE("16 and newer always have room for the sentinel, but in AllocSet's classes") {
  SimulatedProcess fifteen(15, true), sixteen(16, true);
  for (SimulatedProcess* p : {&fifteen, &sixteen}) {
    const bool room = p == &sixteen;
    Address gen = create(*p, ContextKind::Generation), set = create(*p, ContextKind::AllocSet);
    Address chunk = p->process.memory_context_alloc(gen, 104);
    CHECK(p->process.get_memory_chunk_space(chunk) - p->profile.generation.chunk_bytes == (room ? 112u : 104u));
    CHECK((p->load(chunk + 104, 1) == 0x7E) == room);
    CHECK(p->process.get_memory_chunk_space(p->process.memory_context_alloc(set, 128)) ==
          128 + p->profile.alloc_set.chunk_bytes);
    CHECK(p->process.get_memory_chunk_space(p->process.memory_context_alloc(set, 9000)) ==
          (room ? 9008 : 9000) + p->profile.alloc_set.chunk_bytes);
  }
}

TEST_CASE("Freed memory is wiped with 0x7F, but for the link to the next free chunk") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major, true);
    for (ContextKind kind : {ContextKind::AllocSet, ContextKind::Generation, ContextKind::Slab}) {
      INFO("PostgreSQL " << major << ", kind " << static_cast<int>(kind));
      Address context = create(p, kind), chunk = p.process.memory_context_alloc(context, 100);
      p.process.memory_context_alloc(context, 100);  // keeps the block
      for (std::uint64_t i = 0; i < 100; ++i) p.poke(chunk + i, 0xAA);
      p.process.pfree(chunk);
      const std::uint64_t link = kind == ContextKind::Generation                ? 0
                                 : kind == ContextKind::AllocSet && major == 15 ? 0
                                 : major == 15                                  ? 4
                                                                                : 8;
      for (std::uint64_t i = link; i < 100; ++i) REQUIRE(p.load(chunk + i, 1) == 0x7F);
      // Slab wipes what was asked for, the others all that is usable.
      CHECK(p.load(chunk + 100, 1) == (kind == ContextKind::Slab ? 0x7E : 0x7F));
      CHECK(check(p, context).empty());
    }
  }
}

TEST_CASE("A reset wipes the keeper block") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major, true);
    for (ContextKind kind : kinds_of(major)) {
      if (kind == ContextKind::Slab) continue;
      INFO("PostgreSQL " << major << ", kind " << static_cast<int>(kind));
      Address context = create(p, kind), chunk = p.process.memory_context_alloc(context, 100);
      p.process.memory_context_reset(context);
      for (std::uint64_t i = 0; i < 100; ++i) REQUIRE(p.load(chunk + i, 1) == 0x7F);
      CHECK(p.load(chunk - 8) == 0x7F7F'7F7F'7F7F'7F7F);
      if (major >= 16) {
        CHECK(error_of([&] { p.process.pfree(chunk); }) ==
              "pfree called with invalid pointer " + hex(chunk) + " (header 0x7f7f7f7f7f7f7f7f)");
      }
    }
  }
}

TEST_CASE("A write past the end is told on pfree and repalloc, by the check, and before a reset and a delete") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major, true);
    for (ContextKind kind : {ContextKind::AllocSet, ContextKind::Generation, ContextKind::Slab}) {
      INFO("PostgreSQL " << major << ", kind " << static_cast<int>(kind));
      Address context = create(p, kind), chunk = p.process.memory_context_alloc(context, 100);
      Address header = chunk - header_bytes(p, kind);
      p.poke(chunk + 100, 0);
      const std::vector<std::string> told = check(p, context);
      REQUIRE(told.size() == 1);
      CHECK_THAT(told[0], ContainsSubstring(problem_of(kind) + std::string("detected write past chunk end in block ")));
      CHECK_THAT(told[0], ContainsSubstring(", chunk " + hex(header)));
      const std::vector<std::string> direct = {"detected write past chunk end in ctx " + hex(header)};
      if (kind != ContextKind::Slab) {
        p.log.clear();
        CHECK(p.process.repalloc(chunk, 99) == chunk);
        CHECK(p.warnings() == direct);
        p.poke(chunk + 99, 0);
      }
      p.log.clear();
      p.process.memory_context_reset(context);
      CHECK(p.warnings() == told);
      // A warning stands before the effect it belongs to.
      CHECK(std::holds_alternative<ErrorReported>(p.log.events.front()));

      chunk = p.process.memory_context_alloc(context, 100);
      header = chunk - header_bytes(p, kind);
      p.poke(chunk + 100, 0);
      p.log.clear();
      p.process.pfree(chunk);
      CHECK(p.warnings() == std::vector<std::string>{"detected write past chunk end in ctx " + hex(header)});

      chunk = p.process.memory_context_alloc(context, 100);
      p.poke(chunk + 100, 0);
      p.log.clear();
      p.process.memory_context_delete(context);
      // AllocSet: once for the delete, once for the reset that makes it fit to be recycled.
      CHECK(p.warnings().size() == (kind == ContextKind::AllocSet ? 2u : 1u));
    }
  }
}

TEST_CASE("The sentinel of an aligned chunk is its own") {
  SimulatedProcess p(17, true);
  Address context = create(p, ContextKind::AllocSet);
  Address chunk = p.process.memory_context_alloc_aligned(context, 100, 64, 0);
  CHECK(p.load(chunk + 100, 1) == 0x7E);
  p.poke(chunk + 100, 0);
  CHECK(check(p, context).empty());  // nobody looks through the redirect
  p.process.pfree(chunk);
  CHECK(p.warnings() == std::vector<std::string>{"detected write past chunk end in ctx " + hex(chunk - 16)});
}

TEST_CASE("17 and newer refuse a chunk that was freed; older versions do what a damaged list makes them do") {
  for (int major = 17; major <= 18; ++major) {
    SimulatedProcess p(major, true);
    for (ContextKind kind : {ContextKind::AllocSet, ContextKind::Generation, ContextKind::Slab}) {
      Address context = create(p, kind), chunk = p.process.memory_context_alloc(context, 100);
      p.process.memory_context_alloc(context, 100);
      p.process.pfree(chunk);
      std::string at = hex(chunk - header_bytes(p, kind));
      CHECK(error_of([&] { p.process.pfree(chunk); }) == "detected double pfree in ctx " + at);
      if (kind == ContextKind::Slab) continue;
      CHECK(error_of([&] { p.process.repalloc(chunk, 50); }) == "detected realloc of freed chunk in ctx " + at);
    }
  }
  SimulatedProcess sixteen(16, true);
  Address set = create(sixteen, ContextKind::AllocSet), chunk = sixteen.process.memory_context_alloc(set, 100);
  sixteen.process.pfree(chunk);
  CHECK(error_of([&] { sixteen.process.pfree(chunk); }) == "no error");
  Address gen = create(sixteen, ContextKind::Generation);
  chunk = sixteen.process.memory_context_alloc(gen, 100);
  sixteen.process.memory_context_alloc(gen, 100);
  sixteen.process.pfree(chunk);
  CHECK_THAT(crash_of([&] { sixteen.process.pfree(chunk); }),
             ContainsSubstring("TRAP: failed Assert(\"chunk->requested_size < chunksize\"), File: \"generation.c\""));
  SimulatedProcess fifteen(15, true);
  set = create(fifteen, ContextKind::AllocSet);
  chunk = fifteen.process.memory_context_alloc(set, 100);
  fifteen.process.pfree(chunk);
  CHECK_THAT(
      crash_of([&] { fifteen.process.pfree(chunk); }),
      ContainsSubstring("SIGABRT TRAP: FailedAssertion(\"MemoryContextIsValid(context)\", File: \"memutils.h\")"));
}

TEST_CASE("Bump has chunk headers in a checking build, and says what it cannot do") {
  SimulatedProcess p(17, true);
  Address context = create(p, ContextKind::Bump), chunk = p.process.memory_context_alloc(context, 100);
  CHECK(chunk == context + 168);
  CHECK(p.load(chunk - 8) == 0x0000'00a0'0000'0d07);
  auto unsupported = [](const std::string& what) { return what + " is not supported by the bump memory allocator"; };
  CHECK(error_of([&] { p.process.pfree(chunk); }) == unsupported("pfree"));
  CHECK(error_of([&] { p.process.repalloc(chunk, 200); }) == unsupported("GetMemoryChunkContext"));
  CHECK(error_of([&] { p.process.get_memory_chunk_space(chunk); }) == unsupported("GetMemoryChunkSpace"));
  p.poke(chunk + 100, 0);
  CHECK(check(p, context).empty());  // BumpCheck never looks at sentinels
}

// Each warning that a check knows: what is damaged, and the words that must then be among the warnings.
TEST_CASE("A check tells of each kind of damage in PostgreSQL's words") {
  struct Damage {
    ContextKind kind;
    int from = 15, to = 18;
    const char* words;
    std::function<void(SimulatedProcess&, Address context, Address chunk)> damage;
  };
  auto block_of = [](SimulatedProcess& p, ContextKind kind, Address context, Address chunk) {
    return kind == ContextKind::AllocSet     ? context + p.profile.alloc_set.context_bytes
           : kind == ContextKind::Generation ? context + p.profile.generation.context_bytes
           : kind == ContextKind::Slab       ? chunk - p.profile.slab.chunk_bytes - p.profile.slab.block_bytes
                                             : context + p.profile.bump.context_bytes;
  };
  using P = SimulatedProcess;
  constexpr ContextKind kSet = ContextKind::AllocSet, kGen = ContextKind::Generation, kSlab = ContextKind::Slab,
                        kBump = ContextKind::Bump;
  const Damage damages[] = {
      {kSet, 15, 18, "corrupt header in block {b}",
       [&](P& p, Address c, Address) { p.poke(block_of(p, kSet, c, {}), p.profile.alloc_set.block_prev, 8); }},
      {kSet, 15, 18, "req size > alloc size for chunk {c} in block {b}",
       [](P& p, Address, Address at) {
         p.poke(at - p.profile.alloc_set.chunk_bytes, p.profile.alloc_set.chunk_requested, 129);
       }},
      {kSet, 15, 15, "bad size 0 for chunk {c} in block {b}", [](P& p, Address, Address at) { p.poke(at - 24, 0); }},
      {kSet, 15, 15, "bogus aset link in block {b}, chunk {c}", [](P& p, Address, Address at) { p.poke(at - 8, 8); }},
      {kSet, 16, 18, "bad chunk size for chunk {c} in block {b}",
       [](P& p, Address, Address at) { p.poke(at - 7, 0x80); }},
      {kSet, 16, 18, "bad block offset for chunk {c} in block {b}",
       [](P& p, Address, Address at) { p.poke(at - 2, 1); }},
      {kSet, 15, 18, "found inconsistent memory block {b}",
       [&](P& p, Address c, Address) {
         Address block = block_of(p, kSet, c, {});
         Field free = p.profile.alloc_set.block_freeptr;
         p.poke(block, free, p.load(block, free) + 8);
       }},
      {kGen, 15, 18, "number of free chunks 9 in block {b} exceeds 2 allocated",
       [&](P& p, Address c, Address) { p.poke(block_of(p, kGen, c, {}), p.profile.generation.block_free, 9); }},
      {kGen, 15, 18, "number of free chunks 0 in block {b} does not match header 1",
       [&](P& p, Address c, Address) { p.poke(block_of(p, kGen, c, {}), p.profile.generation.block_free, 1); }},
      {kGen, 15, 18, "number of allocated chunks 2 in block {b} does not match header 3",
       [&](P& p, Address c, Address) { p.poke(block_of(p, kGen, c, {}), p.profile.generation.block_chunks, 3); }},
      {kGen, 16, 18, "bogus context link in block {b}",
       [&](P& p, Address c, Address) { p.poke(block_of(p, kGen, c, {}), p.profile.generation.block_context, 8); }},
      {kGen, 15, 15, "bogus context link in block {b}, chunk {c}",
       [](P& p, Address, Address at) { p.poke(at - 8, 8); }},
      {kGen, 15, 15, "bogus block link in block {b}, chunk {c}", [](P& p, Address, Address at) { p.poke(at - 16, 8); }},
      {kGen, 15, 15, "bogus chunk size in block {b}, chunk {c}",
       [](P& p, Address, Address at) { p.poke(at - 24, 105); }},
      {kGen, 16, 18, "bogus block link in block {b}, chunk {c}", [](P& p, Address, Address at) { p.poke(at - 2, 1); }},
      {kSlab, 15, 15, "number of free chunks 5 in block {b} does not match freelist 6",
       [&](P& p, Address c, Address at) { p.poke(block_of(p, kSlab, c, at), p.profile.slab.block_free, 5); }},
      {kSlab, 15, 15, "number of free chunks 5 in block {b} does not match bitmap 6",
       [&](P& p, Address c, Address at) { p.poke(block_of(p, kSlab, c, at), p.profile.slab.block_free, 5); }},
      {kSlab, 15, 15, "bogus slab link in block {b}, chunk {c}", [](P& p, Address, Address at) { p.poke(at - 8, 8); }},
      {kSlab, 15, 15, "bogus block link in block {b}, chunk {c}",
       [](P& p, Address, Address at) { p.poke(at - 16, 8); }},
      {kSlab, 16, 18, "bogus block link in block {b}, chunk {c}", [](P& p, Address, Address at) { p.poke(at - 2, 1); }},
      {kSlab, 16, 18, "bogus slab link in block {b}",
       [&](P& p, Address c, Address at) { p.poke(block_of(p, kSlab, c, at), p.profile.slab.block_slab, 8); }},
      {kSlab, 16, 18, "block {b} is on blocklist 1 but should be on blocklist 0",
       [&](P& p, Address c, Address at) { p.poke(block_of(p, kSlab, c, at), p.profile.slab.block_free, 0); }},
      {kSlab, 16, 18, "nfree in block {b} is 0 but 6 chunk were found as free",
       [&](P& p, Address c, Address at) { p.poke(block_of(p, kSlab, c, at), p.profile.slab.block_free, 0); }},
      {kSlab, 16, 18, "empty block {b} incorrectly stored on blocklist element 1",
       [&](P& p, Address c, Address at) { p.poke(block_of(p, kSlab, c, at), p.profile.slab.block_free, 8); }},
      {kSlab, 16, 18, "mismatch detected between nunused chunks and unused pointer in block {b}",
       [&](P& p, Address c, Address at) { p.poke(block_of(p, kSlab, c, at), p.profile.slab.block_unused_count, 5); }},
      {kSlab, 16, 18, "in block {b}",  // `bogus free list link`
       [&](P& p, Address c, Address at) {
         p.poke(block_of(p, kSlab, c, at), p.profile.slab.block_free_head, at.value);
       }},
      {kBump, 17, 18, "bogus context link in block {b}",
       [&](P& p, Address c, Address) { p.poke(block_of(p, kBump, c, {}), p.profile.bump.block_context, 8); }},
      {kBump, 17, 18, "bogus block link in block {b}, chunk {c}", [](P& p, Address, Address at) { p.poke(at - 2, 1); }},
  };
  for (const Damage& damage : damages) {
    for (int major = damage.from; major <= damage.to; ++major) {
      SimulatedProcess p(major, true);
      Address context = create(p, damage.kind), chunk = p.process.memory_context_alloc(context, 100);
      p.process.memory_context_alloc(context, 100);
      damage.damage(p, context, chunk);
      std::string words = problem_of(damage.kind) + std::string(damage.words);
      auto replace = [&](const std::string& what, Address with) {
        if (auto at = words.find(what); at != std::string::npos) words.replace(at, what.size(), hex(with));
      };
      replace("{b}", block_of(p, damage.kind, context, chunk));
      replace("{c}", chunk - header_bytes(p, damage.kind));
      INFO("PostgreSQL " << major << ": " << words);
      std::string all;
      for (const std::string& line : check(p, context)) all += line + "\n";
      if (damage.words[0] == 'i') {
        CHECK_THAT(all, ContainsSubstring("bogus free list link " + hex(chunk)));
      } else {
        CHECK_THAT(all, ContainsSubstring(words + "\n"));
      }
    }
  }
}

TEST_CASE("MemoryContextCheck looks at a context and all below it, and is nothing in a production build") {
  for (bool checking : {false, true}) {
    SimulatedProcess p(17, checking);
    Address parent = create(p, ContextKind::AllocSet, "parent");
    Address child = p.process.generation_context_create(parent, "child");
    Address chunk = p.process.memory_context_alloc(child, 10);
    p.poke(chunk + 10, 0);
    CHECK(check(p, p.process.top_memory_context()).size() == (checking ? 1u : 0u));
    CHECK(check(p, parent).size() == (checking ? 1u : 0u));
    CHECK(check(p, p.process.error_context()).empty());
  }
}

TEST_CASE("A checking build ends where PostgreSQL asserts") {
  for (int major = 15; major <= 18; ++major) {
    INFO("PostgreSQL " << major);
    SimulatedProcess p(major, true);
    auto trap = [&](const std::string& condition, const std::string& file) {
      return major == 15 ? "SIGABRT TRAP: FailedAssertion(\"" + condition + "\", File: \"" + file + "\")"
                         : "SIGABRT TRAP: failed Assert(\"" + condition + "\"), File: \"" + file + "\"";
    };
    Address context = create(p, ContextKind::AllocSet), child = p.process.alloc_set_context_create(context, "child");
    p.process.memory_context_switch_to(context);
    CHECK(crash_of([&] { p.process.memory_context_delete(context); }) ==
          trap("context != CurrentMemoryContext", "mcxt.c"));
    // 15 and 16 look before they delete the children.
    CHECK(static_cast<bool>(p.process.names().context(child)) == (major <= 16));
    CHECK(crash_of([&] { p.process.memory_context_delete(p.process.top_memory_context()); }) ==
          trap(major <= 16 ? "context != TopMemoryContext" : "context != CurrentMemoryContext", "mcxt.c"));

    Address large = p.process.memory_context_alloc(p.process.error_context(), 100);
    p.poke(p.process.error_context(), p.profile.context.is_reset, 1);
    CHECK(crash_of([&] { p.process.repalloc(large, 200); }) == trap("!context->isReset", "mcxt.c"));
    p.poke(p.process.error_context(), p.profile.context.mem_allocated, 1);
    CHECK(crash_of([&] { p.process.memory_context_check(p.process.error_context()); }) ==
          trap("total_allocated == context->mem_allocated", "aset.c"));

    // One chunk a block: the second allocation meets the full block (spec 5.3).
    if (major == 15) continue;
    Address slab = p.process.slab_context_create(p.process.top_memory_context(), "slab", 1024, 600);
    p.process.memory_context_alloc(slab, 600);
    CHECK(crash_of([&] { p.process.memory_context_alloc(slab, 600); }) == trap("dlist_is_empty(blocklist)", "slab.c"));
  }
}
