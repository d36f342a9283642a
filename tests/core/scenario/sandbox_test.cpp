// What a script cannot do: reach the machine, run for ever, fill the memory, differ from run to run.
#include <cstdint>
#include <string>
#include <vector>

#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using test::Script;

TEST_CASE("a script finds no way to files, processes, modules or the debug library") {
  for (const char* name :
       {"io", "os", "package", "debug", "dofile", "loadfile", "collectgarbage", "loadstring", "next", "xpcall"}) {
    CAPTURE(name);
    CHECK_THAT(Script(std::string("x = ") + name).fail(), StartsWith("test.lua:1: " + std::string(name) + ": "));
  }
  CHECK_THAT(Script("x = string.dump(function() end)").fail(), ContainsSubstring("nil value"));
}

TEST_CASE("require finds the program's own libraries only, and names them when asked for another") {
  CHECK(Script("b = require('backend') print(type(b), require('backend') == b)").finish() == "table\ttrue\n");
  for (const char* name : {"no-such", "../06-life-of-a-query", "/etc/passwd", "backend.lua", ""}) {
    CAPTURE(name);
    CHECK_THAT(Script("require('" + std::string(name) + "')").fail(),
               StartsWith("test.lua:1: require \"") && ContainsSubstring("there is no library of this name") &&
                   ContainsSubstring("backend, backend.catalog_indexes"));
  }
  CHECK_THAT(Script("require(nil)").fail(), StartsWith("test.lua:1: "));
}

TEST_CASE("a library's lines are its own in the events, but a script is stepped by its own lines") {
  Script script("local b = require 'backend'\nb.InitPostgres()\nprint('ready')\n");
  std::vector<std::uint32_t> lines;
  while (script.run.advance({.at_line = true}) == RunState::Paused) lines.push_back(script.run.line());
  CHECK(lines == std::vector<std::uint32_t>{2, 3});
  auto texts = script.log.all<SourceText>();
  REQUIRE(texts.size() > 3);
  CHECK(texts[1].name == "lib/backend.lua");
  CHECK(texts[1].file == 3);
  std::size_t of_library = 0;
  for (const SourceLine& line : script.log.all<SourceLine>()) of_library += line.file >= 3;
  CHECK(of_library > 50);
}

TEST_CASE("a script cannot load binary code, but can load text") {
  CHECK(Script("f, why = load('\\27Lua') print(f, why)").finish().find("nil\t") == 0);
  CHECK(Script("print(load('return 1 + 1')())").finish() == "2\n");
}

TEST_CASE("metatables of what the host hands out are locked") {
  CHECK(Script("p = palloc(1) print(getmetatable(p), getmetatable(TopMemoryContext), getmetatable(''))").finish() ==
        "locked\tlocked\tlocked\n");
  CHECK_THAT(Script("setmetatable(_G, {})").fail(), ContainsSubstring("locked"));
  CHECK_THAT(Script("TopMemoryContext.name = 'x'").fail(), StartsWith("test.lua:1: "));
}

TEST_CASE("a script that never ends is stopped with words and line, whatever it catches") {
  ScenarioOptions options;
  options.budget.instructions = 2'000'000;
  for (const char* text :
       {"\nwhile true do end", "\nrepeat local ok = pcall(function() while true do end end) until false",
        "\nfor i = 1, 1e9 do local f = coroutine.wrap(function() while true do end end) pcall(f) end",
        "\nlocal t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do pcall(function() "
        "return t[1] end) end",
        "\nPG_TRY(function() while true do end end, { catch = function() while true do end end })"}) {
    CAPTURE(text);
    std::string error = Script(text, options).fail();
    CHECK_THAT(error, StartsWith("test.lua:2: "));
    CHECK_THAT(error, ContainsSubstring("2 million steps"));
  }
}

TEST_CASE("a script that wants too much memory of its own is stopped with words and line") {
  ScenarioOptions options;
  options.budget.script_bytes = 8 << 20;
  for (const char* text : {"\nx = string.rep('x', 1e9)", "\nx = {} for i = 1, 1e8 do x[i] = i end",
                           "\nlocal s = 'x' while true do s = s .. s end"}) {
    CAPTURE(text);
    std::string error = Script(text, options).fail();
    CHECK_THAT(error, StartsWith("test.lua:2: "));
    CHECK_THAT(error, ContainsSubstring("8 MB of memory"));
  }
}

TEST_CASE("a script that wants too much of the simulated machine is stopped with words and line") {
  ScenarioOptions options;
  options.budget.events = 10'000;
  CHECK_THAT(Script("\nwhile true do palloc(1) end", options).fail(),
             StartsWith("test.lua:2: the script has made more than 10,000 events"));
  ScenarioOptions small;
  small.budget.heap_bytes = 64 << 20;
  CHECK_THAT(Script("\nwhile true do malloc(1000000) end", small).fail(),
             StartsWith("test.lua:2: the script holds more than 64 MB"));
  ScenarioOptions quiet;
  quiet.budget.text_bytes = 1 << 20;
  CHECK_THAT(Script("s = ('x'):rep(1000)\nwhile true do print(s) end", quiet).fail(),
             StartsWith("test.lua:2: the script has printed or written more than 1 MB"));
  CHECK_THAT(Script("palloc(70000000)", small).fail(), ContainsSubstring("out of memory"));
}

TEST_CASE("library calls that would spin inside C come back") {
  CHECK(Script("print(#string.rep('', 1e15))").finish() == "0\n");
  CHECK_THAT(Script("string.find(('a'):rep(30000), '.-.-.-.-b')").fail(), ContainsSubstring("pattern"));
  CHECK_THAT(Script("table.move({}, 1, math.maxinteger - 1, 2)").fail(), ContainsSubstring("too long"));
  CHECK_THAT(Script("table.concat({}, '', 1, math.maxinteger)").fail(), ContainsSubstring("too long"));
  CHECK_THAT(Script("setmetatable({}, { __len = function() return 1e15 end })").fail(), ContainsSubstring("__len"));
  CHECK_THAT(Script("setmetatable({}, { __gc = function() end })").fail(), ContainsSubstring("__gc"));
  CHECK(Script("print(('key=value'):match('(%w+)=(%w+)'))").finish() == "key\tvalue\n");
}

TEST_CASE("nothing that a script sees differs from run to run") {
  const char* text =
      "t = {} for _, w in ipairs{'one', 'two', 'three', 'four', 'five'} do t[w] = #w end\n"
      "for k, v in pairs(t) do print(k, v) end\n"
      "print(math.random(1000), math.random(1000))\n"
      "print(t, print, coroutine.create(print), string.format('%s %p', t, palloc(8)))\n";
  std::string once = Script(text).finish();
  CHECK(once == Script(text).finish());
  CHECK_THAT(once, StartsWith("five\t4\nfour\t4\none\t3\nthree\t5\ntwo\t3\n"));
  CHECK_THAT(once, ContainsSubstring("table\tfunction\tthread\ttable 0x"));
}

TEST_CASE("pairs goes through numbers, strings, booleans and addresses in order") {
  CHECK(Script("a = palloc(1) b = palloc(1)\n"
               "for k in pairs{ [b] = 1, [a] = 1, [true] = 1, x = 1, [2] = 1, [1] = 1 } do\n"
               "  print(k == a and 'a' or k == b and 'b' or k) end")
            .finish() == "1\n2\nx\ntrue\na\nb\n");
  CHECK_THAT(Script("for k in pairs{ [{}] = 1, [1] = 2 } do end").fail(), ContainsSubstring("keys must be"));
}
