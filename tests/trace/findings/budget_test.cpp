// Budgets against a naive reading of the same rules on random streams.
#include "trace/findings/budget.h"

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "tests/trace/findings/planted.h"

namespace palloscope::trace {
namespace {

std::vector<Breach> check(const Timeline& timeline, const std::vector<Budget>& budgets,
                          std::optional<RoundRule> rounds = {}, std::size_t slice = 997) {
  BudgetCheck run(timeline, budgets, std::move(rounds));
  while (!run.advance(slice)) {
  }
  return run.breaches();
}

std::vector<Budget> parsed(std::initializer_list<const char*> texts) {
  std::vector<Budget> budgets;
  for (const char* text : texts) {
    auto budget = Budget::parse(text);
    INFO(text);
    REQUIRE(budget);
    budgets.push_back(std::move(*budget));
  }
  return budgets;
}

TEST_CASE("the first event that breaks a rule is the first at which the state says so") {
  const auto seed = GENERATE(1u, 2u, 3u, 4u);
  Timeline timeline = Timeline::recording({});
  for (const core::EventBody& event : test::random_events(seed, 5'000, {.live_chunks = 500}))
    timeline.sink().emit(event);
  const auto budgets = parsed({"requested(\"context\") < 40kB", "count(\"cache\") < 3", "requested(\"nobody\") < 1"});
  EventNumber first[3] = {};
  timeline.visit(1, timeline.size(), [&](EventNumber n, const core::EventBody&, const MemoryState& after) {
    std::uint64_t requested = 0, caches = 0;
    for (const ContextRecord& context : after.contexts()) {
      if (context.born == 0) continue;
      if (context.name == "context") requested += context.requested_bytes;
      if (context.name == "cache") ++caches;
    }
    if (first[0] == 0 && requested >= 40 * 1024) first[0] = n;
    if (first[1] == 0 && caches >= 3) first[1] = n;
  });
  const std::vector<Breach> breaches = check(timeline, budgets);
  for (std::size_t rule = 0; rule < 3; ++rule) {
    EventNumber told = 0;
    for (const Breach& breach : breaches)
      if (breach.rule == rule) told = breach.event;
    INFO("rule " << rule << " seed " << seed);
    CHECK(told == first[rule]);
  }
}

TEST_CASE("a limit of growth is broken by the round after which the value stays above its line") {
  test::Planted planted;
  std::vector<EventNumber> ends;
  planted.transactions(80, [&](int i) {
    if (i >= 40) planted.alloc(planted.cache, 100);
    ends.push_back(planted.timeline.size() + 1);  // the reset's event
  });
  // From round 19 on it may grow by 50 a round: flat until round 39, then 100 a round: above the line from
  // (r - 39) * 100 >= (r - 19) * 50 on, that is round 59.
  const auto breaches = check(planted.timeline, parsed({"requested(\"CacheMemoryContext\") grows < 50 per round",
                                                        "requested(\"CacheMemoryContext\") grows < 70 per round",
                                                        "requested(\"TopTransactionContext\") grows < 1 per round"}));
  REQUIRE(breaches.size() == 1);
  CHECK(breaches[0].rule == 0);
  CHECK(breaches[0].event == ends[59]);
  CHECK(breaches[0].rounds == 60);
  CHECK(breaches[0].to - breaches[0].from == 4000);
}

TEST_CASE("bad rules are refused where they are wrong") {
  const auto column = [](const char* text) {
    ConditionMistake mistake;
    const auto budget = Budget::parse(text, &mistake);
    INFO(text);
    REQUIRE_FALSE(budget);
    return mistake.column;
  };
  CHECK(column("total(\"x\") grows > 1kB per round") == 17);
  CHECK(column("total(\"x\") grows < many per round") == 19);
  CHECK(column("total(\"x\") grows < 1kB per day") == 27);
  CHECK(column("total(\"x\") grows < 1kB per 0 rounds") == 27);
  CHECK(column("total(\"x\") grows < 1kB per round or so") == 33);
  column("grows < 1kB per round");
  column("total(\"x\") + total(\"y\") grows < 1kB per round");
}

}  // namespace
}  // namespace palloscope::trace
