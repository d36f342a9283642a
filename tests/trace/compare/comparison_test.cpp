// One stream of calls, several allocators: who equals the recording has exactly its figures, after every call.
#include "trace/compare/comparison.h"

#include <string>
#include <vector>

#include "tests/trace/compare/compared.h"

using namespace palloscope;
using namespace palloscope::trace;
using namespace palloscope::test;

namespace {

bool is_of_memory(const core::EventBody& event) {
  return std::visit(
      [](const auto& e) {
        constexpr int tag = std::decay_t<decltype(e)>::kTag;
        return tag < 60 && tag != core::MemoryWritten::kTag && tag != core::CallbackRun::kTag &&
               tag != core::MallocFailed::kTag;
      },
      event);
}

// After every `stride`-th call both states cost the same.
void compare_states(Comparison& comparison, Timeline& recorded, std::uint64_t stride) {
  Contender& found_by = *comparison.entries().front().contender;
  Timeline& own = found_by.timeline();
  REQUIRE(found_by.marks().size() == comparison.calls());
  for (std::uint64_t call = 1; call <= comparison.calls(); call += call + stride < comparison.calls() ? stride : 1) {
    recorded.seek(comparison.marks().event_of(call));
    own.seek(found_by.marks().event_of(call));
    INFO("call " << call << " of " << comparison.calls() << ", event " << recorded.cursor() << " and " << own.cursor());
    const Figures expected = figures_of(recorded.state(), comparison.recorded_measure());
    const Figures found = figures_of(own.state(), found_by.measure());
    INFO(show(expected) << "\n" << show(found));
    REQUIRE(expected == found);
    REQUIRE(found_by.marks().call_of(own.cursor()) == call);
  }
}

// Behind a curve's last piece nothing has changed any more: how many it has is nobody's business.
std::vector<std::uint64_t> until_last_change(const HeldCurve& curve) {
  std::vector<std::uint64_t> pieces = curve.pieces();
  while (pieces.size() > 1 && pieces[pieces.size() - 2] == pieces.back()) pieces.pop_back();
  return pieces;
}

void require_equal(Timeline& recorded, std::uint64_t stride) {
  Comparison comparison(recorded);
  REQUIRE(comparison.add(contender("recorded")));
  finish(comparison);
  REQUIRE(comparison.stopped() == "");
  REQUIRE(comparison.entries().front().refused == "");
  const RunFigures& found = comparison.entries().front().contender->figures();
  const RunFigures& expected = comparison.recorded_figures();
  INFO(show(expected.last) << "\n" << show(found.last));
  CHECK(expected.last == found.last);
  CHECK(expected.peak == found.peak);
  CHECK(expected.peak_call == found.peak_call);
  CHECK(expected.peak_event == found.peak_event);
  CHECK(until_last_change(expected.curve) == until_last_change(found.curve));
  recorded.seek(recorded.size());
  CHECK(figures_of(recorded.state(), comparison.recorded_measure()) == expected.last);
  compare_states(comparison, recorded, stride);
}

}  // namespace

TEST_CASE("a contender that equals the recording makes every scenario's events again, on every version") {
  for (const core::BuiltinScenario& scenario : core::builtin_scenarios())
    for (const int pg_major : {15, 16, 17, 18}) {
      if (scenario.info.pg_major && pg_major < *scenario.info.pg_major) continue;
      CAPTURE(scenario.info.name, pg_major);
      Timeline recorded = record_script(scenario.info.name, scenario.text, pg_major);
      Comparison comparison(recorded);
      REQUIRE(comparison.add(contender("recorded")));
      finish(comparison, 100);
      if (!comparison.stopped().empty()) continue;  // a lesson about a mistake
      require_equal(recorded, 1);
      const Timeline& own = comparison.entries().front().contender->timeline();
      std::vector<core::EventBody> expected, found;
      for (core::EventNumber n = 1; n <= recorded.size(); ++n)
        if (auto event = recorded.event(n); is_of_memory(event)) expected.push_back(event);
      for (core::EventNumber n = 1; n <= own.size(); ++n)
        if (auto event = own.event(n); is_of_memory(event)) found.push_back(event);
      CHECK(expected == found);
    }
}

TEST_CASE("a contender that equals the recording has its figures after every call of random programs") {
  for (const int pg_major : {15, 16, 17, 18})
    for (const std::uint64_t seed : {1, 2, 3}) {
      CAPTURE(pg_major, seed);
      Timeline recorded = record_random(seed, pg_major, 4000);
      require_equal(recorded, 37);
    }
}

TEST_CASE("small slices, and a contender that comes later, give the same as one run") {
  Timeline recorded = record_random(7, 17, 3000);
  Comparison whole(recorded), sliced(recorded);
  for (const char* text : {"aset:0/1k/8k", "malloc", "pool"}) REQUIRE(whole.add(contender(text)));
  finish(whole);
  REQUIRE(sliced.add(contender("aset:0/1k/8k")));
  REQUIRE(sliced.add(contender("generation")));
  for (int i = 0; i < 20; ++i) sliced.advance(100);
  REQUIRE(sliced.progress() < 1);
  REQUIRE(sliced.add(contender("malloc")));
  finish(sliced, 777);
  REQUIRE(sliced.progress() == 1);
  sliced.remove(1);
  REQUIRE(sliced.add(contender("pool")));
  REQUIRE_FALSE(sliced.done());
  finish(sliced, 5000);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    const Contender& a = *whole.entries()[i].contender;
    const Contender& b = *sliced.entries()[i].contender;
    REQUIRE(whole.entries()[i].refused == "");
    CHECK(a.figures().last == b.figures().last);
    CHECK(a.figures().peak == b.figures().peak);
    CHECK(a.timeline().size() == b.timeline().size());
    CHECK(a.figures().curve.pieces() == b.figures().curve.pieces());
  }
  CHECK(whole.recorded_figures().peak == sliced.recorded_figures().peak);
}

TEST_CASE("every contender asks for the same after every call, and its parts make up what it holds") {
  for (const std::uint64_t seed : {11, 12}) {
    Timeline recorded = record_random(seed, 17, 2000);
    Comparison comparison(recorded);
    for (const char* text : {"aset", "aset:0/1k/8k", "generation", "bump+nofree", "slab:256/2k", "malloc", "pool",
                             "pool:1k", "recorded@16", "recorded@18"})
      REQUIRE(comparison.add(contender(text)));
    finish(comparison);
    REQUIRE(comparison.stopped() == "");
    for (std::size_t i = 0; i < comparison.entries().size(); ++i) {
      CAPTURE(seed, i, comparison.entries()[i].refused);
      REQUIRE(comparison.entries()[i].refused == "");
      Contender& one = *comparison.entries()[i].contender;
      REQUIRE(one.marks().size() == comparison.calls());
      REQUIRE(one.timeline().state().fault_count() == 0);
      for (std::uint64_t call = 1; call <= comparison.calls(); call += 61) {
        recorded.seek(comparison.marks().event_of(call));
        const Figures expected = figures_of(recorded.state(), comparison.recorded_measure());
        const Figures found = *comparison.figures_at(i, call);
        INFO("call " << call << "\n" << show(expected) << "\n" << show(found));
        REQUIRE(found.requested_bytes == expected.requested_bytes);
        REQUIRE(found.held_bytes ==
                found.requested_bytes + found.in_chunk_bytes + found.free_bytes + found.tail_bytes + found.other_bytes);
        REQUIRE(one.timeline().state().fault_count() == 0);
      }
      CHECK(*comparison.figures_at(i, comparison.calls()) == one.figures().last);
    }
  }
}
