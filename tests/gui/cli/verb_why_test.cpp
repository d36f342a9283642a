// palloscope why, on a scenario and on the trace that it makes.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

// A script, and the trace made of it; both gone with the object.
struct Files {
  Files() {
    const auto base = std::filesystem::temp_directory_path() / ("palloscope-why-" + std::to_string(::getpid()));
    script = base.string() + ".lua";
    trace = base.string() + ".pscope";
    std::ofstream(script) << "c = AllocSetContextCreate(TopMemoryContext, 'work', ALLOCSET_DEFAULT_SIZES)\n"
                             "MemoryContextAlloc(c, 100)\n"
                             "MemoryContextAlloc(c, 8000)\n";
    REQUIRE(run({"run", script, "-o", trace}).status == kExitGood);
  }
  ~Files() {
    std::error_code ignored;
    std::filesystem::remove(script, ignored);
    std::filesystem::remove(trace, ignored);
  }
  std::string script, trace;
};

}  // namespace

TEST_CASE("why tells the last event's card, its call and the rule's place, of a script as of its trace") {
  const Files files;
  const Outcome of_script = run({"why", files.script}), of_trace = run({"why", files.trace});
  REQUIRE(of_script.status == kExitGood);
  REQUIRE(of_script.out == of_trace.out);
  REQUIRE_THAT(of_script.out, ContainsSubstring("8000 B asked of work"));
  REQUIRE_THAT(of_script.out, ContainsSubstring("effect 10 of 10"));
  REQUIRE_THAT(of_script.out, ContainsSubstring("AllocSetAllocFromNewBlock"));
  REQUIRE_THAT(run({"why", files.trace, "--lang", "zh"}).out, ContainsSubstring("向 work 请求 8000 B"));
}

TEST_CASE("why's JSON has keys, numbers, words, rule and call") {
  const Files files;
  const Outcome outcome = run({"why", files.trace, "--format", "json"});
  REQUIRE(outcome.status == kExitGood);
  const auto json = nlohmann::json::parse(outcome.out);
  REQUIRE(json["kind"] == "ChunkAllocated");
  REQUIRE(json["sentences"][0]["values"]["asked"] == 8000);
  REQUIRE(json["rule"]["file"] == "aset.c");
  REQUIRE(json["rule"]["spec"] == "3.5");
  REQUIRE(json["call"]["effects"].size() == 10);
  REQUIRE(json["call"]["effects"][9]["event"] == json["event"]);
}

TEST_CASE("why refuses what is not there in one line") {
  const Files files;
  REQUIRE(run({"why", files.trace, "--at", "100000"}).status == kExitBad);
  REQUIRE_THAT(run({"why", files.trace, "--at", "0"}).err, ContainsSubstring("nothing has happened yet"));
  REQUIRE(run({"why", "/nowhere.pscope"}).status == kExitBad);
  REQUIRE(run({"why", "/nowhere.lua"}).status == kExitBad);
}

}  // namespace palloscope::gui::cli
