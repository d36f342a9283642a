// What pfree_path says against what pfree then does, with every bit of the header flipped in turn.
#include "core/walk/pfree_path.h"

#include <array>
#include <string>

#include "core/mcxt/errors.h"
#include "core/walk/process_source.h"
#include "tests/support/simulated_process.h"

using namespace palloscope;
using namespace palloscope::core;
using test::SimulatedProcess;

namespace {

// A context of the kind with a few chunks; the middle one is the one to be freed.
struct Scene {
  Scene(int major, ContextKind kind) : simulated(major) {
    Process& p = simulated.process;
    const Address top = p.top_memory_context();
    context = kind == ContextKind::AllocSet     ? p.alloc_set_context_create(top, "work")
              : kind == ContextKind::Generation ? p.generation_context_create(top, "work")
              : kind == ContextKind::Slab       ? p.slab_context_create(top, "work", 1024, 100)
                                                : p.bump_context_create(top, "work");
    p.memory_context_alloc(context, 100);
    chunk = p.memory_context_alloc(context, 100);
    p.memory_context_alloc(context, 100);
  }
  PfreePath path(Address pointer) const {
    return pfree_path(ProcessSource(simulated.process), simulated.profile, pointer, true);
  }
  SimulatedProcess simulated;
  Address context, chunk;
};

enum class Outcome { Done, Error, Crash };

Outcome really_pfree(Process& process, Address pointer, std::string& text) {
  try {
    process.pfree(pointer);
    return Outcome::Done;
  } catch (const Ereport& error) {
    text = error.message;
    return Outcome::Error;
  } catch (const Crash&) {
    return Outcome::Crash;
  }
}

}  // namespace

TEST_CASE("pfree's path through a sound chunk ends where the allocator puts it") {
  for (const int major : {15, 16, 17, 18}) {
    CAPTURE(major);
    for (const ContextKind kind : {ContextKind::AllocSet, ContextKind::Generation, ContextKind::Slab}) {
      Scene scene(major, kind);
      const PfreePath path = scene.path(scene.chunk);
      REQUIRE(path.allocator == kind);
      REQUIRE(path.context == scene.context);
      REQUIRE(path.end == (kind == ContextKind::AllocSet     ? PfreeEnd::ToFreelist
                           : kind == ContextKind::Generation ? PfreeEnd::Counted
                                                             : PfreeEnd::ToBlock));
      if (kind == ContextKind::AllocSet) {
        REQUIRE(path.freelist == 4);
        REQUIRE(path.chunk_bytes == 128);
        REQUIRE_FALSE(path.is_listed);
        scene.simulated.process.pfree(scene.chunk);
        const PfreePath again = scene.path(scene.chunk);
        if (major == 15)
          REQUIRE(again.end == PfreeEnd::Crash);  // the word links to the next free chunk, here none
        else
          REQUIRE(again.is_listed);
      } else {
        REQUIRE(path.live_left == 2);
      }
    }
    Scene scene(major, ContextKind::AllocSet);
    const Address large = scene.simulated.process.memory_context_alloc(scene.context, 9000);
    const PfreePath path = scene.path(large);
    REQUIRE(path.end == PfreeEnd::WithBlock);
    REQUIRE(path.chunk_bytes == 9000);
    if (major >= 16) {
      const Address aligned = scene.simulated.process.memory_context_alloc_aligned(scene.context, 100, 64, 0);
      REQUIRE(scene.path(aligned).end == PfreeEnd::ToFreelist);
      REQUIRE(scene.path(aligned).raw != aligned);
      REQUIRE(scene.path(aligned).freelist == 5);
    }
  }
}

TEST_CASE("with any one bit of the header flipped, pfree does what its path said") {
  int errors = 0, crashes = 0, freed = 0, trampled = 0;
  for (const int major : {15, 16, 17, 18})
    for (const ContextKind kind : {ContextKind::AllocSet, ContextKind::Generation, ContextKind::Slab})
      for (unsigned bit = 0; bit < 64; ++bit) {
        CAPTURE(major, static_cast<int>(kind), bit);
        Scene scene(major, kind);
        Process& process = scene.simulated.process;
        const Address at = scene.chunk - 8 + bit / 8;
        const std::array<std::uint8_t, 1> byte = {
            static_cast<std::uint8_t>(scene.simulated.load(at, 1) ^ (1u << (bit % 8)))};
        const ProcessSource bytes(process);
        PatchedSource what_if(bytes);
        what_if.set(at, byte[0]);
        const PfreePath path = pfree_path(what_if, scene.simulated.profile, scene.chunk, true);
        process.write(at, byte);
        std::string text;
        const Outcome outcome = really_pfree(process, scene.chunk, text);
        switch (path.end) {
          case PfreeEnd::Error:
            ++errors;
            REQUIRE(outcome == Outcome::Error);
            REQUIRE(text == path.text);
            break;
          case PfreeEnd::Crash:
            ++crashes;
            REQUIRE(outcome == Outcome::Crash);
            break;
          case PfreeEnd::ToFreelist: {
            ++freed;
            REQUIRE(outcome == Outcome::Done);
            const AllocSetLayout& layout = scene.simulated.profile.alloc_set;
            REQUIRE(Address{scene.simulated.load(path.context + layout.freelist +
                                                 8 * static_cast<unsigned>(path.freelist))} == path.chunk);
            break;
          }
          case PfreeEnd::Counted:
          case PfreeEnd::ToBlock:
          case PfreeEnd::WithBlock:
            ++freed;
            REQUIRE(outcome != Outcome::Error);
            break;
          case PfreeEnd::Tramples:
            ++trampled;
            REQUIRE(outcome != Outcome::Error);
            break;
          case PfreeEnd::NotRecorded:
            FAIL("a process has all its bytes");
        }
      }
  REQUIRE(errors > 10);
  REQUIRE(crashes > 100);
  REQUIRE(freed > 20);
  REQUIRE(trampled > 5);
}

TEST_CASE("a path through bytes that are not recorded says so") {
  struct Nothing final : MemorySource {
    bool read(Address, std::span<std::uint8_t>) const override { return false; }
  } nothing;
  const PfreePath path = pfree_path(nothing, *find_profile(17, false), {0x1000}, false);
  REQUIRE(path.end == PfreeEnd::NotRecorded);
  PatchedSource patched(nothing);
  for (unsigned i = 0; i < 8; ++i) patched.set({0xff8 + i}, 0);  // id 0: never-used memory
  const PfreePath zero = pfree_path(patched, *find_profile(17, false), {0x1000}, false);
  REQUIRE(zero.end == PfreeEnd::Error);
  REQUIRE(zero.text == "pfree called with invalid pointer 0x1000 (header 0x0000000000000000)");
}
