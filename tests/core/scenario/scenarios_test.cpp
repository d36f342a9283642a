// Every lesson that is part of the program, on every version.
#include <set>
#include <string>

#include "core/scenario/scenario_run.h"
#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::core;
using test::Script;

namespace {

bool has_chinese(const std::string& text) {
  for (unsigned char c : text)
    if (c >= 0xE4) return true;  // lead byte of U+4000 and up
  return false;
}

}  // namespace

TEST_CASE("every scenario has a head in both languages and a place of its own in the list") {
  REQUIRE(builtin_scenarios().size() >= 9);
  std::set<int> orders;
  for (const BuiltinScenario& scenario : builtin_scenarios()) {
    CAPTURE(scenario.info.name);
    CHECK(scenario.info.problem.empty());
    CHECK(!scenario.info.title.en.empty());
    CHECK(has_chinese(scenario.info.title.zh));
    CHECK(!scenario.info.about.en.empty());
    CHECK(has_chinese(scenario.info.about.zh));
    CHECK(orders.insert(scenario.info.order).second);
    CHECK(find_builtin_scenario(scenario.info.name) == &scenario);
  }
}

TEST_CASE("every scenario ends well on every version, told in both languages, twice the same") {
  for (const BuiltinScenario& scenario : builtin_scenarios()) {
    for (int pg_major : {15, 16, 17, 18}) {
      if (scenario.info.pg_major && pg_major < *scenario.info.pg_major) continue;
      CAPTURE(scenario.info.name, pg_major);
      ScenarioOptions options;
      options.pg_major = pg_major;
      Script first(scenario.text, options, scenario.info.name);
      first.finish();
      auto narrations = first.log.all<Narration>();
      CHECK(narrations.size() >= 5);
      for (const Narration& narration : narrations) {
        CAPTURE(narration.en);
        CHECK(!has_chinese(narration.en));
        CHECK(has_chinese(narration.zh));
      }
      Script second(scenario.text, options, scenario.info.name);
      second.finish();
      CHECK(first.log.events == second.log.events);
    }
  }
}

TEST_CASE("a scenario advanced in small steps makes the same events as one that runs through") {
  for (const BuiltinScenario& scenario : builtin_scenarios()) {
    CAPTURE(scenario.info.name);
    Script whole(scenario.text, {}, scenario.info.name);
    whole.finish();
    const AdvanceLimits ways[] = {
        {.instructions = 1}, {.instructions = 10}, {.events = 1}, {.at_line = true}, {.at_narration = true}};
    for (const AdvanceLimits& limits : ways) {
      Script stepped(scenario.text, {}, scenario.info.name);
      int steps = 1;
      while (stepped.run.advance(limits) == RunState::Paused) ++steps;
      CHECK(steps > 3);
      CHECK(stepped.run.state() == RunState::Finished);
      CHECK(stepped.log.events == whole.log.events);
    }
  }
}

TEST_CASE("a scenario is found by its name, without its number, or by its number") {
  const BuiltinScenario* scenario = find_builtin_scenario("05-large-chunks");
  REQUIRE(scenario);
  CHECK(find_builtin_scenario("large-chunks") == scenario);
  CHECK(find_builtin_scenario("05") == scenario);
  CHECK(find_builtin_scenario("no-such") == nullptr);
}

TEST_CASE("the head of a script is read without running what follows, and its absence is explained") {
  auto info = read_scenario_info("lessons/mine.lua",
                                 "scenario{ title = { en = 'A', zh = '甲' }, order = 3, pg = 16 }\nwhile true do end");
  CHECK(info.name == "mine");
  CHECK(info.title == LocalizedText{"A", "甲"});
  CHECK(info.order == 3);
  CHECK(info.pg_major == 16);
  CHECK(info.problem.empty());

  CHECK_THAT(read_scenario_info("a.lua", "p = palloc(3)").problem, Catch::Matchers::ContainsSubstring("a.lua:1:"));
  CHECK_THAT(read_scenario_info("a.lua", "while true do end").problem,
             Catch::Matchers::ContainsSubstring("takes too long"));
  CHECK_THAT(read_scenario_info("a.lua", "scenario{").problem, Catch::Matchers::ContainsSubstring("a.lua:1:"));
  CHECK_THAT(read_scenario_info("a.lua", "scenario{ title = { en = 'x' } }").problem,
             Catch::Matchers::ContainsSubstring("en and zh"));
  CHECK_THAT(read_scenario_info("a.lua", "scenario{ title = { en = ('x'):rep(1e8), zh = '' } }").problem,
             Catch::Matchers::ContainsSubstring("memory"));
  CHECK(read_scenario_info("a.lua", "").title.en == "a");
}
