// palloscope find FILE 'CONDITION': the events at which it holds.
#include <fmt/format.h>

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "gui/cli/arguments.h"
#include "gui/cli/condition_input.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/exporters/event_json.h"
#include "trace/exporters/event_text.h"
#include "trace/query/condition_search.h"

namespace palloscope::gui::cli {
namespace {

struct Wanted {
  bool json = false;
  bool names_condition = false;  // there are several
};

// One line for the event; which condition it met stands behind it.
void tell(const trace::Timeline& timeline, const trace::ConditionSearch& search, const trace::ConditionHit& hit,
          Wanted wanted, std::ostream& out) {
  timeline.visit(hit.event, hit.event,
                 [&](core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
                   if (wanted.json) {
                     out << trace::event_json(n, event, after) << '\n';
                     return;
                   }
                   out << '#' << n << ' ' << trace::event_text(event, after);
                   if (wanted.names_condition) out << "   <- " << search.conditions()[hit.condition].text();
                   out << '\n';
                 });
}

}  // namespace

int run_find(Arguments arguments, Streams io) {
  Usage usage("find",
              "Lists the events at which a condition holds: alloc and size > 1MB, context ~ \"ExprContext\" and reset, "
              "total(\"ExecutorState\") > 512kB, chunk 0x55d0c0de1000 touched.");
  std::string file, text, conditions_file, format = "text";
  std::optional<core::EventNumber> from;
  std::uint64_t limit = 0;
  bool all = false, back = false, count = false, hold = false;
  usage.add("FILE", &file, "a trace, a server's dump, or a scenario (a file, a name or a number)").required();
  usage.add("CONDITION", &text, "what is looked for; left out: see --conditions");
  usage.add("--conditions", &conditions_file, "a file of conditions, one a line: any of them").takes("FILE");
  usage.add("--all", &all, "every event, not only the first");
  usage.add("--limit", &limit, "at most so many; 0: all of them").takes("N");
  usage.add("--count", &count, "only tell how many there are");
  usage.add("--from", &from, "look only behind this event (with --back: before it)").takes("N");
  usage.add("--back", &back, "from the end to the start, the last event first");
  usage.add("--hold", &hold, "what speaks of the state alone counts at every event, not only where it becomes true");
  usage.add("--format", &format, "how it is written; json: an object a line").one_of({"text", "json"}).shows_default();
  usage.footer("The words of conditions: palloscope help conditions. Exit status 1: there is no such event.");
  if (const auto status = usage.parse(arguments, io)) return *status;
  if (text.empty() == conditions_file.empty())
    return complain("find",
                    text.empty() ? "a CONDITION is missing, as in: palloscope find FILE 'alloc and size > 1MB'"
                                 : "a CONDITION and --conditions exclude each other",
                    io);
  const trace::StateParts parts = hold ? trace::StateParts::Hold : trace::StateParts::Become;
  std::vector<trace::Condition> conditions;
  if (!conditions_file.empty()) {
    auto read = read_conditions("find", conditions_file, parts, io);
    if (!read) return kExitBad;
    conditions = std::move(*read);
  } else {
    auto parsed = parse_condition("find", text, parts, io);
    if (!parsed) return kExitBad;
    conditions.push_back(std::move(*parsed));
  }

  const auto timeline = open_source_or_scenario("find", file, io);
  if (!timeline) return kExitBad;
  trace::SearchWish wish;
  wish.direction = back ? trace::SearchDirection::Back : trace::SearchDirection::Forward;
  wish.from = from.value_or(back ? timeline->size() + 1 : 0);
  wish.keep = !all && !usage.given("--limit") ? 1 : limit == 0 ? SIZE_MAX : limit;
  if (count) wish.keep = 0;
  wish.count_all = count;
  const Wanted wanted{format == "json", conditions.size() > 1};
  trace::ConditionSearch search(*timeline, std::move(conditions), wish);
  std::size_t told = 0;
  {
    Progress progress("find", io);
    for (bool over = false; !over;) {
      over = search.advance();
      if (!over && search.hits().empty()) progress.tell("searching", search.progress());
      for (; told < search.hits().size(); ++told) tell(*timeline, search, search.hits()[told], wanted, io.out);
    }
  }
  if (count) io.out << search.count() << '\n';
  if (!search.problem().empty())
    io.err << fmt::format("palloscope find: {}: not all could be looked through: {}\n", file, search.problem());
  return search.count() == 0 ? kExitNo : kExitGood;
}

}  // namespace palloscope::gui::cli
