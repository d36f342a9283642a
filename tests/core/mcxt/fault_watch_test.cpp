// Every mistake that the watch knows, made on purpose on every version; and none told where none is made.
#include "core/mcxt/fault_watch.h"

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "tests/support/event_log.h"
#include "tests/support/random_operations.h"

using namespace palloscope::core;
using palloscope::test::EventLog;

namespace {

struct Watched {
  explicit Watched(int major) : process(*find_profile(major, false), log, {.watch_faults = true}) {
    work = process.alloc_set_context_create(process.top_memory_context(), "work");
  }
  EventLog log;
  Process process;
  Address work;

  std::vector<FaultFound> faults() const { return log.of<FaultFound>(); }
  // Exactly one, of this kind.
  FaultFound only(FaultKind kind) const {
    REQUIRE(faults().size() == 1);
    CHECK(faults()[0].kind == kind);
    return faults()[0];
  }
  template <class E>
  bool is(EventNumber number) const {
    return number >= 1 && number <= log.events.size() && std::holds_alternative<E>(log.events[number - 1]);
  }
  void write(Address at, std::string_view text) {
    process.write(at, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  void read(Address at, std::size_t bytes) {
    std::vector<std::uint8_t> into(bytes);
    REQUIRE(process.read_as_program(at, into));
  }
  void write_from(Address pointer, EventNumber born, std::string_view text) {
    process.pointer_from(pointer, born);
    write(pointer, text);
  }
};

constexpr int kMajors[] = {15, 16, 17, 18};

}  // namespace

TEST_CASE("a chunk freed twice is told with the events that handed it out and freed it") {
  for (int major : kMajors) {
    Watched w(major);
    Address p = w.process.memory_context_alloc(w.work, 100);
    EventNumber born = w.process.born_at(p);
    CHECK(w.is<ChunkAllocated>(born));
    w.process.pfree(p);
    CHECK(w.process.born_at(p) == 0);
    if (major == 15) {  // the link to the next free chunk stands where the context did
      CHECK_THROWS_AS(w.process.pfree(p), Crash);
    } else {
      w.process.pfree(p);
    }
    FaultFound fault = w.only(FaultKind::DoubleFree);
    CHECK(fault.at == p);
    CHECK(fault.born == born);
    CHECK(w.is<ChunkFreed>(fault.ended));
    CHECK(fault.context == w.process.names().context(w.work));

    // What really happens: the freelist runs in a circle, and the chunk goes to two owners.
    if (major == 15) continue;
    Address a = w.process.memory_context_alloc(w.work, 100), b = w.process.memory_context_alloc(w.work, 100);
    CHECK(a == b);
    REQUIRE(w.faults().size() == 2);
    CHECK(w.faults()[1].kind == FaultKind::HeapCorrupt);
    CHECK(w.faults()[1].at == a);
    CHECK(w.is<ChunkAllocated>(w.faults()[1].born));
  }
}

TEST_CASE("a pointer freed again after its memory got a new owner is a double free if its origin is known") {
  Watched w(17);
  Address p = w.process.memory_context_alloc(w.work, 100);
  EventNumber born = w.process.born_at(p);
  w.process.pfree(p);
  Address q = w.process.memory_context_alloc(w.work, 90);
  REQUIRE(q == p);
  w.process.pointer_from(p, born);
  w.process.pfree(p);
  CHECK(w.only(FaultKind::DoubleFree).born == born);
}

TEST_CASE("freed memory that is read, written or resized is told, also when it has a new owner") {
  for (int major : kMajors) {
    Watched w(major);
    Address p = w.process.memory_context_alloc(w.work, 100);
    EventNumber born = w.process.born_at(p);
    w.process.pfree(p);
    w.write(p + 10, "late");
    FaultFound fault = w.only(FaultKind::UseAfterFree);
    CHECK(fault.at == p + 10);
    CHECK(fault.bytes == 4);
    CHECK(fault.born == born);
    CHECK(w.is<ChunkFreed>(fault.ended));

    w.read(p, 8);
    REQUIRE(w.faults().size() == 2);
    CHECK(w.faults()[1].kind == FaultKind::UseAfterFree);

    Address q = w.process.memory_context_alloc(w.work, 100);
    REQUIRE(q == p);
    w.write(q, "mine");
    CHECK(w.faults().size() == 2);
    w.write_from(p, born, "not mine");
    REQUIRE(w.faults().size() == 3);
    CHECK(w.faults()[2].kind == FaultKind::UseAfterFree);
    CHECK(w.faults()[2].born == born);
  }
}

TEST_CASE("memory used after its context was reset or deleted is told with that event") {
  for (int major : kMajors) {
    Watched w(major);
    Address p = w.process.memory_context_alloc(w.work, 100);
    Address large = w.process.memory_context_alloc(w.work, 20'000);
    w.process.memory_context_reset(w.work);
    w.write(p, "x");
    FaultFound reset = w.only(FaultKind::UseAfterReset);
    CHECK(w.is<ContextReset>(reset.ended));
    w.read(large + 100, 10);
    REQUIRE(w.faults().size() == 2);
    CHECK(w.faults()[1].kind == FaultKind::UseAfterReset);

    Address q = w.process.memory_context_alloc(w.work, 50);
    w.process.memory_context_delete(w.work);
    w.read(q, 1);
    REQUIRE(w.faults().size() == 3);
    CHECK(w.faults()[2].kind == FaultKind::UseAfterDelete);
    CHECK(w.is<ContextDeleted>(w.faults()[2].ended));
    CHECK(!w.faults()[2].context);

    CHECK_THROWS_AS(w.process.memory_context_alloc(w.work, 8), Crash);
    REQUIRE(w.faults().size() == 4);
    CHECK(w.faults()[3].kind == FaultKind::UseAfterDelete);
    CHECK(w.faults()[3].at == w.work);
    CHECK(w.is<ContextCreated>(w.faults()[3].born));
  }
}

TEST_CASE("a write behind what was asked for, or in front of it, is told with the bytes concerned") {
  for (int major : kMajors) {
    Watched w(major);
    Address p = w.process.memory_context_alloc(w.work, 100);
    Address q = w.process.memory_context_alloc(w.work, 100);
    w.write(p + 96, "four");
    CHECK(w.faults().empty());
    w.write(p + 96, "sixsix");  // within the 128 that were granted: a mistake all the same
    FaultFound fault = w.only(FaultKind::WritePastEnd);
    CHECK(fault.at == p + 100);
    CHECK(fault.bytes == 2);
    CHECK(fault.born == w.process.born_at(p));
    CHECK(fault.ended == 0);

    w.process.pointer_from(p, w.process.born_at(p));
    w.write(p + 128, "over the header of the next chunk");
    w.write(q - 8, "in front");
    w.read(q + 90, 11);
    REQUIRE(w.faults().size() == 4);
    CHECK(w.faults()[1].kind == FaultKind::WritePastEnd);
    CHECK(w.faults()[1].born == w.process.born_at(p));
    CHECK(w.faults()[2].kind == FaultKind::WritePastEnd);
    CHECK(w.faults()[2].at == q - 8);
    CHECK(w.faults()[2].born == w.process.born_at(q));
    CHECK(w.faults()[3].kind == FaultKind::ReadPastEnd);
    CHECK(w.faults()[3].bytes == 1);

    // Found again by whoever looks at the header.
    try {
      w.process.pfree(q);
    } catch (const Ereport&) {
    } catch (const Crash&) {
    }
    CHECK(w.faults().back().kind == FaultKind::HeapCorrupt);
    CHECK(w.faults().back().born == w.process.born_at(q));
  }
}

TEST_CASE("an overrun that leaves the chunk's block at once is the chunk's") {
  for (int major : kMajors) {
    Watched w(major);
    Address large = w.process.memory_context_alloc(w.work, 20'000);
    w.write(large + 20'000, "x");
    CHECK(w.only(FaultKind::WritePastEnd).born == w.process.born_at(large));
  }
}

TEST_CASE("C's own memory has bounds and an end, too") {
  Watched w(17);
  Address p = w.process.malloc(100);
  w.write(p, std::string(100, 'x'));
  p = w.process.realloc(p, 5000);
  w.write(p, std::string(5000, 'x'));
  CHECK(w.faults().empty());
  w.write(p + 4999, "xx");
  CHECK(w.only(FaultKind::WritePastEnd).bytes == 1);
  w.process.free(p);
  w.read(p, 1);
  REQUIRE(w.faults().size() == 2);
  CHECK(w.faults()[1].kind == FaultKind::UseAfterFree);
  CHECK(w.is<Free>(w.faults()[1].ended));
}

TEST_CASE("a pointer that palloc never returned is told with the memory it leads into") {
  for (int major : kMajors) {
    Watched w(major);
    auto pfree = [&w](Address at) {
      try {
        w.process.pfree(at);
      } catch (const Ereport&) {
      } catch (const Crash&) {
      }
      FaultFound last = w.faults().back();
      return last;
    };
    Address p = w.process.memory_context_alloc_zero(w.work, 100);
    FaultFound inner = pfree(p + 16);
    CHECK(inner.kind == FaultKind::InvalidPointer);
    CHECK(inner.born == w.process.born_at(p));
    Address foreign = w.process.malloc(100);
    FaultFound own = pfree(foreign);
    CHECK(own.kind == FaultKind::InvalidPointer);
    CHECK(w.is<Malloc>(own.born));
    FaultFound garbage = pfree({0x12345678});
    CHECK(garbage.kind == FaultKind::InvalidPointer);
    CHECK(garbage.born == 0);
    CHECK(w.faults().size() == 3);
  }
}

TEST_CASE("pfree and repalloc of what lies in a Bump context are told") {
  for (int major : {17, 18}) {
    Watched w(major);
    Address bump = w.process.bump_context_create(w.work, "tuples");
    Address p = w.process.memory_context_alloc_zero(bump, 100);
    Address q = w.process.memory_context_alloc_zero(bump, 100);
    for (Address at : {p, q, w.process.memory_context_alloc(bump, 0)}) {
      try {
        w.process.pfree(at);
      } catch (const Ereport&) {
      } catch (const Crash&) {
      }
      CHECK(w.faults().back().kind == FaultKind::FreeInBump);
      CHECK(w.faults().back().at == at);
    }
    try {
      w.process.repalloc(q, 200);
    } catch (const Ereport&) {
    } catch (const Crash&) {
    }
    CHECK(w.faults().size() == 4);
  }
}

TEST_CASE("a request that is too large, and one that malloc cannot satisfy, are told before the error") {
  for (int major : kMajors) {
    Watched w(major);
    CHECK_THROWS_AS(w.process.memory_context_alloc(w.work, 0x40000000), Ereport);
    FaultFound large = w.only(FaultKind::TooLarge);
    CHECK(large.bytes == 0x40000000);
    CHECK(large.context == w.process.names().context(w.work));

    w.process.fail_mallocs_from(50'000);
    CHECK_THROWS_AS(w.process.memory_context_alloc(w.work, 100'000), Ereport);
    REQUIRE(w.faults().size() == 2);
    CHECK(w.faults()[1].kind == FaultKind::OutOfMemory);
    CHECK(w.faults()[1].bytes == 100'000);
    CHECK(!w.process.memory_context_alloc_extended(w.work, 100'000, 2));  // MCXT_ALLOC_NO_OOM: it asked to be told
    CHECK(!w.process.malloc(100'000));
    CHECK(w.faults().size() == 2);
    w.process.fail_mallocs_from(1);
    CHECK_THROWS_AS(w.process.alloc_set_context_create(w.work, "none", {0, 16384, 16384}), Ereport);
    REQUIRE(w.faults().size() == 3);
    CHECK(w.faults()[2].kind == FaultKind::OutOfMemory);
  }
}

TEST_CASE("an allocation in a critical section is told, unless its context allows it") {
  for (int major : kMajors) {
    Watched w(major);
    w.process.start_crit_section();
    w.process.memory_context_alloc(w.process.error_context(), 10);
    CHECK(w.faults().empty());
    w.process.memory_context_alloc(w.work, 10);
    CHECK(w.only(FaultKind::InCriticalSection).bytes == 10);
    w.process.alloc_set_context_create(w.work, "made inside");
    CHECK(w.faults().size() == 2);
    w.process.end_crit_section();
    w.process.memory_context_alloc(w.work, 10);
    CHECK(w.faults().size() == 2);
  }
}

TEST_CASE("aligned chunks are known by the pointer that was handed out") {
  for (int major : {16, 17, 18}) {
    Watched w(major);
    Address p = w.process.memory_context_alloc_aligned(w.work, 100, 64, 0);
    w.write(p, std::string(100, 'x'));
    p = w.process.repalloc(p, 300);
    w.write(p, std::string(300, 'x'));
    CHECK(w.process.born_at(p) != 0);
    w.process.pfree(p);
    CHECK(w.faults().empty());
    w.read(p, 1);
    w.only(FaultKind::UseAfterFree);
  }
}

TEST_CASE("a large chunk that repalloc moved has ended where it was") {
  for (int major : kMajors) {
    Watched w(major);
    Address old = w.process.memory_context_alloc(w.work, 20'000);
    w.process.memory_context_alloc(w.work, 20'000);
    EventNumber born = w.process.born_at(old);
    Address now = w.process.repalloc(old, 200'000);
    REQUIRE(now != old);
    w.write(now, std::string(200'000, 'x'));
    CHECK(w.faults().empty());
    w.write_from(old, born, "x");
    FaultFound fault = w.only(FaultKind::UseAfterFree);
    CHECK(fault.born == born);
    CHECK(w.is<Realloc>(fault.ended));
  }
}

TEST_CASE("random correct operations make no fault on any version, in production and checking builds") {
  const std::uint64_t base = std::random_device{}();
  for (int major : kMajors) {
    for (bool checking : {false, true}) {
      const std::uint64_t seed = base + static_cast<std::uint64_t>(major);
      INFO("PostgreSQL " << major << (checking ? ", checking" : "") << ", seed " << seed);
      EventLog log;
      Process process(*find_profile(major, checking), log, {.watch_faults = true});
      palloscope::test::RandomOperations operations(process, seed);
      for (int i = 0; i < 20'000; ++i) {
        operations.operate();
        if (i % 500 == 0) {
          for (const FaultFound& fault : log.of<FaultFound>()) {
            if (fault.kind == FaultKind::OutOfMemory || fault.kind == FaultKind::TooLarge) continue;
            CAPTURE(i, static_cast<int>(fault.kind), fault.at.value, fault.bytes, fault.born, fault.ended);
            FAIL("a fault where there is none");
          }
          log.clear();
        }
      }
    }
  }
}
