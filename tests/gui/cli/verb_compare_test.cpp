// palloscope compare: the table, its other forms, and what it refuses.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"
#include "tests/support/golden_files.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

constexpr const char* kScript = R"(
bag = AllocSetContextCreate(TopMemoryContext, "bag", ALLOCSET_DEFAULT_SIZES)
keep = {}
for i = 1, 100 do keep[i] = MemoryContextAlloc(bag, 40) end
for i = 1, 100, 2 do pfree(keep[i]) end
)";

struct Scratch {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("palloscope-compare-" + std::to_string(::getpid()) + ".lua");
  explicit Scratch(std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
  ~Scratch() { std::filesystem::remove(path); }
};

}  // namespace

TEST_CASE("compare tells a scenario's calls on several allocators, and goes on where one cannot") {
  const Scratch script(kScript);
  const Outcome outcome = run({"compare", script.path.string(), "--with", "bump", "--with", "malloc", "--pg", "15"});
  CHECK(outcome.status == kExitGood);
  CHECK_THAT(outcome.out,
             ContainsSubstring("as recorded") && ContainsSubstring("recorded@15") && ContainsSubstring("at the peak"));
  CHECK_THAT(outcome.err, ContainsSubstring("bump: event ") && ContainsSubstring("frees a chunk of \"bag\""));

  const auto json = nlohmann::json::parse(
      run({"compare", script.path.string(), "--with", "recorded", "--with", "malloc", "--format", "json"}).out);
  const auto& rows = json["contenders"];
  REQUIRE(rows.size() == 3);
  CHECK(rows[0]["now"] == rows[1]["now"]);
  CHECK(rows[0]["peak"] == rows[1]["peak"]);
  CHECK(rows[2]["now"]["held_bytes"] == 50 * 48);
  CHECK(rows[2]["peak"]["held_bytes"] == 100 * 48);
  CHECK(rows[2]["now"]["free_calls"] == 50);

  const std::string csv =
      run({"compare", script.path.string(), "--with", "slab:64", "--context", "bag", "--format", "csv"}).out;
  CHECK_THAT(csv, ContainsSubstring("contender,held_bytes,") && ContainsSubstring("\"slab:64\",") &&
                      ContainsSubstring("Slab in 1 of 1 contexts"));
}

TEST_CASE("compare stands after the event that --at names, for all at the same call") {
  const Scratch script(kScript);
  const std::string file = script.path.string();
  const auto at = [&](const std::string& event) {
    return nlohmann::json::parse(run({"compare", file, "--with", "malloc", "--at", event, "--format", "json"}).out);
  };
  CHECK(at("0")["call"] == 0);
  CHECK(at("0")["contenders"][1]["now"]["held_bytes"] == 0);
  const auto middle = at("80");
  CHECK(middle["contenders"][0]["now"]["requested_bytes"] == middle["contenders"][1]["now"]["requested_bytes"]);
  CHECK(run({"compare", file, "--at", "99999"}).status == kExitBad);
}

TEST_CASE("compare takes the program's own scenarios by name, and usual contenders if none is named") {
  const Outcome outcome = run({"compare", "03"});
  CHECK(outcome.status == kExitGood);
  CHECK_THAT(outcome.out, ContainsSubstring("generation") && ContainsSubstring("malloc") && ContainsSubstring("pool"));
}

TEST_CASE("compare refuses dumps and contenders that it does not know") {
  const Scratch dump(test::read_golden("dumps/pg17-memorycontextstats-stderr.txt"));
  const std::filesystem::path text = dump.path.string() + ".txt";
  std::filesystem::copy_file(dump.path, text);
  const Outcome refused = run({"compare", text.string()});
  std::filesystem::remove(text);
  CHECK(refused.status == kExitBad);
  CHECK_THAT(refused.err, ContainsSubstring("nothing to run again"));
  const Outcome unknown = run({"compare", "03", "--with", "jemalloc"});
  CHECK(unknown.status == kExitBad);
  CHECK_THAT(unknown.err, ContainsSubstring("there are recorded, aset"));
  CHECK_THAT(run({"compare", "--help"}).out, ContainsSubstring("held = requested + in chunks"));
}

}  // namespace palloscope::gui::cli
