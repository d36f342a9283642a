// palloscope events FILE: what happened, a line for each event.
#include <algorithm>
#include <optional>
#include <ostream>
#include <string>

#include "gui/cli/arguments.h"
#include "gui/cli/json_line.h"
#include "gui/cli/moment_link.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/exporters/event_json.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui::cli {

int run_events(Arguments arguments, Streams io) {
  Usage usage("events", "Lists events in their order, a line for each.");
  std::string file, format = "text";
  core::EventNumber from = 1;
  std::optional<core::EventNumber> to;
  bool link = false;
  usage.add("FILE", &file, "a trace, a server's dump, or a scenario (a file, a name or a number)").required();
  usage.add("--from", &from, "the first event to be listed").takes("N");
  usage.add("--to", &to, "the last one; left out: to the end").takes("N");
  usage.add("--format", &format, "how it is written; json: an object a line").one_of({"text", "json"}).shows_default();
  add_link_flag(usage, link);
  if (const auto status = usage.parse(arguments, io)) return *status;

  const auto timeline = open_source_or_scenario("events", file, io);
  if (!timeline) return kExitBad;
  const core::EventNumber last = std::min(to.value_or(timeline->size()), timeline->size());
  const core::EventNumber first = std::max<core::EventNumber>(from, 1);
  if (first > last) return kExitGood;
  const bool json = format == "json";
  timeline->visit(first, last, [&](core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
    if (json) {
      auto fields = nlohmann::ordered_json::object();
      if (link) fields["link"] = moment_link(file, n);
      io.out << with_fields(trace::event_json(n, event, after), fields) << '\n';
      return;
    }
    io.out << '#' << n << ' ' << trace::event_text(event, after) << '\n';
    if (link) io.out << "  " << moment_link(file, n) << '\n';
  });
  return kExitGood;
}

}  // namespace palloscope::gui::cli
