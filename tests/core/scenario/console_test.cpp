// The console: single lines in the world that a script left behind.
#include <string>

#include "core/mcxt/errors.h"
#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using test::Script;

TEST_CASE("the console answers expressions with their values and assignments with the address") {
  Script script("");
  script.finish();
  CHECK(script.run.execute("1 + 1").text == "2");
  CHECK_THAT(script.run.execute("p = palloc(100)").text, StartsWith("p = 0x"));
  CHECK(script.run.execute("GetMemoryChunkSpace(p)").text == "136");
  CHECK(script.run.execute("TopMemoryContext").text == "TopMemoryContext");
  CHECK(script.run.execute("p, 2").text.find("   2") != std::string::npos);
  CHECK(script.run.execute("n = 5").text.empty());
  CHECK(script.run.execute("n").text == "5");
  CHECK(script.run.execute("").ok);
}

TEST_CASE("the console goes on in the script's world, with its variables") {
  Script script("p = palloc(64)\nfunction twice(n) return 2 * n end");
  script.finish();
  CHECK(script.run.execute("twice(21)").text == "42");
  CHECK(script.run.execute("pfree(p)").ok);
  CHECK(script.log.count<ChunkFreed>() == 1);
}

TEST_CASE("console lines are a source of their own, numbered on") {
  Script script("palloc(8)");
  script.finish();
  script.run.execute("palloc(8)");
  script.run.execute("palloc(8)\npalloc(8)");
  script.run.execute("palloc(8)");
  auto texts = script.log.all<SourceText>();
  CHECK(texts.back() == SourceText{2, "console", "palloc(8)\npalloc(8)\npalloc(8)\npalloc(8)\n"});
  auto lines = script.log.all<SourceLine>();
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == SourceLine{1, 1});
  for (std::uint32_t i = 1; i < 5; ++i) CHECK(lines[i] == SourceLine{2, i});
}

TEST_CASE("errors in the console are answers, and the world goes on") {
  Script script("");
  script.finish();
  ConsoleAnswer answer = script.run.execute("palloc(-1)");
  CHECK_FALSE(answer.ok);
  CHECK_THAT(answer.text, StartsWith("console:1: ERROR: invalid memory alloc request size"));
  CHECK_THAT(script.run.execute("x = = 1").text, StartsWith("console:2: "));
  CHECK_THAT(script.run.execute("pallocc(1)").text, ContainsSubstring("do you mean palloc?"));
  CHECK_THAT(script.run.execute("p = palloc(1)").text, StartsWith("p = 0x"));
  // As a server's main loop does after an error.
  CHECK(script.run.execute("CurrentMemoryContext").text == "TopMemoryContext");
}

TEST_CASE("the console works after a script that failed, and while one is paused") {
  Script failed("palloc(8)\nerror('x')");
  failed.fail();
  CHECK(failed.run.execute("palloc(8)").ok);

  Script paused("a = palloc(8)\nb = palloc(8)\nprint('end')");
  CHECK(paused.run.advance({.at_line = true}) == RunState::Paused);
  CHECK(paused.run.execute("c = palloc(8)").ok);
  CHECK(paused.run.state() == RunState::Paused);
  CHECK(paused.run.advance() == RunState::Finished);
  CHECK(paused.log.output() == "end\n");
}

TEST_CASE("a console line has a budget of its own") {
  ScenarioOptions options;
  options.budget.instructions = 1'000'000;
  options.budget.script_bytes = 4 << 20;
  Script script("while true do end", options);
  script.fail();
  CHECK_THAT(script.run.execute("while true do end").text, StartsWith("console:1: the script ran for more than"));
  CHECK_THAT(script.run.execute("s = ('x'):rep(1e8)").text, ContainsSubstring("memory"));
  CHECK(script.run.execute("1 + 1").text == "2");
}

TEST_CASE("a callback on ErrorContext runs when the next console line recovers from an error") {
  Script script("MemoryContextRegisterResetCallback(ErrorContext, function() print('flushed') end)");
  script.finish();
  CHECK_FALSE(script.run.execute("ereport(ERROR, 'x')").ok);
  CHECK(script.log.output().empty());
  CHECK(script.run.execute("1").ok);
  CHECK(script.log.output() == "flushed\n");

  ScenarioOptions options;
  options.budget.instructions = 1'000'000;
  Script endless("MemoryContextRegisterResetCallback(ErrorContext, function() while true do end end)", options);
  endless.finish();
  CHECK_FALSE(endless.run.execute("ereport(ERROR, 'x')").ok);
  endless.run.execute("1");
  CHECK(endless.run.execute("1").text == "1");
}

TEST_CASE(
    "poke changes bytes at a bare address by the debugger's hand, so that nobody is blamed, and pointer makes one") {
  Script script("p = palloc(64)");
  script.finish();
  const Address at = script.log.all<ChunkAllocated>().back().at;
  const std::string number = "0x" + hex_text(at.value);
  CHECK(script.run.execute("poke(" + number + ", '\\x41\\x42', 1)").ok);
  CHECK(script.run.execute("read(p, 2, 1) == 'AB'").text == "true");
  CHECK(script.log.all<MemoryWritten>().back() == MemoryWritten{at + 1, {0x41, 0x42}});
  CHECK(script.run.execute("poke(p, '\\0\\0\\0\\0\\0\\0\\0\\0', -8)").ok);
  CHECK(script.log.count<FaultFound>() == 0);
  const ConsoleAnswer answer = script.run.execute("pfree(pointer(" + number + "))");
  CHECK_FALSE(answer.ok);
  CHECK_THAT(answer.text, ContainsSubstring("pfree called with invalid pointer 0x" + hex_text(at.value) +
                                            " (header 0x0000000000000000)"));
  CHECK_FALSE(script.run.execute("poke('x', 'y')").ok);
}
