#include "trace/analysis/context_counters.h"

#include "core/events/event_sink.h"
#include "core/mcxt/process.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

struct Replayed final : core::EventSink {
  MemoryState state;
  void emit(const core::EventBody& event) override { state.apply(event); }
};

const ContextRecord& named(const MemoryState& state, const std::string& name) {
  for (const ContextRecord& context : state.contexts()) {
    if (context.born != 0 && context.name == name) return context;
  }
  FAIL("no context " << name);
  return state.contexts()[0];
}

}  // namespace

TEST_CASE("Counters of an AllocSet are what its stats method counts, in every version") {
  for (int major : {15, 16, 17, 18}) {
    const core::VersionProfile* profile = core::find_profile(major, false);
    REQUIRE(profile);
    Replayed replayed;
    core::Process process(*profile, replayed);
    const auto context = process.alloc_set_context_create(process.top_memory_context(), "worked example");
    process.memory_context_switch_to(context);
    // Spec 3.12 a.
    process.palloc(100);
    process.palloc(8000);
    const auto large = process.palloc(8193);
    ReportedCounters counters = context_counters(replayed.state, named(replayed.state, "worked example"), profile);
    CHECK(counters.total_bytes == (major == 15 ? 32832 : 32824));
    CHECK(counters.blocks == 3);
    if (major == 15) {
      CHECK(counters.free_bytes == 15920);
      CHECK(counters.free_chunks == 5);
    }
    if (major >= 17) {
      CHECK(counters.free_bytes == 15960);
      CHECK(counters.free_chunks == 6);
      CHECK(counters.used_bytes == 16864);
    }
    process.pfree(large);
    const auto own = process.memory_context_counters(context);
    counters = context_counters(replayed.state, named(replayed.state, "worked example"), profile);
    CHECK(counters.blocks == own.nblocks);
    CHECK(counters.total_bytes == own.totalspace);
    CHECK(counters.free_bytes == own.freespace);
    CHECK(counters.free_chunks == own.freechunks);
    CHECK(replayed.state.fault_count() == 0);
  }
}

TEST_CASE("A reported context shows what was reported, and sums include omitted children") {
  MemoryState state;
  auto create = [&](std::uint32_t slot, std::uint32_t parent) {
    core::ContextCreated created;
    created.context = {slot};
    created.parent = {parent};
    state.apply(created);
  };
  create(0, ContextSlot::kNone);
  create(1, 0);
  create(2, 1);
  state.apply(core::ContextReported{{0}, 1, 1000, 100, 2, 900, 0, 0});
  state.apply(core::ContextReported{{1}, 2, 2000, 200, 3, 1800, 0, 0});
  state.apply(core::ContextReported{{2}, 3, 4000, 400, 4, 3600, 7, 1});
  state.apply(core::ContextsOmitted{{1}, 10, 20, 30000, 3000, 5, 27000});
  CHECK(context_counters(state, *state.context({2}), nullptr) == ReportedCounters{3, 4000, 400, 4, 3600, 7, 1});
  InclusiveCountersCache cache;
  const auto& sums = cache.of(state, nullptr);
  CHECK(sums[2] == InclusiveCounters{1, 3, 4000, 400, 4, 3600});
  CHECK(sums[1] == InclusiveCounters{12, 25, 36000, 3600, 12, 32400});
  CHECK(sums[0] == InclusiveCounters{13, 26, 37000, 3700, 14, 33300});
  CHECK(state.totals().context_bytes == 37000);
  state.apply(core::ContextDeleted{{2}});
  CHECK(cache.of(state, nullptr)[0].total_bytes == 33000);
  CHECK(state.totals().context_bytes == 33000);
}
