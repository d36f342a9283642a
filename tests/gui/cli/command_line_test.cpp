#include "gui/cli/command_line.h"

#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

struct Outcome {
  std::variant<int, WindowRequest> answer;
  std::string out, err;
  int status() const { return std::get<int>(answer); }
};

Outcome run(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  auto answer = run_command_line(arguments, {out, err});
  return {std::move(answer), out.str(), err.str()};
}

TEST_CASE("no arguments ask for the window's welcome screen") {
  CHECK(std::get<WindowRequest>(run({}).answer) == WindowRequest{});
}

TEST_CASE("a file and --at ask for the window on that file at that event") {
  const std::string file = __FILE__;
  const WindowRequest wanted{file, 12};
  CHECK(std::get<WindowRequest>(run({file, "--at", "12"}).answer) == wanted);
  CHECK(std::get<WindowRequest>(run({"--at", "12", file}).answer) == wanted);
}

TEST_CASE("--help lists every verb with its line, on standard output") {
  const Outcome outcome = run({"--help"});
  CHECK(outcome.status() == kExitGood);
  CHECK(outcome.err.empty());
  for (const Verb& verb : verb_table()) {
    CHECK_THAT(outcome.out, ContainsSubstring(std::string(verb.name)));
    CHECK_THAT(outcome.out, ContainsSubstring(std::string(verb.summary)));
  }
}

TEST_CASE("every verb answers --help on standard output and a bad option with status 2") {
  for (const Verb& verb : verb_table()) {
    const std::string name(verb.name);
    const Outcome help = run({name, "--help"});
    CHECK(help.status() == kExitGood);
    CHECK_THAT(help.out, ContainsSubstring("palloscope " + name));
    CHECK(help.err.empty());
    CHECK(run({"help", name}).out == help.out);

    const Outcome bad = run({name, "--no-such-option"});
    CHECK(bad.status() == kExitBad);
    CHECK(bad.out.empty());
    CHECK_THAT(bad.err, ContainsSubstring("palloscope " + name));
    CHECK_THAT(bad.err, ContainsSubstring("--help"));
  }
}

TEST_CASE("a misspelt verb is answered with the verb that was meant") {
  for (const auto& arguments : {std::vector<std::string>{"hepl"}, {"hlp", "info"}, {"help", "hepl"}}) {
    const Outcome outcome = run(arguments);
    CHECK(outcome.status() == kExitBad);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring("did you mean the verb \"help\"?"));
  }
}

TEST_CASE("a file that is not there is bad input, and no verb is suggested for a path") {
  const Outcome outcome = run({"./hepl"});
  CHECK(outcome.status() == kExitBad);
  CHECK_THAT(outcome.err, ContainsSubstring("there is no file \"./hepl\""));
  CHECK_THAT(outcome.err, !ContainsSubstring("did you mean"));
}

TEST_CASE("--at wants a number") {
  const Outcome outcome = run({__FILE__, "--at", "soon"});
  CHECK(outcome.status() == kExitBad);
  CHECK_THAT(outcome.err, ContainsSubstring("--at"));
}

}  // namespace
}  // namespace palloscope::gui::cli
