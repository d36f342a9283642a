// palloscope events FILE: what happened, a line for each event.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <string>

#include "gui/cli/arguments.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/exporters/event_json.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui::cli {

int run_events(Arguments arguments, Streams io) {
  CLI::App app("Lists events in their order, a line for each.");
  std::string file, format = "text";
  core::EventNumber from = 1, to = 0;
  app.add_option("FILE", file, "a trace, a server's dump, or a scenario (a file, a name or a number)")->required();
  app.add_option("--from", from, "the first event to be listed")->type_name("N");
  CLI::Option* to_option = app.add_option("--to", to, "the last one; left out: to the end")->type_name("N");
  app.add_option("--format", format, "how it is written; json: an object a line")
      ->check(one_of({"text", "json"}))
      ->capture_default_str();
  if (const auto status = parse_arguments(app, "events", arguments, io)) return *status;

  const auto timeline = open_source_or_scenario("events", file, io);
  if (!timeline) return kExitBad;
  const core::EventNumber last = *to_option ? std::min(to, timeline->size()) : timeline->size();
  const core::EventNumber first = std::max<core::EventNumber>(from, 1);
  if (first > last) return kExitGood;
  const bool json = format == "json";
  timeline->visit(first, last, [&](core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
    if (json)
      io.out << trace::event_json(n, event, after) << '\n';
    else
      io.out << '#' << n << ' ' << trace::event_text(event, after) << '\n';
  });
  return kExitGood;
}

}  // namespace palloscope::gui::cli
