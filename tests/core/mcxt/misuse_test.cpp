// A debugger lives on broken programs: whatever a simulated program does, it gets PostgreSQL's error, goes on with
// corrupted memory, or dies as a process does. Never we.
#include <random>
#include <vector>

#include "tests/support/simulated_process.h"

using namespace palloscope::core;
using palloscope::test::SimulatedProcess;

namespace {

class BrokenProgram {
 public:
  BrokenProgram(int major, bool checking, unsigned seed) : p_(major, checking), random_(seed) {
    contexts_.push_back(p_.process.top_memory_context());
    pointers_.push_back(p_.process.palloc(100));
  }

  // False: the process died.
  bool step() {
    try {
      act();
    } catch (const Ereport&) {
      ++errors;
    } catch (const Crash&) {
      return false;
    }
    return true;
  }
  int errors = 0;

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  Address context() { return contexts_[below(contexts_.size())]; }
  Address pointer() {
    Address at = pointers_[below(pointers_.size())];
    return below(40) == 0 ? at + 8 * below(20) : at;
  }
  std::uint64_t bytes() { return below(5) == 0 ? below(30000) : below(300); }

  void act() {
    switch (below(16)) {
      case 0:
        create();
        break;
      case 1:
        p_.process.memory_context_reset(context());
        break;
      case 2:
        if (Address c = context(); c != contexts_[0]) p_.process.memory_context_delete(c);
        break;
      case 3:
      case 4:
      case 5:
        p_.process.pfree(pointer());  // perhaps for the second time, or after a reset
        break;
      case 6:
      case 7:
        pointers_.push_back(p_.process.repalloc(pointer(), bytes()));
        break;
      case 8:
        trample();
        break;
      case 9:
        p_.process.memory_context_stats(contexts_[0]);
        break;
      case 10:
        p_.process.memory_context_set_parent(context(), context());  // perhaps below itself
        break;
      case 11:
        p_.process.memory_context_check(contexts_[0]);
        break;
      default:
        pointers_.push_back(p_.process.memory_context_alloc(context(), bytes()));
    }
  }

  void create() {
    Address parent = context();
    switch (below(4)) {
      case 0:
        contexts_.push_back(p_.process.alloc_set_context_create(parent, "a", kSmallSizes));
        break;
      case 1:
        contexts_.push_back(p_.process.generation_context_create(parent, "g"));
        break;
      case 2:
        contexts_.push_back(p_.process.slab_context_create(parent, "s", 8192, 64));
        break;
      default:
        contexts_.push_back(p_.process.bump_context_create(parent, "b"));
    }
  }

  // Writes a bit past the end, or somewhere into a context's or block's header.
  void trample() {
    if (below(4) != 0) return;
    Address at = below(2) == 0 ? pointer() + 8 * below(32) : context() + 8 * below(40);
    std::vector<std::uint8_t> bytes(8 * (1 + below(3)));
    bool zeros = below(2) == 0;
    for (std::uint8_t& byte : bytes) byte = zeros ? 0 : static_cast<std::uint8_t>(random_());
    if (below(3) == 0) {  // a pointer into the heap: what leads furthest astray
      std::uint64_t astray = pointer().value;
      for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(astray >> (8 * i));
    }
    p_.process.write(at, bytes);
  }

  SimulatedProcess p_;
  std::mt19937_64 random_;
  std::vector<Address> contexts_, pointers_;
};

}  // namespace

TEST_CASE("A broken program gets an error or dies, and never takes us with it") {
  for (int number = 0; number < 8; ++number) {
    const int major = 15 + number / 2;
    const bool checking = number % 2 == 1;
    int died = 0, errors = 0;
    for (unsigned seed = 1; seed <= 200; ++seed) {
      INFO("PostgreSQL " << major << (checking ? ", checking" : "") << ", seed " << seed);
      BrokenProgram program(major, checking, seed);
      bool alive = true;
      for (int step = 0; alive && step < 200; ++step) alive = program.step();
      died += alive ? 0 : 1;
      errors += program.errors;
    }
    CHECK(died > 30);
    CHECK(errors > 20);
  }
}

TEST_CASE("A tree that was tied into a circle is noticed") {
  SimulatedProcess p(17);
  Address a = p.create("a"), b = p.process.alloc_set_context_create(a, "b");
  p.process.memory_context_set_parent(a, b);
  CHECK_THROWS_AS(p.process.memory_context_stats(a), Crash);
  CHECK_THROWS_AS(p.process.memory_context_mem_allocated(a, true), Crash);
  CHECK_THROWS_AS(p.process.memory_context_delete(a), Crash);
}

TEST_CASE("A chunk header that redirects without end is followed to the end of memory only") {
  SimulatedProcess p(17);
  Address at = p.process.palloc_extended(8 << 20, 0);
  std::vector<std::uint8_t> bytes(8 << 20);
  for (std::size_t i = 0; i < bytes.size(); i += 8) bytes[i] = 6;
  p.process.write(at, bytes);
  p.process.write(at - 8, std::vector<std::uint8_t>(8, 0));
  CHECK_THROWS_AS(p.process.pfree(at + (8 << 20) - 8), Ereport);
}
