// The mistakes of scripts: what the language of scenarios lets the watch see, and what each lesson tells.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/scenario/scenario_run.h"
#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"

using namespace palloscope::core;
using palloscope::test::Script;

namespace {

std::vector<FaultKind> kinds(const Script& script) {
  std::vector<FaultKind> found;
  for (const FaultFound& fault : script.log.all<FaultFound>()) found.push_back(fault.kind);
  return found;
}

std::vector<FaultKind> kinds_in(std::string_view text) {
  Script script(text);
  script.finish();
  return kinds(script);
}

// The line that the n-th event comes from.
std::uint32_t line_of(const Script& script, EventNumber number) {
  std::uint32_t line = 0;
  for (EventNumber n = 1; n <= number && n <= script.log.events.size(); ++n)
    if (const auto* source = std::get_if<SourceLine>(&script.log.events[n - 1])) line = source->line;
  return line;
}
// The lines at which the only fault happened, its memory was handed out, and ended.
std::vector<std::uint32_t> places(const Script& script) {
  REQUIRE(script.log.count<FaultFound>() == 1);
  for (std::size_t i = 0; i < script.log.events.size(); ++i)
    if (const auto* fault = std::get_if<FaultFound>(&script.log.events[i]))
      return {line_of(script, i + 1), line_of(script, fault->born), line_of(script, fault->ended)};
  return {};
}

constexpr const char* kTwoContexts =
    "long = AllocSetContextCreate(TopMemoryContext, 'long')\n"
    "short = AllocSetContextCreate(TopMemoryContext, 'short')\n";

}  // namespace

TEST_CASE("a fault names the lines where it happened, where the memory came from and where it ended") {
  Script script("p = palloc(10)\nx = 1\npfree(p)\nx = 2\nwrite(p, 'a')\n");
  script.finish();
  CHECK(places(script) == std::vector<std::uint32_t>{5, 1, 3});
}

TEST_CASE("a pointer is known by the memory it came from, through arithmetic and through memory") {
  CHECK(kinds_in("p = palloc(50) q = p + 8 pfree(p) r = palloc(50) write(r, 'x') write(q, 'x')") ==
        std::vector{FaultKind::UseAfterFree});
  CHECK(kinds_in("h = palloc(16) p = palloc(50) store(h, 8, p) pfree(p) r = palloc(50) print(fetch(h, 8) == r)\n"
                 "write(fetch(h, 8), 'x')") == std::vector{FaultKind::UseAfterFree});
  CHECK(kinds_in("p = palloc(10) fill(p, 0, 10) print(read(p, 10)) print(peek(p, 100))").empty());
}

TEST_CASE("a stored pointer that outlives what it points to was allocated in the wrong context") {
  const std::string start = std::string(kTwoContexts) + "h = MemoryContextAlloc(long, 64)\n";
  Script script(start + "q = MemoryContextAlloc(short, 8)\nstore(h, 8, q)\nq = nil\nMemoryContextReset(short)\n");
  script.finish();
  CHECK(kinds(script) == std::vector{FaultKind::WrongContext});
  CHECK(places(script) == std::vector<std::uint32_t>{7, 4, 7});

  CHECK(kinds_in(start + "store(h, 8, MemoryContextAlloc(short, 8)) MemoryContextDelete(short)") ==
        std::vector{FaultKind::WrongContext});
  CHECK(kinds_in(start + "store(h, 8, MemoryContextAlloc(short, 8)) h = repalloc(h, 9000) MemoryContextReset(short)") ==
        std::vector{FaultKind::WrongContext});
  // No danger: overwritten before, deleted together, or within one context.
  CHECK(kinds_in(start + "store(h, 8, MemoryContextAlloc(short, 8)) store(h, 8, NULL) MemoryContextReset(short)")
            .empty());
  CHECK(kinds_in(start + "store(h, 8, MemoryContextAlloc(short, 8)) fill(h, 0, 64) MemoryContextReset(short)").empty());
  CHECK(kinds_in(start + "MemoryContextSetParent(short, long) store(h, 8, MemoryContextAlloc(short, 8))\n"
                         "MemoryContextDelete(long)")
            .empty());
  CHECK(kinds_in(start + "store(h, 8, MemoryContextAlloc(long, 8)) MemoryContextReset(long)").empty());
  CHECK(kinds_in(start + "store(h, 8, MemoryContextAlloc(short, 8)) pfree(h) MemoryContextReset(short)").empty());
}

TEST_CASE("a reset is told of a variable that the text reads again, and of no other") {
  const std::string start = std::string(kTwoContexts) + "p = MemoryContextAlloc(short, 8)\n";
  CHECK(kinds_in(start + "MemoryContextReset(short)\nif p == nil then end") ==
        std::vector{FaultKind::ResetLivePointers});
  CHECK(kinds_in(start + "MemoryContextDelete(short)\nprint(p)") == std::vector{FaultKind::ResetLivePointers});
  CHECK(kinds_in(start + "MemoryContextReset(short)\np = nil\nprint(p)").empty());
  CHECK(kinds_in(start + "MemoryContextReset(short)\n").empty());
  CHECK(kinds_in(start + "p = MemoryContextAlloc(long, 8)\nMemoryContextReset(short)\nprint(p)").empty());
  // Through a function: its own text first, then its caller's.
  CHECK(kinds_in(start + "function clean()\nMemoryContextReset(short)\nend\nclean()\nprint(p)") ==
        std::vector{FaultKind::ResetLivePointers});
  CHECK(kinds_in(start + "function next()\nMemoryContextReset(short)\nreturn MemoryContextAlloc(short, 8)\nend\n"
                         "for i = 1, 3 do\np = next()\nend\nprint(p)")
            .empty());
}

TEST_CASE("a function that forgets to switch back is told when memory goes astray") {
  const std::string start =
      std::string(kTwoContexts) +
      "function forget()\n MemoryContextSwitchTo(short)\nend\n"
      "function careful()\n local old = MemoryContextSwitchTo(short)\n palloc(8)\n MemoryContextSwitchTo(old)\nend\n";
  Script script(start + "forget()\npalloc(8)\n");
  script.finish();
  CHECK(kinds(script) == std::vector{FaultKind::SwitchForgotten});
  CHECK(places(script) == std::vector<std::uint32_t>{12, 4, 0});

  CHECK(kinds_in(start + "function outer() forget() end outer() pstrdup('x')") ==
        std::vector{FaultKind::SwitchForgotten});
  CHECK(kinds_in(start + "careful() palloc(8)").empty());
  CHECK(kinds_in(start + "forget() MemoryContextSwitchTo(long) palloc(8)").empty());
  CHECK(kinds_in(start + "forget() MemoryContextAlloc(long, 8)").empty());
  CHECK(kinds_in(start + "function into() return MemoryContextSwitchTo(short) end\nlocal old = into() palloc(8)")
            .empty());
  CHECK(kinds_in(start + "function begin() tx = AllocSetContextCreate(long, 'tx') MemoryContextSwitchTo(tx) end\n"
                         "begin() palloc(8)\n"
                         "function done() MemoryContextSwitchTo(long) MemoryContextDelete(tx) end\ndone() palloc(8)")
            .empty());
  // The blocks of PG_TRY are no functions; what an error unwound has not returned.
  CHECK(kinds_in(start + "PG_TRY(function() careful() forget_me = 1 elog(ERROR, 'x') end,\n"
                         "{ catch = function() MemoryContextSwitchTo(long) FlushErrorState() end }) palloc(8)")
            .empty());
  CHECK(kinds_in(start + "function risky() MemoryContextSwitchTo(short) elog(ERROR, 'x') end\n"
                         "for i = 1, 3 do PG_TRY(risky, { catch = function() MemoryContextSwitchTo(long) end }) end\n"
                         "careful() palloc(8) pcall(risky) MemoryContextSwitchTo(long) careful() palloc(8)")
            .empty());
}

TEST_CASE("an error in a critical section is a PANIC, which nothing catches") {
  Script script(
      "START_CRIT_SECTION()\nPG_TRY(function() palloc(-1) end, { catch = function() print('caught') end })\n");
  CHECK_THAT(script.fail(), Catch::Matchers::ContainsSubstring("PANIC: invalid memory alloc request size"));
  CHECK(kinds(script) == std::vector{FaultKind::InCriticalSection, FaultKind::TooLarge});
  CHECK_THAT(Script("END_CRIT_SECTION()").fail(), Catch::Matchers::ContainsSubstring("no START_CRIT_SECTION"));
}

TEST_CASE("mallocs fail from a size on, until they no longer do") {
  Script script(
      "fail_mallocs(20000)\nprint(malloc(20000) == nil, malloc(10) ~= nil)\n"
      "PG_TRY(function() palloc(30000) end, { catch = function(e) print(e.sqlstate, e.detail) end })\n"
      "MemoryContextSwitchTo(TopMemoryContext)\nfail_mallocs()\nprint(palloc(30000) ~= nil)");
  CHECK_THAT(script.finish(), Catch::Matchers::Contains("true\ttrue\n") && Catch::Matchers::Contains("Grand total: ") &&
                                  Catch::Matchers::Contains("53200\tFailed on request of size 30000"));
  CHECK(kinds(script) == std::vector{FaultKind::OutOfMemory});
}

TEST_CASE("the console's lines are watched as well") {
  Script script("p = palloc(10)");
  script.finish();
  CHECK(script.run.execute("pfree(p)").ok);
  CHECK(script.run.execute("MemoryContextSwitchTo(ErrorContext)").ok);
  CHECK(script.run.execute("palloc(8)").ok);
  CHECK(kinds(script).empty());
  CHECK(script.run.execute("write(p, 'late')").ok);
  CHECK(kinds(script) == std::vector{FaultKind::UseAfterFree});
}

// --- the lessons ----------------------------------------------------------------------------------------------

namespace {

using K = FaultKind;

// What each lesson tells in a production build of 17; all others tell nothing.
const std::map<std::string, std::vector<FaultKind>>& intended() {
  static const std::map<std::string, std::vector<FaultKind>> kIntended = {
      {"08-switching-back-and-pg-try", {K::SwitchForgotten, K::ResetLivePointers, K::UseAfterReset, K::UseAfterReset}},
      {"20-freeing-twice", {K::DoubleFree, K::HeapCorrupt}},
      {"21-foreign-pointers", {K::InvalidPointer, K::InvalidPointer}},
      {"22-writing-past-the-end", {K::WritePastEnd, K::WritePastEnd, K::HeapCorrupt}},
      {"23-use-after-free", {K::UseAfterFree, K::UseAfterFree, K::UseAfterFree}},
      {"24-use-after-reset-and-delete",
       {K::ResetLivePointers, K::UseAfterReset, K::ResetLivePointers, K::UseAfterDelete, K::UseAfterDelete}},
      {"25-the-wrong-context", {K::WrongContext, K::UseAfterReset}},
      {"26-bump-cannot-free", {K::FreeInBump, K::FreeInBump}},
      {"27-reset-with-live-pointers", {K::ResetLivePointers, K::UseAfterReset}},
      {"28-too-large-requests", {K::TooLarge, K::TooLarge, K::TooLarge}},
      {"29-malloc-fails", {K::OutOfMemory}},
      {"30-palloc-in-a-critical-section", {K::InCriticalSection}},
      {"31-forgotten-switch-back", {K::SwitchForgotten}},
  };
  return kIntended;
}

}  // namespace

TEST_CASE("every scenario tells exactly the mistakes that it shows, on every version and in both builds") {
  // What a checking build notices or dies of is shown in another way there.
  const std::map<std::string, std::vector<FaultKind>> in_checking_builds = {
      {"20-freeing-twice", {K::DoubleFree}},
      {"22-writing-past-the-end", {K::WritePastEnd, K::HeapCorrupt, K::WritePastEnd, K::HeapCorrupt}},
      {"30-palloc-in-a-critical-section", {}}};
  std::set<std::string> seen;
  for (const BuiltinScenario& scenario : builtin_scenarios()) {
    const std::string& name = scenario.info.name;
    seen.insert(name);
    for (bool checking : {false, true}) {
      for (int major : {15, 16, 17, 18}) {
        CAPTURE(name, major, checking);
        ScenarioOptions options;
        options.pg_major = major;
        options.checking = checking;
        Script script(scenario.text, options, name);
        script.finish();
        auto found = intended().find(name);
        std::vector<FaultKind> expected = found == intended().end() ? std::vector<FaultKind>{} : found->second;
        if (auto other = in_checking_builds.find(name); checking && other != in_checking_builds.end())
          expected = other->second;
        if (scenario.info.pg_major && major < *scenario.info.pg_major) expected.clear();
        if (name == "20-freeing-twice" && checking && major <= 16) expected.clear();
        CHECK(kinds(script) == expected);
      }
    }
  }
  for (const auto& [name, faults] : intended()) CHECK(seen.count(name) == 1);
}

TEST_CASE("a checking build dies of a palloc in a critical section, once the mistake is told") {
  for (int major : {15, 16, 17, 18}) {
    ScenarioOptions options;
    options.pg_major = major;
    options.checking = true;
    Script palloc("START_CRIT_SECTION()\npalloc(8)\n", options);
    CHECK_THAT(palloc.fail(), Catch::Matchers::Contains("allowInCritSection"));
    CHECK(kinds(palloc) == std::vector{K::InCriticalSection});
    Script create("START_CRIT_SECTION()\nAllocSetContextCreate(ErrorContext, 'x')\n", options);
    CHECK_THAT(create.fail(), Catch::Matchers::Contains("CritSectionCount == 0"));
    Script allowed("START_CRIT_SECTION()\nMemoryContextAlloc(ErrorContext, 8)\nEND_CRIT_SECTION()\n", options);
    allowed.finish();
    CHECK(kinds(allowed).empty());
  }
}
