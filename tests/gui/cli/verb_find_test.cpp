// palloscope find, on a scenario and on the trace that it makes.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gui/condition_words.h"
#include "gui/strings.h"
#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"

namespace palloscope::gui::cli {
namespace {

// A script, and a file of conditions; both gone with the object.
struct Files {
  Files() {
    const auto base = std::filesystem::temp_directory_path() / ("palloscope-find-" + std::to_string(::getpid()));
    script = base.string() + ".lua";
    list = base.string() + ".conditions";
    std::ofstream(script) << "c = AllocSetContextCreate(TopMemoryContext, 'work', ALLOCSET_DEFAULT_SIZES)\n"
                             "for i = 1, 3 do MemoryContextAlloc(c, 100 * i) end\n"
                             "MemoryContextAlloc(c, 100000)\n"
                             "MemoryContextReset(c)\n";
  }
  ~Files() {
    std::error_code ignored;
    std::filesystem::remove(script, ignored);
    std::filesystem::remove(list, ignored);
  }
  std::string script, list;
};

std::vector<std::string> lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> all;
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

std::uint64_t number_of(const std::string& line) { return std::stoull(line.substr(1)); }

}  // namespace

TEST_CASE("find tells the first event, all of them, the last one, or how many there are") {
  const Files files;
  const std::string condition = "alloc and context == \"work\"";
  const Outcome all = run({"find", files.script, condition, "--all"});
  REQUIRE(all.status == kExitGood);
  const auto found = lines(all.out);
  REQUIRE(found.size() == 4);
  CHECK(found[0].find("palloc work 100") != std::string::npos);
  CHECK(lines(run({"find", files.script, condition}).out) == std::vector{found[0]});
  CHECK(lines(run({"find", files.script, condition, "--back"}).out) == std::vector{found[3]});
  CHECK(lines(run({"find", files.script, condition, "--back", "--all"}).out) ==
        std::vector<std::string>(found.rbegin(), found.rend()));
  CHECK(lines(run({"find", files.script, condition, "--limit", "2"}).out) == std::vector{found[0], found[1]});
  CHECK(lines(run({"find", files.script, condition, "--from", std::to_string(number_of(found[1]))}).out) ==
        std::vector{found[2]});
  CHECK(run({"find", files.script, condition, "--count"}).out == "4\n");
  const Outcome json = run({"find", files.script, condition, "--format", "json"});
  CHECK(nlohmann::json::parse(json.out)["event"] == number_of(found[0]));
}

TEST_CASE("find stops where a state becomes so, and with --hold at all events where it is") {
  const Files files;
  const std::string condition = "total(\"work\") > 100kB";
  const auto becomes = lines(run({"find", files.script, condition, "--all"}).out);
  const auto holds = lines(run({"find", files.script, condition, "--all", "--hold"}).out);
  REQUIRE(becomes.size() == 1);
  REQUIRE(holds.size() > 1);
  CHECK(becomes[0] == holds[0]);
}

TEST_CASE("find says no by its status, and points at what is no condition") {
  const Files files;
  const Outcome none = run({"find", files.script, "fault"});
  CHECK(none.status == kExitNo);
  CHECK(none.out.empty());
  const Outcome bad = run({"find", files.script, "alloc and siez > 1kB"});
  CHECK(bad.status == kExitBad);
  CHECK(bad.err ==
        "palloscope find: column 11: 'siez' is no word of a condition; did you mean size?\n"
        "  alloc and siez > 1kB\n"
        "            ^~~~\n");
  CHECK(run({"find", files.script}).status == kExitBad);
  CHECK(run({"find", files.script, "context == \"\u4E2D\" $"}).err.find("\n" + std::string(17, ' ') + "^\n") !=
        std::string::npos);
}

TEST_CASE("find reads conditions from a file and tells which one an event met") {
  const Files files;
  std::ofstream(files.list) << "# what is large\n\nalloc and size > 50kB\n  reset\n";
  const Outcome found = run({"find", files.script, "--conditions", files.list, "--all"});
  REQUIRE(found.status == kExitGood);
  const auto told = lines(found.out);
  REQUIRE(told.size() == 2);
  CHECK(told[0].ends_with("<- alloc and size > 50kB"));
  CHECK(told[1].find("reset") != std::string::npos);
  std::ofstream(files.list) << "alloc\nsize >\n";
  const Outcome bad = run({"find", files.script, "--conditions", files.list});
  CHECK(bad.status == kExitBad);
  CHECK(bad.err.find("line 2: column 7") != std::string::npos);
  CHECK(run({"find", files.script, "alloc", "--conditions", files.list}).status == kExitBad);
}

TEST_CASE("conditions of a file may have names, and results tell those") {
  const Files files;
  std::ofstream(files.list) << "large ones: alloc and size > 50kB\nover:reset\n";
  const Outcome found = run({"find", files.script, "--conditions", files.list, "--all"});
  REQUIRE(found.status == kExitGood);
  const auto told = lines(found.out);
  REQUIRE(told.size() == 2);
  CHECK(told[0].ends_with("<- large ones"));
  CHECK(told[1].ends_with("<- over"));
  const auto counts = lines(run({"find", files.script, "--conditions", files.list, "--count"}).out);
  REQUIRE(counts.size() == 3);
  CHECK(counts[0] == "2");
  CHECK(counts[1].ends_with("1  large ones"));
  const Outcome json = run({"find", files.script, "--conditions", files.list, "--format", "json", "--link"});
  const auto first = nlohmann::json::parse(json.out);
  CHECK(first["condition"] == "large ones");
  CHECK(first["link"].get<std::string>().ends_with("#at=" + std::to_string(first["event"].get<int>())));
  std::ofstream(files.list) << "a name: alloc and siez > 1\n";
  CHECK(run({"find", files.script, "--conditions", files.list}).err ==
        "palloscope find: " + files.list +
            ", line 1: column 19: 'siez' is no word of a condition; did you mean size?\n"
            "  a name: alloc and siez > 1\n"
            "                    ^~~~\n");
}

TEST_CASE("find and check tell of contexts that never occur") {
  const Files files;
  const Outcome found = run({"find", files.script, "context == \"wrok\" or reset"});
  CHECK(found.status == kExitGood);
  CHECK(found.err ==
        "palloscope find: " + files.script + ": no context is ever called \"wrok\"; did you mean \"work\"?\n");
  const Outcome json = run({"find", files.script, "total(\"TopMemoryContext/wrok\") > 1", "--format", "json"});
  CHECK(json.status == kExitNo);
  CHECK(nlohmann::json::parse(json.out)["nearest"] == "work");
  CHECK(run({"find", files.script, "context ~ \"wor\" and path ~ \"Context/work\" and alloc"}).err.empty());
  const Outcome check = run({"check", files.script, "--budget", "small: total(\"wrok\") < 1MB"});
  CHECK(check.status == kExitGood);
  CHECK(check.err.find("small (rule 1): no context is ever called \"wrok\"; did you mean \"work\"?") !=
        std::string::npos);
  CHECK(check.out.ends_with(", 1 rule kept\n"));
  const Outcome broken = run({"check", files.script, "--budget", "small: total(\"work\") < 1kB", "--link"});
  CHECK(broken.status == kExitNo);
  CHECK(broken.out.starts_with("small (rule 1): total(\"work\") < 1kB\n  broken at #"));
  CHECK(broken.out.find("  palloscope:") != std::string::npos);
}

TEST_CASE("find keeps an index beside a trace and finds the same by it") {
  const Files files;
  const std::string trace = files.script + ".pscope", index = files.script + ".pscope-index";
  REQUIRE(run({"run", files.script, "-o", trace}).status == kExitGood);
  const std::string condition = "alloc and context == \"work\"";
  const std::string found = run({"find", trace, condition, "--all"}).out;
  CHECK_FALSE(std::filesystem::exists(index));
  CHECK(run({"find", trace, condition, "--all", "--index"}).out == found);
  REQUIRE(std::filesystem::exists(index));
  CHECK(run({"find", trace, condition, "--all"}).out == found);
  std::ofstream(index, std::ios::trunc) << "nothing of the kind";
  CHECK(run({"find", trace, condition, "--all"}).out == found);
  std::filesystem::remove(trace);
  std::filesystem::remove(index);
}

TEST_CASE("help tells every word of conditions, in both languages") {
  const Outcome help = run({"help", "conditions"});
  REQUIRE(help.status == kExitGood);
  for (const trace::ConditionWord& row : trace::condition_words()) {
    INFO(row.word);
    if (row.same_as.empty()) CHECK(help.out.find("\n  " + shown_word(row)) != std::string::npos);
    for (const Language language : {Language::English, Language::Chinese}) {
      CHECK(strings_of(language).has(word_key(row)));
      CHECK(strings_of(language).has(word_group_key(row.sort)));
    }
  }
}

}  // namespace palloscope::gui::cli
