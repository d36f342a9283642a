// Recordings to compare, and running a comparison to its end.
#pragma once

#include <string>
#include <string_view>

#include "core/scenario/scenario_run.h"
#include "tests/support/catch.h"
#include "tests/support/random_operations.h"
#include "trace/compare/comparison.h"

namespace palloscope::test {

inline trace::Timeline record_script(std::string_view name, std::string_view text, int pg_major) {
  core::ScenarioOptions options;
  options.pg_major = pg_major;
  trace::Timeline timeline =
      trace::Timeline::recording(core::describe_scenario(core::read_scenario_info(name, text), options));
  auto run = core::ScenarioRun::start(name, text, options, timeline.sink());
  REQUIRE(run);
  run->advance();
  return timeline;
}

inline trace::Timeline record_random(std::uint64_t seed, int pg_major, int operations) {
  trace::Timeline timeline =
      trace::Timeline::recording({core::SourceKind::Recording, pg_major, false, "random", "test"});
  core::Process process(*core::find_profile(pg_major, false), timeline.sink());
  RandomOperations random(process, seed);
  for (int i = 0; i < operations; ++i) random.operate();
  return timeline;
}

inline trace::ContenderSpec contender(std::string_view text) {
  auto parsed = trace::parse_contender(text);
  INFO((parsed ? std::string() : parsed.error().message));
  REQUIRE(parsed);
  return *parsed;
}

inline void finish(trace::Comparison& comparison, std::uint64_t slice = 1'000'000) {
  while (comparison.advance(slice)) {
  }
}

inline std::string show(const trace::Figures& f) {
  return "held " + std::to_string(f.held_bytes) + " requested " + std::to_string(f.requested_bytes) + " in chunks " +
         std::to_string(f.in_chunk_bytes) + " free " + std::to_string(f.free_bytes) + " tails " +
         std::to_string(f.tail_bytes) + " other " + std::to_string(f.other_bytes) + " blocks " +
         std::to_string(f.blocks) + " mallocs " + std::to_string(f.malloc_calls) + " frees " +
         std::to_string(f.free_calls);
}

}  // namespace palloscope::test
