#include "gui/cli/arguments.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

// A verb with an argument of each kind of target.
struct Every {
  std::vector<std::string> words, settings;
  std::vector<int> versions;
  bool all = false;
  int major = 17;
  std::uint32_t buffers = 0;
  std::uint64_t limit = 10;
  float scale = 1;
  std::optional<std::uint64_t> at;
  std::optional<double> planned;
  std::string format = "text";

  Usage usage{"every", "Takes one of each."};
  std::string out, err;

  Every() {
    usage.add("FILE", &words, "files");
    usage.add("--set", &settings, "settings").takes("NAME=VALUE").one_value_each();
    const Argument versions_argument = usage.add("--versions", &versions, "versions").within(15, 18);
    usage.add("-a,--all", &all, "a flag").excludes(versions_argument);
    usage.add("--pg", &major, "a version").within(15, 18).shows_default();
    usage.add("--buffers", &buffers, "a number").takes("N");
    usage.add("--limit", &limit, "another");
    usage.add("--scale", &scale, "a part").within(0.5, 2.5);
    usage.add("--at", &at, "an event").takes("N");
    usage.add("--planned", &planned, "rows");
    usage.add("--format", &format, "a word").one_of({"text", "json"}).shows_default();
    usage.footer("The last line.");
  }

  std::optional<int> parse(const std::vector<std::string>& arguments) {
    std::ostringstream out_stream, err_stream;
    const auto status = usage.parse(arguments, {out_stream, err_stream});
    out = out_stream.str();
    err = err_stream.str();
    return status;
  }
};

TEST_CASE("what is given goes to the targets, each of its type") {
  Every verb;
  REQUIRE_FALSE(verb.parse({"a", "--pg", "16", "b", "--buffers=7", "--limit", "18446744073709551615", "--scale", "1.5",
                            "--at", "0", "--planned", "2.5", "--format", "json"}));
  CHECK(verb.words == std::vector<std::string>{"a", "b"});
  CHECK(verb.major == 16);
  CHECK(verb.buffers == 7);
  CHECK(verb.limit == ~std::uint64_t{0});
  CHECK(verb.scale == 1.5f);
  CHECK(verb.at == 0);
  CHECK(verb.planned == 2.5);
  CHECK(verb.format == "json");
  CHECK(verb.usage.given("--pg"));
}

TEST_CASE("what is not given leaves the targets as they were") {
  Every verb;
  REQUIRE_FALSE(verb.parse({}));
  CHECK(verb.major == 17);
  CHECK(verb.limit == 10);
  CHECK_FALSE(verb.all);
  CHECK_FALSE(verb.at);
  CHECK_FALSE(verb.planned);
  CHECK_FALSE(verb.usage.given("--pg"));
}

TEST_CASE("a list takes several values at once, or one each time where it is said so") {
  Every verb;
  REQUIRE_FALSE(verb.parse({"--versions", "15", "16", "--set", "a=1", "file", "--set", "b=2"}));
  CHECK(verb.versions == std::vector<int>{15, 16});
  CHECK(verb.settings == std::vector<std::string>{"a=1", "b=2"});
  CHECK(verb.words == std::vector<std::string>{"file"});
}

TEST_CASE("a mistake is told on one line with the option and what it takes, and then the way to --help") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> mistakes{
      {{"--buffers", "-1"}, "--buffers: \"-1\" is not a number that it takes"},
      {{"--limit", "-1"}, "--limit: \"-1\" is not a number that it takes"},
      {{"--at=-1"}, "--at: \"-1\" is not a number that it takes"},
      {{"--at", "soon"}, "--at: \"soon\" is not a number that it takes"},
      {{"--at", "1", "--at", "2"}, "--at: it can be given only once"},
      {{"--at"}, "--at: its value is missing"},
      {{"--at", ""}, "--at: its value is missing"},
      {{"--pg", "14"}, "--pg: \"14\": it takes 15 to 18"},
      {{"--scale", "nan"}, "--scale: \"nan\": it takes 0.5 to 2.5"},
      {{"--format", "xml"}, "--format: \"xml\": it takes one of text, json"},
      {{"--fromat", "json"}, "there is no option --fromat; did you mean --format?"},
      {{"--zz", "json"}, "there is no option --zz"},
      {{"--all=maybe"}, "--all: it takes no value"},
      {{"-a", "--versions", "15"}, "--versions excludes --all"},
  };
  for (const auto& [arguments, text] : mistakes) {
    CAPTURE(arguments);
    Every verb;
    CHECK(verb.parse(arguments) == kExitBad);
    CHECK(verb.out.empty());
    CHECK(verb.err == "palloscope every: " + text + "\nSee: palloscope every --help\n");
  }
}

TEST_CASE("--help tells types, choices, ranges, defaults and the footer") {
  Every verb;
  CHECK(verb.parse({"--help"}) == kExitGood);
  CHECK(verb.err.empty());
  for (const char* part : {"Takes one of each.", "Usage: palloscope every [OPTIONS] [FILE...]", "--set NAME=VALUE",
                           "--at N ", "--pg INT:[15 to 18]", "--format TEXT:{text,json}"})
    CHECK_THAT(verb.out, ContainsSubstring(part));
  CHECK_THAT(verb.out, Catch::Matchers::EndsWith("\nThe last line.\n"));
}

}  // namespace
}  // namespace palloscope::gui::cli
