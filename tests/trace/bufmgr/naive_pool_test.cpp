// core/bufmgr against the naive model of spec section 10, on random work of several backends.
//
// The ordinary run takes a few seconds. Longer: PALLOSCOPE_RANDOM_SECONDS=600; one seed again:
// PALLOSCOPE_RANDOM_SEED=N.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "tests/support/catch.h"
#include "tests/trace/bufmgr/pool_duel.h"

namespace palloscope::test {
namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST_CASE("after every step of random work the buffer pool is what a naive model of the specification says") {
  const std::uint64_t seconds = number_from_environment("PALLOSCOPE_RANDOM_SECONDS", 0);
  const std::uint64_t first =
      number_from_environment("PALLOSCOPE_RANDOM_SEED", static_cast<std::uint64_t>(std::random_device{}()));
  constexpr std::size_t kSteps = 400;
  constexpr std::uint64_t kRuns = 24;
  std::map<std::string, std::size_t> tally;
  std::size_t steps = 0, events = 0;
  const auto start = Clock::now();
  for (std::uint64_t run = 0;; ++run) {
    const bool time_left = Clock::now() - start < std::chrono::seconds(seconds);
    if (run >= kRuns && !time_left) break;
    PoolDuel duel(15 + static_cast<int>((first + run) % 4), first + run);
    const std::string difference = duel.run(seconds == 0 ? kSteps : 5 * kSteps);
    INFO(difference);
    REQUIRE(difference.empty());
    steps += duel.steps();
    events += duel.events();
    for (const auto& [what, count] : duel.tally()) tally[what] += count;
  }
  // Work that never happens proves nothing.
  for (const char* what : {"read", "extend", "release", "dirty", "ring", "drop", "truncate", "flush", "background",
                           "begin_checkpoint", "end", "error: no unpinned buffers available"})
    CHECK(tally[what] > 0);
  if (seconds == 0) return;
  std::cout << fmt::format("{} steps, {} events, from seed {}\n", steps, events, first);
  for (const auto& [what, count] : tally) std::cout << fmt::format("  {:<50} {}\n", what, count);
}

}  // namespace
}  // namespace palloscope::test
