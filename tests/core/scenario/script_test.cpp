// PostgreSQL's functions from a script: results, errors, PG_TRY, callbacks, labels, source lines.
#include <string>

#include "core/mcxt/process.h"
#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using test::Script;

TEST_CASE("a palloc of a script is announced behind its line, and its variable labels it") {
  Script script("\np = palloc(100)\n");
  script.finish();
  const auto& events = script.log.events;
  REQUIRE(events.size() >= 3);
  auto tail = events.end() - 3;
  CHECK(std::get<SourceLine>(tail[0]) == SourceLine{1, 2});
  const auto& chunk = std::get<ChunkAllocated>(tail[1]);
  CHECK(chunk.requested_bytes == 100);
  CHECK(std::get<VariableSet>(tail[2]) == VariableSet{"p", chunk.at});
  CHECK(std::get<SourceText>(events[0]) == SourceText{1, "test.lua", "\np = palloc(100)\n"});
}

TEST_CASE("a line is announced once for all that it does, and again when it comes round") {
  Script script("for i = 1, 2 do\n  palloc(8)  palloc(8)\n  palloc(8)\nend");
  script.finish();
  std::vector<std::uint32_t> lines;
  for (const SourceLine& line : script.log.all<SourceLine>()) lines.push_back(line.line);
  CHECK(lines == std::vector<std::uint32_t>{2, 3, 2, 3});
}

TEST_CASE("a variable is forgotten when it holds an address no longer; numbers are no labels") {
  Script script("n = 3  p = palloc(8)  p = nil  p = nil  q = 'text'");
  script.finish();
  auto set = script.log.all<VariableSet>();
  REQUIRE(set.size() == 2);
  CHECK(set[1] == VariableSet{"p", {}});
}

TEST_CASE("addresses compare, add, subtract, and serve as keys") {
  CHECK(Script("a = palloc(64) pfree(a) b = palloc(64)\n"
               "print(a == b, (a + 8) - a, a + 8 > a, (a + 8) - 8 == a)\n"
               "t = { [b] = 'here' } print(t[b + 8 - 8])\n"
               "print(CurrentMemoryContext == TopMemoryContext, GetMemoryChunkContext(a) == TopMemoryContext)\n"
               "print(GetMemoryChunkContext(a))")
            .finish() == "true\t8\ttrue\ttrue\nhere\ntrue\ttrue\nTopMemoryContext\n");
}

TEST_CASE("a name that is not there is an error that says which one was meant") {
  CHECK(Script("\np = pallocc(100)").fail() == "test.lua:2: pallocc: do you mean palloc?");
  CHECK(Script("MemoryContextSwitchto(TopMemoryContext)").fail() ==
        "test.lua:1: MemoryContextSwitchto: do you mean MemoryContextSwitchTo?");
  CHECK(Script("result = 1\nprint(reslut)").fail() == "test.lua:2: reslut: do you mean result?");
  CHECK_THAT(Script("x = xyzzy").fail(), StartsWith("test.lua:1: xyzzy: there is nothing of this name"));
  CHECK_THAT(Script("palloc = 3").fail(), ContainsSubstring("choose another"));
  CHECK(Script("x = nil print(x, NULL)").finish() == "nil\tnil\n");
}

TEST_CASE("wrong arguments are explained in the script's words") {
  CHECK_THAT(Script("\npfree(nil)").fail(), StartsWith("test.lua:2: bad argument #1 to 'pfree' (a pointer is wanted"));
  CHECK_THAT(Script("pfree(TopMemoryContext)").fail(), ContainsSubstring("not TopMemoryContext"));
  CHECK_THAT(Script("p = palloc(8) MemoryContextReset(p)").fail(), ContainsSubstring("a memory context is wanted"));
  CHECK_THAT(Script("AllocSetContextCreate(TopMemoryContext, 'x', 0, 100, 50)").fail(), ContainsSubstring("sizes are"));
  CHECK_THAT(
      Script("c = AllocSetContextCreate(NULL, 'x') MemoryContextDelete(c) palloc(8) MemoryContextAlloc(c, 8)").fail(),
      ContainsSubstring("was deleted"));
  CHECK_THAT(Script("MemoryContextDelete(CurrentMemoryContext)").fail(), ContainsSubstring("TopMemoryContext"));
  CHECK_THAT(Script("c = AllocSetContextCreate(TopMemoryContext, 'x') d = AllocSetContextCreate(c, 'y')\n"
                    "MemoryContextSetParent(c, d)")
                 .fail(),
             ContainsSubstring("descendant"));
  CHECK_THAT(Script("free(palloc(8))").fail(), ContainsSubstring("invalid pointer"));
  CHECK_THAT(Script("p = palloc(8) write(p + 0x100000000, 'x')").fail(), ContainsSubstring("SIGSEGV"));
}

TEST_CASE("PostgreSQL's errors reach the script's end with line, message and detail") {
  Script script("\npalloc(-1)");
  CHECK(script.fail() == "test.lua:2: ERROR: invalid memory alloc request size 18446744073709551615");
  auto errors = script.log.all<ErrorReported>();
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].severity == Severity::Error);
  CHECK(errors[0].message == "invalid memory alloc request size 18446744073709551615");
  CHECK(script.log.count<ErrorCaught>() == 0);
  CHECK(Script("ereport(ERROR, 'no', 'because')").fail() == "test.lua:1: ERROR: no\nDETAIL: because");
}

TEST_CASE("PG_TRY catches what PostgreSQL reports, in ErrorContext, and goes on behind it") {
  Script script(
      "PG_TRY(function() ereport(ERROR, 'no', 'because') print('not here') end,\n"
      "  { catch = function(e) print(e.message, e.detail, e.sqlstate, CurrentMemoryContext) end })\n"
      "print('behind')");
  CHECK(script.finish() == "no\tbecause\tXX000\tErrorContext\nbehind\n");
  CHECK(script.log.count<ErrorReported>() == 1);
  CHECK(script.log.count<ErrorCaught>() == 1);
}

TEST_CASE("A checking build warns a script of what it overwrote, and refuses what it freed") {
  constexpr const char* text =
      "ctx = AllocSetContextCreate(TopMemoryContext, 'ctx')\n"
      "p = MemoryContextAlloc(ctx, 10)\n"
      "write(p, '!', 10)\n"
      "MemoryContextCheck(ctx)\n"
      "pfree(p)\n"
      "PG_TRY(function() pfree(p) end, { catch = function(e) print((e.message:gsub(' 0x.*', ''))) end })";
  core::ScenarioOptions options;
  options.pg_major = 17;
  options.checking = true;
  Script checking(text, options);
  CHECK(checking.finish() == "detected double pfree in ctx\n");
  std::vector<std::string> warnings;
  for (const ErrorReported& report : checking.log.all<ErrorReported>()) {
    if (report.severity == Severity::Warning) warnings.push_back(report.message.substr(0, report.message.find(" 0x")));
  }
  CHECK(warnings == std::vector<std::string>{"problem in alloc set ctx: detected write past chunk end in block",
                                             "detected write past chunk end in ctx"});
  options.checking = false;  // nobody looks, and the chunk is handed out twice from then on
  Script production(text, options);
  CHECK(production.finish() == "");
  CHECK(production.log.count<ErrorReported>() == 0);
}

TEST_CASE("PG_TRY's finally runs with and without an error; only the error goes on") {
  CHECK(Script("PG_TRY(function() print('body') end, { finally = function() print('finally') end }) print('behind')")
            .finish() == "body\nfinally\nbehind\n");
  Script script("PG_TRY(function() elog(ERROR, 'number %d', 7) end, { finally = function() print('finally') end })");
  CHECK(script.fail() == "test.lua:1: ERROR: number 7");
  CHECK(script.log.output() == "finally\n");
}

TEST_CASE("PG_RE_THROW hands the error to the next PG_TRY outside") {
  Script script(
      "PG_TRY(function()\n"
      "  PG_TRY(function() ereport(ERROR, 'inner') end, { catch = function() print('first') PG_RE_THROW() end })\n"
      "  print('not here')\n"
      "end, { catch = function(e) print('second', e.message) end })");
  CHECK(script.finish() == "first\nsecond\tinner\n");
  CHECK(script.log.count<ErrorCaught>() == 2);
  CHECK_THAT(Script("PG_RE_THROW()").fail(), ContainsSubstring("belongs in the catch"));
}

TEST_CASE("an error inside a catch goes outwards, and its finally still runs") {
  Script script(
      "PG_TRY(function()\n"
      "  PG_TRY(function() ereport(ERROR, 'one') end,\n"
      "    { catch = function() ereport(ERROR, 'two') end, finally = function() print('finally') end })\n"
      "end, { catch = function(e) print(e.message) end })");
  CHECK(script.finish() == "finally\ntwo\n");
}

TEST_CASE("PG_TRY does not catch the author's own mistakes") {
  CHECK_THAT(Script("PG_TRY(function()\n  pallocc(1)\nend, { catch = function() print('no') end })").fail(),
             StartsWith("test.lua:2: pallocc"));
}

TEST_CASE("pcall catches both") {
  CHECK(Script("print(pcall(ereport, ERROR, 'no'))\nprint(select('#', pcall(error)))").finish() ==
        "false\ttest.lua:1: ERROR: no\n2\n");
}

TEST_CASE("a notice and a warning go on") {
  Script script("ereport(NOTICE, 'n') ereport(WARNING, 'w') print('on')");
  CHECK(script.finish() == "on\n");
  auto reports = script.log.all<ErrorReported>();
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].severity == Severity::Notice);
  CHECK(reports[1].severity == Severity::Warning);
}

TEST_CASE("reset callbacks run last registered first, and may call on") {
  Script script(
      "c = AllocSetContextCreate(TopMemoryContext, 'c')\n"
      "MemoryContextRegisterResetCallback(c, function() print('first') palloc(8) end)\n"
      "MemoryContextRegisterResetCallback(c, function() print('second') end)\n"
      "MemoryContextReset(c)\n"
      "MemoryContextReset(c)");
  CHECK(script.finish() == "second\nfirst\n");
  CHECK(script.log.count<CallbackRun>() == 2);
}

TEST_CASE("an error in a reset callback comes out of the reset, once") {
  Script script(
      "c = AllocSetContextCreate(TopMemoryContext, 'c')\n"
      "MemoryContextRegisterResetCallback(c, function() ereport(ERROR, 'in callback') end)\n"
      "PG_TRY(function() MemoryContextReset(c) end, { catch = function(e) print(e.message) end })\n"
      "MemoryContextReset(c) print('again')");
  CHECK(script.finish() == "in callback\nagain\n");
  CHECK(script.log.count<ErrorReported>() == 1);
  ScenarioOptions options;
  options.budget.instructions = 1'000'000;
  CHECK_THAT(Script("c = AllocSetContextCreate(TopMemoryContext, 'c')\n"
                    "MemoryContextRegisterResetCallback(c, function() while true do end end)\n"
                    "pcall(MemoryContextReset, c)",
                    options)
                 .fail(),
             ContainsSubstring("steps"));
}

TEST_CASE("strings: pstrdup and psprintf allocate as PostgreSQL does") {
  Script script(
      "s = pstrdup('hello') print(read(s, 6) == 'hello\\0')\n"
      "f = psprintf('%d-%s', 7, 'x') print(read(f, 3))\n"
      "l = psprintf('%s', ('y'):rep(200)) print(read(l, 200) == ('y'):rep(200))");
  CHECK(script.finish() == "true\n7-x\ntrue\n");
  std::vector<std::uint64_t> requested;
  for (const ChunkAllocated& chunk : script.log.all<ChunkAllocated>()) requested.push_back(chunk.requested_bytes);
  CHECK(requested == std::vector<std::uint64_t>{6, 128, 128, 201});
}

TEST_CASE("malloc, realloc and free are C's own") {
  Script script("p = malloc(100) p = realloc(p, 200) free(p) free(NULL)");
  script.finish();
  CHECK(script.log.count<Free>() == 1);
  CHECK_THAT(Script("p = malloc(8) free(p) free(p)").fail(), ContainsSubstring("freed already"));
}

TEST_CASE("MCXT_ALLOC_NO_OOM answers NULL where palloc reports") {
  ScenarioOptions options;
  options.budget.heap_bytes = 64 << 20;
  CHECK(Script("print(palloc_extended(100000000, MCXT_ALLOC_NO_OOM) == NULL)", options).finish() == "true\n");
}

TEST_CASE("the statistics are printed line by line as PostgreSQL prints them") {
  std::string text = Script("MemoryContextStats(TopMemoryContext)").finish();
  CHECK_THAT(text, StartsWith("TopMemoryContext: 8192 total in 1 blocks; 7952 free (0 chunks); 240 used\n"
                              "  ErrorContext: 8192 total in 1 blocks; 7952 free (0 chunks); 240 used\n"
                              "Grand total: 16384 bytes in 2 blocks"));
}

TEST_CASE("a crash of the process ends the script; nothing catches it") {
  Script script("\np = palloc(8)\npcall(function() write(p + 0x700000000000, 'x') end)\nprint('not here')");
  CHECK_THAT(script.fail(), StartsWith("test.lua:3: the process died of SIGSEGV"));
  CHECK(script.log.output().empty());
  CHECK_FALSE(script.run.execute("palloc(1)").ok);
  CHECK(script.log.all<ErrorReported>().back().message.find("SIGSEGV") != std::string::npos);
}

TEST_CASE("a script that does not compile is refused with its line") {
  test::ScriptLog log;
  auto started = ScenarioRun::start("bad.lua", "x = 1\nx = = 2", {}, log);
  REQUIRE(!started);
  CHECK(started.error().code == ErrorCode::ScriptFailed);
  CHECK_THAT(started.error().message, StartsWith("bad.lua:2: "));
  CHECK(log.events.empty());
}

TEST_CASE("a version that is not simulated is refused") {
  test::ScriptLog log;
  ScenarioOptions options;
  options.pg_major = 12;
  auto started = ScenarioRun::start("x.lua", "", options, log);
  REQUIRE(!started);
  CHECK(started.error().code == ErrorCode::BadArgument);
}

TEST_CASE("a scenario's head chooses the version unless the caller does") {
  const char* text = "scenario{ title = { en = 'A', zh = '甲' }, pg = 15 }\nprint(PG_MAJORVERSION_NUM)";
  CHECK(Script(text).finish() == "15\n");
  ScenarioOptions options;
  options.pg_major = 18;
  CHECK(Script(text, options).finish() == "18\n");
  CHECK(describe_scenario(read_scenario_info("a", text), {}).pg_major == 15);
}

TEST_CASE("narration wants both languages") {
  CHECK_THAT(Script("narrate{ en = 'only' }").fail(), ContainsSubstring("zh is missing"));
  Script script("\nnarrate{\n  en = 'one',\n  zh = '一',\n}");
  script.finish();
  REQUIRE(script.log.count<Narration>() == 1);
  CHECK(script.log.all<SourceLine>().back().line == 2);
}

TEST_CASE("a step by line stops before each line that follows one with an effect") {
  Script script("a = palloc(8)\nlocal n = 1\nn = n + 1\nb = palloc(8)\nc = palloc(8)");
  std::vector<std::uint32_t> stops;
  while (script.run.advance({.at_line = true}) == RunState::Paused) stops.push_back(script.run.line());
  CHECK(stops == std::vector<std::uint32_t>{2, 5});
}

TEST_CASE("a script can be paused inside PG_TRY, catch, finally and pcall") {
  const char* text =
      "PG_TRY(function() a = palloc(8) b = palloc(8) ereport(ERROR, 'x') end,\n"
      "  { catch = function() c = palloc(8) d = palloc(8) end, finally = function() e = palloc(8) f = palloc(8) end "
      "})\n"
      "pcall(function() g = palloc(8) h = palloc(8) end)";
  Script whole(text);
  whole.finish();
  Script stepped(text);
  int pauses = 0;
  while (stepped.run.advance({.events = 1}) == RunState::Paused) ++pauses;
  CHECK(pauses >= 12);
  CHECK(stepped.log.events == whole.log.events);
}

TEST_CASE("a script's own coroutines work, paused or not") {
  const char* text =
      "gen = coroutine.wrap(function() for i = 1, 50 do p = palloc(i) coroutine.yield(i) end end)\n"
      "for i = 1, 50 do print(gen()) end\n"
      "coroutine.yield('nobody') print('end')";
  Script whole(text);
  CHECK_THAT(whole.finish(), ContainsSubstring("50\nend\n"));
  Script stepped(text);
  while (stepped.run.advance({.instructions = 10}) == RunState::Paused) {
  }
  CHECK(stepped.log.events == whole.log.events);
}

TEST_CASE("a script that ends while it is paused leaves nothing behind") {
  Script script("PG_TRY(function() while true do palloc(8) end end, { catch = function() end })");
  CHECK(script.run.advance({.events = 100}) == RunState::Paused);
}
