#include "trace/analysis/fault_list.h"

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "trace/analysis/recycled_contexts.h"

namespace palloscope::trace {
namespace {

using namespace core;

FaultFound at(Address address, EventNumber born) {
  FaultFound fault;
  fault.kind = FaultKind::UseAfterFree;
  fault.at = address;
  fault.born = born;
  return fault;
}

}  // namespace

TEST_CASE("mistakes are collected as a stream grows, each once") {
  Timeline timeline = Timeline::recording({});
  FaultList list;
  constexpr int kFaults = 100;
  for (int i = 1; i <= kFaults; ++i) {
    for (int j = 0; j < 600; ++j) timeline.sink().emit(Output{"x"});
    timeline.sink().emit(at({static_cast<std::uint64_t>(i) * 16}, 1));
    if (i % 7 == 0) list.follow(timeline);
  }
  while (!list.follow(timeline, 1)) {
  }
  REQUIRE(list.is_whole(timeline));
  REQUIRE(list.count() == kFaults);
  REQUIRE(list.faults().size() == kFaults);
  for (int i = 1; i <= kFaults; ++i) {
    const FoundFault& found = list.faults()[static_cast<std::size_t>(i - 1)];
    REQUIRE(found.event == static_cast<EventNumber>(i) * 601);
    REQUIRE(found.what.at.value == static_cast<std::uint64_t>(i) * 16);
  }
  REQUIRE(list.until(601 * 3).size() == 3);
  REQUIRE(list.until(601 * 3 - 1).size() == 2);
}

TEST_CASE("a mistake matters until its memory is handed out anew or given back") {
  Timeline timeline = Timeline::recording({});
  Process process(*find_profile(17, false), timeline.sink());
  const Address bag = process.alloc_set_context_create(process.top_memory_context(), "bag", kDefaultSizes);
  process.memory_context_switch_to(bag);
  const Address small = process.palloc(100), large = process.palloc(50'000);
  process.pfree(small);
  timeline.sink().emit(at(small + 8, 1));
  timeline.sink().emit(at(large, 1));
  FaultList list;
  REQUIRE(list.follow(timeline));
  timeline.seek(list.faults()[0].event - 1);
  CHECK_FALSE(matters_in(list.faults()[0], timeline.state()));
  timeline.seek(timeline.size());
  CHECK(matters_in(list.faults()[0], timeline.state()) == region_at(timeline.state(), small));
  CHECK(matters_in(list.faults()[1], timeline.state()) == region_at(timeline.state(), large));
  process.pfree(large);
  REQUIRE(process.palloc(110) == small);
  timeline.seek(timeline.size());
  CHECK_FALSE(matters_in(list.faults()[0], timeline.state()));
  CHECK_FALSE(matters_in(list.faults()[1], timeline.state()));
}

TEST_CASE("a context that was taken from a list of recycled ones keeps the chunk limit and tells whose it was") {
  Timeline timeline = Timeline::recording({});
  Process process(*find_profile(17, false), timeline.sink());
  const Address first = process.alloc_set_context_create(process.top_memory_context(), "first", kSmallSizes);
  const Address second = process.alloc_set_context_create(process.top_memory_context(), "second", kSmallSizes);
  process.memory_context_delete(first);
  process.memory_context_delete(second);
  timeline.seek(timeline.size());
  const auto waiting = recycled_contexts(timeline, 1);
  REQUIRE(waiting.size() == 2);
  CHECK(recycled_contexts(timeline, 0).empty());
  CHECK(waiting[0].was.name == "second");
  CHECK(waiting[1].was.name == "first");
  CHECK(waiting[0].was.chunk_limit_bytes == 1024);
  process.alloc_set_context_create(process.top_memory_context(), "third", kStartSmallSizes);
  timeline.seek(timeline.size());
  REQUIRE(recycled_contexts(timeline, 1).size() == 1);
  ContextSlot third;
  for (std::uint32_t i = 0; i < timeline.state().contexts().size(); ++i)
    if (timeline.state().contexts()[i].born != 0 && timeline.state().contexts()[i].name == "third") third = {i};
  const auto taken = taken_over(timeline, third);
  REQUIRE(taken);
  CHECK(taken->was.name == "second");
  CHECK(timeline.state().context(third)->chunk_limit_bytes == 1024);
}

}  // namespace palloscope::trace
