#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gui/cli/command_line.h"
#include "tests/support/catch.h"
#include "tests/support/source_tree.h"
#include "trace/golden/golden_file.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

struct Outcome {
  int status = 0;
  std::string out, err;
};

Outcome golden(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "golden");
  std::ostringstream out, err;
  auto answer = run_command_line(arguments, {out, err});
  return {std::get<int>(answer), out.str(), err.str()};
}

std::string file(const std::string& name) {
  return test::in_source_tree("tests/golden/allocs/" + name + ".json.zst").string();
}

TEST_CASE("golden tells each version's totals and exits 0 if all is equal") {
  const Outcome outcome = golden({file("mcxt"), file("bump")});
  CHECK(outcome.status == kExitGood);
  CHECK(outcome.err.empty());
  CHECK_THAT(outcome.out, ContainsSubstring("pg15-mcxt: 11 sequences, 462 operations: 0 differences\n"));
  CHECK_THAT(outcome.out, ContainsSubstring("pg18-bump: 40 sequences"));
  CHECK_THAT(outcome.out, ContainsSubstring("total: 126 sequences"));
}

TEST_CASE("golden shows where a file differs and exits 1") {
  auto text = trace::read_golden_text(file("mcxt"));
  REQUIRE(text);
  const std::string right = "\"mem\":14336";
  const auto at = text->find(right);
  REQUIRE(at != std::string::npos);
  text->replace(at, right.size(), "\"mem\":14337");
  const auto changed = std::filesystem::temp_directory_path() / "palloscope_golden_changed.json";
  std::ofstream(changed) << *text;
  const Outcome outcome = golden({changed.string()});
  std::filesystem::remove(changed);
  CHECK(outcome.status == kExitNo);
  CHECK_THAT(outcome.out, ContainsSubstring("1 difference\n  pg15-mcxt, child_order, op "));
  CHECK_THAT(outcome.out, ContainsSubstring("expected 14337, found 14336"));
}

TEST_CASE("golden refuses bad input in one line and exits 2") {
  for (const auto& [name, words] : {std::pair<std::string, std::string>{"/no/such/file", "cannot be read"},
                                    {test::in_source_tree("CMakeLists.txt").string(), "document 1"}}) {
    const Outcome outcome = golden({name});
    CHECK(outcome.status == kExitBad);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring(words));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  }
}

}  // namespace
}  // namespace palloscope::gui::cli
