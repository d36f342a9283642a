// palloscope find FILE 'CONDITION': the events at which it holds.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "gui/cli/arguments.h"
#include "gui/cli/condition_input.h"
#include "gui/cli/json_line.h"
#include "gui/cli/moment_link.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/exporters/event_json.h"
#include "trace/exporters/event_text.h"
#include "trace/query/condition_index_file.h"
#include "trace/query/condition_search.h"
#include "trace/query/named_contexts.h"

namespace palloscope::gui::cli {
namespace {

struct Wanted {
  std::string file;
  bool json = false, link = false;
  std::vector<std::string> names;  // of the conditions; empty: there is one only
};

// One line for the event; which condition it met stands behind it.
void tell(const trace::Timeline& timeline, const trace::ConditionHit& hit, const Wanted& wanted, std::ostream& out) {
  const std::string name = wanted.names.empty() ? std::string() : wanted.names[hit.condition];
  const std::string link = wanted.link ? moment_link(wanted.file, hit.event) : std::string();
  timeline.visit(hit.event, hit.event,
                 [&](core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
                   if (wanted.json) {
                     auto fields = nlohmann::ordered_json::object();
                     if (!name.empty()) fields["condition"] = name;
                     if (!link.empty()) fields["link"] = link;
                     out << with_fields(trace::event_json(n, event, after), fields) << '\n';
                     return;
                   }
                   out << '#' << n << ' ' << trace::event_text(event, after);
                   if (!name.empty()) out << "   <- " << name;
                   out << (link.empty() ? "" : "\n  ") << link << '\n';
                 });
}

// Of all, and where there are several, of each.
void tell_counts(const trace::ConditionSearch& search, const Wanted& wanted, std::ostream& out) {
  if (!wanted.json) {
    out << search.count() << '\n';
    for (std::size_t i = 0; i < wanted.names.size(); ++i)
      out << fmt::format("{:>12}  {}\n", search.counts()[i], wanted.names[i]);
    return;
  }
  nlohmann::ordered_json counts = {{"count", search.count()}};
  for (std::size_t i = 0; i < wanted.names.size(); ++i)
    counts["conditions"].push_back({{"condition", wanted.names[i]}, {"count", search.counts()[i]}});
  out << json_line(counts) << '\n';
}

// What lies beside the trace, or where it is wanted is made there; null: neither.
std::unique_ptr<trace::ConditionIndex> index_of(const std::string& file, const trace::Timeline& timeline, bool wanted,
                                                Streams io) {
  auto index = std::make_unique<trace::ConditionIndex>(timeline);
  const std::filesystem::path path = trace::condition_index_path(file);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return nullptr;
  if (read_condition_index(path, *index)) return index;
  if (!wanted) return nullptr;
  {
    Progress progress("find", io);
    while (!index->advance()) progress.tell("making the index", index->progress());
  }
  if (!index->is_whole()) return nullptr;
  if (const core::Status kept = write_condition_index(path, *index); !kept) complain("find", kept.error(), io);
  return index;
}

// Names that no context has: what was meant is perhaps another one.
void warn_of_missing(const trace::Timeline& timeline, const trace::ConditionSearch& search, const Wanted& wanted,
                     Streams io) {
  std::vector<trace::NamedContext> named;
  for (const trace::Condition& condition : search.conditions())
    for (trace::NamedContext& one : contexts_named_in(condition)) named.push_back(std::move(one));
  if (named.empty()) return;
  for (const trace::MissingContext& missing : missing_contexts(timeline, std::move(named))) {
    io.err << fmt::format("palloscope find: {}: {}\n", wanted.file, missing_text(missing));
    if (!wanted.json) continue;
    nlohmann::ordered_json warning = {{"warning", missing_text(missing)}, {"context", missing.name}};
    if (!missing.nearest.empty()) warning["nearest"] = missing.nearest;
    io.out << json_line(warning) << '\n';
  }
}

}  // namespace

int run_find(Arguments arguments, Streams io) {
  Usage usage("find",
              "Lists the events at which a condition holds: alloc and size > 1MB, context ~ \"ExprContext\" and reset, "
              "total(\"ExecutorState\") > 512kB, chunk 0x55d0c0de1000 touched.");
  std::string file, text, conditions_file, format = "text";
  std::optional<core::EventNumber> from;
  std::uint64_t limit = 0;
  bool all = false, back = false, count = false, hold = false, link = false, indexes = false;
  usage.add("FILE", &file, "a trace, a server's dump, or a scenario (a file, a name or a number)").required();
  usage.add("CONDITION", &text, "what is looked for; left out: see --conditions");
  usage
      .add("--conditions", &conditions_file,
           "a file of conditions, one a line, \"NAME: CONDITION\" or without a name: any "
           "of them")
      .takes("FILE");
  usage.add("--all", &all, "every event, not only the first");
  usage.add("--limit", &limit, "at most so many; 0: all of them").takes("N");
  usage.add("--count", &count, "only tell how many there are");
  usage.add("--from", &from, "look only behind this event (with --back: before it)").takes("N");
  usage.add("--back", &back, "from the end to the start, the last event first");
  usage.add("--hold", &hold, "what speaks of the state alone counts at every event, not only where it becomes true");
  usage.add("--format", &format, "how it is written; json: an object a line").one_of({"text", "json"}).shows_default();
  usage.add(
      "--index", &indexes,
      "keep an index beside the trace, in FILE.pscope-index, and make it if it is not there: common conditions are "
      "then answered at once, however long the trace is");
  add_link_flag(usage, link);
  usage.footer("The words of conditions: palloscope help conditions. Exit status 1: there is no such event.");
  if (const auto status = usage.parse(arguments, io)) return *status;
  if (text.empty() == conditions_file.empty())
    return complain("find",
                    text.empty() ? "a CONDITION is missing, as in: palloscope find FILE 'alloc and size > 1MB'"
                                 : "a CONDITION and --conditions exclude each other",
                    io);
  const trace::StateParts parts = hold ? trace::StateParts::Hold : trace::StateParts::Become;
  std::vector<NamedCondition> named;
  if (!conditions_file.empty()) {
    auto read = read_conditions("find", conditions_file, parts, io);
    if (!read) return kExitBad;
    named = std::move(*read);
  } else {
    auto parsed = parse_condition("find", text, parts, io);
    if (!parsed) return kExitBad;
    named.push_back(std::move(*parsed));
  }
  Wanted wanted{file, format == "json", link, {}};
  std::vector<trace::Condition> conditions;
  for (NamedCondition& one : named) {
    if (named.size() > 1 || one.name != one.condition.text()) wanted.names.push_back(one.name);
    conditions.push_back(std::move(one.condition));
  }

  const auto timeline = open_source_or_scenario("find", file, io);
  if (!timeline) return kExitBad;
  trace::SearchWish wish;
  wish.direction = back ? trace::SearchDirection::Back : trace::SearchDirection::Forward;
  wish.from = from.value_or(back ? timeline->size() + 1 : 0);
  wish.keep = !all && !usage.given("--limit") ? 1 : limit == 0 ? SIZE_MAX : limit;
  if (count) wish.keep = 0;
  wish.count_all = count;
  const auto index = index_of(file, *timeline, indexes, io);
  trace::ConditionSearch search(*timeline, std::move(conditions), wish, index.get());
  std::size_t told = 0;
  {
    Progress progress("find", io);
    for (bool over = false; !over;) {
      over = search.advance();
      if (!over && search.hits().empty()) progress.tell("searching", search.progress());
      for (; told < search.hits().size(); ++told) tell(*timeline, search.hits()[told], wanted, io.out);
    }
  }
  if (count) tell_counts(search, wanted, io.out);
  if (!search.problem().empty())
    io.err << fmt::format("palloscope find: {}: not all could be looked through: {}\n", file, search.problem());
  warn_of_missing(*timeline, search, wanted, io);
  return search.count() == 0 ? kExitNo : kExitGood;
}

}  // namespace palloscope::gui::cli
