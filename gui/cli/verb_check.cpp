// palloscope check FILE --budget RULE: does a trace keep its budgets?
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "gui/cli/moment_link.h"
#include "gui/cli/progress.h"
#include "gui/cli/rounds_input.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "gui/condition_field.h"
#include "gui/format_text.h"
#include "trace/exporters/event_text.h"
#include "trace/findings/budget.h"
#include "trace/query/named_contexts.h"

namespace palloscope::gui::cli {
namespace {

constexpr const char* kFooter =
    "A rule is a condition (palloscope help conditions tells the language) that must hold at every event:\n"
    "  total(\"ExecutorState\") < 64MB\n"
    "  not (alloc and size > 1MB)\n"
    "or a limit of growth, from the end of the first quarter of the rounds to the last round:\n"
    "  total(\"CacheMemoryContext\") grows < 1kB per 1000 rounds\n"
    "  count(\"index info\") grows <= 1 per 100 transactions\n"
    "total, used, free, requested, count, chunks and blocks are sums over all contexts of that name. Rounds are those\n"
    "of --rounds; left out: what the scenario says, else transactions, else statements, else resets of the context\n"
    "name that is reset most often.\n"
    "A rule may have a name before it, \"executor: total(...) < 64MB\". A file of rules has one on a line; empty lines "
    "and lines that begin with # are passed over.\n\n"
    "Exit status: 0 all rules are kept, 1 a rule is broken (the first event that breaks it is told), 2 bad usage, a\n"
    "bad rule, a file that cannot be read, or growth that cannot be measured, as the trace has no rounds.";

struct Rule {
  std::string from;  // its name, or "rule 1", "budgets.txt:3"
  std::string text;
};

// "NAME: RULE", or a rule alone.
Rule rule_of(std::string_view line, std::string from) {
  const NamedText named = split_name(line);
  const std::size_t begin = std::min(line.find_first_not_of(" \t", named.at), line.size());
  if (!named.name.empty()) from = fmt::format("{} ({})", named.name, from);
  return {std::move(from), std::string(line.substr(begin))};
}

std::optional<std::vector<Rule>> read_rules(const std::vector<std::string>& given, const std::string& file,
                                            Streams io) {
  std::vector<Rule> rules;
  for (const std::string& text : given) rules.push_back(rule_of(text, fmt::format("rule {}", rules.size() + 1)));
  if (file.empty()) return rules;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    complain("check", fmt::format("{}: cannot be read", file), io);
    return std::nullopt;
  }
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    const std::size_t first = line.find_first_not_of(' ');
    if (first == std::string::npos || line[first] == '#') continue;
    rules.push_back(rule_of(line, fmt::format("{}:{}", file, number)));
  }
  return rules;
}

// All mistakes, each with its place pointed at.
std::optional<std::vector<trace::Budget>> parse_rules(const std::vector<Rule>& rules, Streams io) {
  std::vector<trace::Budget> budgets;
  for (const Rule& rule : rules) {
    trace::ConditionMistake mistake;
    auto budget = trace::Budget::parse(rule.text, &mistake);
    if (budget) {
      budgets.push_back(std::move(*budget));
      continue;
    }
    complain("check", fmt::format("{}: {}", rule.from, budget.error().message), io);
    io.err << fmt::format("  {}\n  {:>{}}\n", rule.text, '^', mistake.column + 1);
  }
  if (budgets.size() != rules.size()) return std::nullopt;
  return budgets;
}

std::string value_text(const trace::BudgetSum& sum, std::uint64_t value) {
  return fmt::format(
      "{}(\"{}\") = {}", quantity_word(sum.quantity), sum.name,
      counts_bytes(sum.quantity) ? fmt::format("{} ({})", value, format_bytes(value)) : std::to_string(value));
}

// Names that no context has: such a rule is kept whatever happens.
void warn_of_missing(const trace::Timeline& timeline, const std::vector<trace::Budget>& budgets,
                     const std::vector<Rule>& rules, const std::string& file, Streams io) {
  std::vector<std::vector<trace::NamedContext>> by_rule;
  std::vector<trace::NamedContext> all;
  for (const trace::Budget& budget : budgets) {
    by_rule.push_back(budget.condition ? contexts_named_in(*budget.condition)
                                       : trace::contexts_named_in(budget.growth->sum.name));
    all.insert(all.end(), by_rule.back().begin(), by_rule.back().end());
  }
  if (all.empty()) return;
  const std::vector<trace::MissingContext> missing = missing_contexts(timeline, std::move(all));
  for (std::size_t i = 0; i < rules.size(); ++i)
    for (const trace::MissingContext& one : missing)
      if (std::any_of(by_rule[i].begin(), by_rule[i].end(), [&](const auto& named) { return named.name == one.name; }))
        io.err << fmt::format("palloscope check: {}: {}: {}\n", file, rules[i].from, missing_text(one));
}

void tell(const trace::Breach& breach, const std::vector<Rule>& rules, trace::Timeline& timeline, std::ostream& out) {
  timeline.seek(breach.event);
  out << fmt::format("{}: {}\n  broken at #{}: {}\n", rules[breach.rule].from, rules[breach.rule].text, breach.event,
                     trace::event_text(timeline.event(breach.event), timeline.state()));
  for (const trace::Breach::Value& value : breach.values)
    out << fmt::format("  {}\n", value_text(value.sum, value.value));
  if (breach.rounds != 0)
    out << fmt::format("  from {} to {} in {}: {:.1f} a round\n", breach.from, breach.to,
                       core::counted(breach.rounds, "round"),
                       static_cast<double>(breach.to - breach.from) / static_cast<double>(breach.rounds));
}

}  // namespace

int run_check(Arguments arguments, Streams io) {
  Usage usage("check",
              "Holds a trace to budgets, for tests of programs: each rule must be kept from the first event to "
              "the last.");
  usage.footer(kFooter);
  std::string file, rule_file, rounds;
  std::vector<std::string> given;
  bool link = false;
  usage.add("FILE", &file, "a trace, or a scenario (a file, a name or a number)").required();
  usage.add("--budget", &given, "a rule, see below; may be given again").takes("RULE").one_value_each();
  usage.add("--budgets", &rule_file, "a file of rules").takes("RULES");
  usage.add("--rounds", &rounds, "what a round is, as palloscope report takes it").takes("ROUNDS");
  add_link_flag(usage, link);
  if (const auto status = usage.parse(arguments, io)) return *status;

  const auto rules = read_rules(given, rule_file, io);
  if (!rules) return kExitBad;
  if (rules->empty()) return complain("check", "no rule is given: --budget RULE, or --budgets FILE", io);
  const auto budgets = parse_rules(*rules, io);
  if (!budgets) return kExitBad;
  std::optional<trace::RoundRule> round_rule;
  if (usage.given("--rounds")) {
    auto parsed = trace::parse_rounds(rounds);
    if (!parsed) return complain("check", fmt::format("--rounds: {}", parsed.error().message), io);
    round_rule = std::move(*parsed);
  }
  auto timeline = open_source_or_scenario("check", file, io);
  if (!timeline) return kExitBad;

  if (!round_rule) round_rule = rounds_of_scenario(file, *timeline);
  trace::BudgetCheck check(*timeline, *budgets, std::move(round_rule));
  {
    Progress progress("check", io);
    while (!check.advance(200'000)) progress.tell("checking", check.progress());
  }
  if (!check.problem().empty()) return complain("check", fmt::format("{}: {}", file, check.problem()), io);
  for (std::size_t i = 0; i < budgets->size(); ++i)
    if ((*budgets)[i].growth && check.rounds_of(i) < trace::RoundFinder::kLeastRounds)
      return complain("check",
                      fmt::format("{}: growth needs {} rounds at least, and {} has {}; --rounds tells what a round is",
                                  (*rules)[i].from, trace::RoundFinder::kLeastRounds, file, check.rounds_of(i)),
                      io);
  warn_of_missing(*timeline, *budgets, *rules, file, io);
  for (const trace::Breach& breach : check.breaches()) {
    tell(breach, *rules, *timeline, io.out);
    if (link) io.out << "  " << moment_link(file, breach.event) << '\n';
  }
  if (!check.breaches().empty()) return kExitNo;
  io.out << fmt::format("{}: {}, {} kept\n", file, core::counted(timeline->size(), "event"),
                        core::counted(rules->size(), "rule"));
  return kExitGood;
}

}  // namespace palloscope::gui::cli
