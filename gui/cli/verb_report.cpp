// palloscope report FILE: what is to be found about the memory of a trace, for people, programs and browsers.
#include <fmt/format.h>

#include <fstream>
#include <optional>
#include <ostream>
#include <string>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "gui/cli/progress.h"
#include "gui/cli/report.h"
#include "gui/cli/rounds_input.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"

namespace palloscope::gui::cli {
namespace {

constexpr const char* kFooter =
    "Rounds are what a trace repeats: growth is what stays of each. Left out: what the scenario says (rounds = ... in\n"
    "its head), else transactions (ends of TopTransactionContext), else statements, else resets of the context name\n"
    "that is reset most often.\n"
    "  transaction    each end of TopTransactionContext\n"
    "  statement      each statement that begins\n"
    "  reset:NAME     each reset of a context of this name\n"
    "  line:N         each time the script comes to its line N\n"
    "  CONDITION      each event at which it holds, as in 'reset and context == \"ExprContext\"'\n\n"
    "The parts of a context's bytes add up: total = asked for + rounding + headers + free chunks + block tails +\n"
    "empty blocks.\n\n"
    "Exit status: 0 the report was written, whatever it says, 2 bad usage or bad input.";

void write(const Report& report, const std::string& format, std::ostream& out) {
  if (format == "json")
    write_report_json(report, out);
  else if (format == "html")
    write_report_html(report, out);
  else
    write_report_text(report, out);
}

}  // namespace

int run_report(Arguments arguments, Streams io) {
  Usage usage("report",
              "Reads a trace once and tells what is to be found about its memory: what grows round by round and never "
              "comes back, freelists that hoard, blocks kept by one chunk, contexts that should be reset, chunks in "
              "the wrong context; where the bytes go, who held them at the highest moment, sizes and lifetimes.");
  usage.footer(kFooter);
  std::string file, format = "text", language = "en", target, rounds;
  usage.add("FILE", &file, "a trace, a server's dump, or a scenario (a file, a name or a number)").required();
  usage.add("--format", &format, "how it is written; html: one page with pictures, which needs nothing else")
      .one_of({"text", "json", "html"})
      .shows_default();
  usage.add("-o,--out", &target, "into this file; left out: to the terminal").takes("OUT");
  usage.add("--rounds", &rounds, "what a round is, see below").takes("ROUNDS");
  usage.add("--lang", &language, "the language of the words").one_of({"en", "zh"}).shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  std::optional<trace::RoundRule> rule;
  if (usage.given("--rounds")) {
    auto parsed = trace::parse_rounds(rounds);
    if (!parsed) return complain("report", fmt::format("--rounds: {}", parsed.error().message), io);
    rule = std::move(*parsed);
  }
  auto timeline = open_source_or_scenario("report", file, io);
  if (!timeline) return kExitBad;
  if (!rule) rule = rounds_of_scenario(file, *timeline);
  trace::Survey survey(*timeline, std::move(rule));
  {
    Progress progress("report", io);
    while (!survey.advance(200'000)) progress.tell("looking", survey.progress());
  }
  if (!survey.problem().empty())
    io.err << fmt::format("palloscope report: {}: {}; looked at up to there\n", file, survey.problem());
  if (usage.given("--rounds") && survey.round_count() == 0)
    return complain("report", fmt::format("--rounds {}: there is none in {}", rounds, file), io);
  const Language words = language == "zh" ? Language::Chinese : Language::English;
  const Report report{file, *timeline, survey, strings_of(words), words};
  if (target.empty()) {
    write(report, format, io.out);
    return kExitGood;
  }
  std::ofstream out(target, std::ios::binary | std::ios::trunc);
  write(report, format, out);
  out.close();
  if (!out) return complain("report", fmt::format("{}: cannot be written", target), io);
  io.err << fmt::format("{}: {}\n", target, core::counted(survey.findings().size(), "finding"));
  return kExitGood;
}

}  // namespace palloscope::gui::cli
