// palloscope run: scenarios without a window.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/scenario/scenario_info.h"
#include "gui/cli/command_line.h"
#include "tests/support/catch.h"
#include "trace/file/trace_reader.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

struct Outcome {
  int status = 0;
  std::string out, err;
};

Outcome run(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  auto answer = run_command_line(arguments, {out, err});
  return {std::get<int>(answer), out.str(), err.str()};
}

// A file that is gone when the test ends.
struct TemporaryFile {
  std::filesystem::path path;
  explicit TemporaryFile(const std::string& name, const std::string& text = "")
      : path(std::filesystem::temp_directory_path() / ("palloscope-verb-run-" + name)) {
    if (!text.empty()) std::ofstream(path) << text;
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

TEST_CASE("run --list names every scenario with its line, in either language") {
  const Outcome english = run({"run", "--list"}), chinese = run({"run", "--list", "--lang", "zh"});
  CHECK(english.status == kExitGood);
  for (const core::BuiltinScenario& scenario : core::builtin_scenarios()) {
    CHECK_THAT(english.out, ContainsSubstring(scenario.info.name));
    CHECK_THAT(english.out, ContainsSubstring(scenario.info.about.en));
    CHECK_THAT(chinese.out, ContainsSubstring(scenario.info.title.zh));
  }
}

TEST_CASE("run tells a scenario's lesson and sums it up") {
  const Outcome outcome = run({"run", "large-chunks", "--pg", "16"});
  CHECK(outcome.status == kExitGood);
  CHECK(outcome.err.empty());
  CHECK_THAT(outcome.out, StartsWith("A large chunk and its dedicated block (PostgreSQL 16)\n"));
  CHECK_THAT(outcome.out, ContainsSubstring("50048"));
  CHECK_THAT(outcome.out, ContainsSubstring("errors: 0; faults: 0"));
  CHECK_THAT(run({"run", "5", "--lang", "zh"}).out, StartsWith("大内存片与它的专用内存块"));
}

TEST_CASE("run --calls tells the calls on contexts as recordings of real servers have them") {
  const TemporaryFile script("calls.lua",
                             "c = AllocSetContextCreate(TopMemoryContext, 'work', ALLOCSET_SMALL_SIZES)\n"
                             "statement('first')\nMemoryContextReset(c)\nMemoryContextReset(c)\n"
                             "print('not told')\nMemoryContextDelete(c)\n");
  const Outcome outcome = run({"run", script.path.string(), "--calls"});
  CHECK(outcome.status == kExitGood);
  CHECK(outcome.out ==
        "C aset work parent=TopMemoryContext 0/1024/8192\n=== first\nR work children=0 isreset=1  x2\nD work\n"
        "SP work -> NULL\n");
}

TEST_CASE("run writes a trace that opens again with the same events and the script's text") {
  const TemporaryFile trace("lesson.pscope");
  const Outcome outcome = run({"run", "01", "-o", trace.path.string()});
  REQUIRE(outcome.status == kExitGood);
  auto reader = trace::TraceReader::open(trace.path);
  REQUIRE(reader);
  CHECK(reader->problem().empty());
  CHECK(reader->description().title == "malloc and free against a memory context");
  CHECK_THAT(outcome.out, ContainsSubstring(std::to_string(reader->size()) + " events;"));
  trace::EventBlockDecoder decoder;
  REQUIRE(reader->begin(0, decoder));
  CHECK(std::get<core::SourceText>(*decoder.next()).text == core::find_builtin_scenario("01")->text);
}

TEST_CASE("run takes a file, prints what it prints, and says what its error was and where") {
  const TemporaryFile good("good.lua", "p = palloc(100)\nprint(GetMemoryChunkSpace(p))\n");
  CHECK_THAT(run({"run", good.path.string()}).out, ContainsSubstring("| 136\n"));

  const TemporaryFile bad("bad.lua", "p = palloc(100)\nereport(ERROR, 'too bad', 'a detail')\n");
  const Outcome failed = run({"run", bad.path.string()});
  CHECK(failed.status == kExitBad);
  CHECK_THAT(failed.err, ContainsSubstring("bad.lua:2: ERROR: too bad"));
  CHECK_THAT(failed.out, ContainsSubstring("! DETAIL: a detail"));

  const TemporaryFile broken("broken.lua", "p = = 1");
  CHECK_THAT(run({"run", broken.path.string()}).err, ContainsSubstring("broken.lua:1:"));
}

TEST_CASE("run refuses what is not there, with the name that was meant") {
  const Outcome outcome = run({"run", "large-chnuks"});
  CHECK(outcome.status == kExitBad);
  CHECK_THAT(outcome.err, ContainsSubstring("05-large-chunks"));
  CHECK(run({"run"}).status == kExitBad);
  CHECK(run({"run", "01", "--pg", "14"}).status == kExitBad);
  CHECK(run({"run", "01", "-o", "/no/such/folder/x.pscope"}).status == kExitBad);
}

}  // namespace
}  // namespace palloscope::gui::cli
