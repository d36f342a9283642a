#include "trace/analysis/heap_check.h"

#include <string>
#include <vector>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

using namespace core;
using Catch::Matchers::ContainsSubstring;

// Keeps the events, and checks the whole heap after each of them.
struct CheckingSink final : EventSink {
  MemoryState state;
  std::vector<EventBody> events;
  void emit(const EventBody& event) override {
    state.apply(event);
    events.push_back(event);
    const std::vector<std::string> broken = check_heap(state);
    INFO("event " << events.size());
    CHECK(broken == std::vector<std::string>{});
  }
};

void live_a_little(Process& process) {
  const Address top = process.top_memory_context();
  const Address set = process.alloc_set_context_create(top, "set");
  const Address generation = process.generation_context_create(top, "generation");
  const Address slab = process.slab_context_create(top, "slab", 1024, 100);
  std::vector<Address> chunks;
  for (std::uint64_t i = 0; i < 60; ++i) {
    chunks.push_back(process.memory_context_alloc(set, 1 + i * 37));
    chunks.push_back(process.memory_context_alloc(generation, 1 + i * 53));
    chunks.push_back(process.memory_context_alloc(slab, 100));
  }
  for (std::size_t i = 0; i < chunks.size(); i += 2) process.pfree(chunks[i]);
  chunks[1] = process.memory_context_alloc(set, 20000);
  chunks[1] = process.repalloc(chunks[1], 60000);
  process.pfree(chunks[1]);
  process.memory_context_reset(generation);
  process.memory_context_delete(set);
}

TEST_CASE("a correct process breaks no rule, after any event") {
  for (const int major : {15, 17}) {
    CheckingSink sink;
    Process process(*find_profile(major, false), sink);
    live_a_little(process);
    CHECK(sink.events.size() > 300);
    CHECK(sink.state.fault_count() == 0);
  }
}

// The events of a short correct life, one of them changed.
template <class Event, class Change>
std::string broken_by(std::size_t which, Change change) {
  CheckingSink sink;
  {
    Process process(*find_profile(17, false), sink);
    const Address set = process.alloc_set_context_create(process.top_memory_context(), "set");
    for (std::uint64_t i = 0; i < 4; ++i) process.memory_context_alloc(set, 100);
    process.pfree(process.memory_context_alloc(set, 50));
  }
  MemoryState state;
  for (EventBody event : sink.events) {
    if (Event* body = std::get_if<Event>(&event))
      if (which-- == 0) change(*body);
    state.apply(event);
  }
  std::string all;
  for (const std::string& what : check_heap(state)) all += what + "\n";
  for (const Fault& fault : state.faults()) all += fault.what + "\n";
  return all;
}

TEST_CASE("chunks on each other, outside their block, too small, or of a wrong class are found") {
  CHECK_THAT(broken_by<ChunkAllocated>(1, [](ChunkAllocated& e) { e.at = e.at - 16; }),
             ContainsSubstring("lies before"));
  CHECK_THAT(broken_by<ChunkAllocated>(3, [](ChunkAllocated& e) { e.granted_bytes = 1 << 20; }),
             !Catch::Matchers::Equals(""));
  CHECK_THAT(broken_by<ChunkAllocated>(2, [](ChunkAllocated& e) { e.requested_bytes = 1000; }),
             ContainsSubstring("got 128 of 1000 bytes"));
  CHECK_THAT(broken_by<ChunkAllocated>(4, [](ChunkAllocated& e) { e.size_class = 7; }), !Catch::Matchers::Equals(""));
}

TEST_CASE("regions that overlap are found") {
  CHECK_THAT(broken_by<Malloc>(0, [](Malloc& e) { e.bytes = std::uint64_t{1} << 40; }), ContainsSubstring("overlap"));
}

}  // namespace
}  // namespace palloscope::trace
