// palloscope state FILE: the state at one moment, as text, CSV or JSON.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <string>

#include "gui/cli/arguments.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/exporters/exporter.h"

namespace palloscope::gui::cli {
namespace {

// What a dump left out has no rows of its own.
void tell_of_omitted(const trace::MemoryState& state, Streams io) {
  std::uint64_t omitted = 0;
  for (const trace::ContextRecord& context : state.contexts())
    if (context.born != 0 && context.omitted_children) omitted += context.omitted_children->count;
  if (omitted > 0)
    io.err << "palloscope state: the dump left out " << omitted << " contexts; they are not among the rows\n";
}

}  // namespace

int run_state(Arguments arguments, Streams io) {
  CLI::App app("Writes the contexts, and in JSON every block and chunk, as they are after one event.");
  std::string file, format = "text", formats;
  core::EventNumber at = 0;
  int pg_major = 0;
  for (const trace::Exporter& exporter : trace::exporter_table())
    formats += (formats.empty() ? "" : "; ") + std::string(exporter.name) + ": " + std::string(exporter.summary);
  app.add_option("FILE", file, "a trace, a server's dump, or a scenario (a file, a name or a number)")->required();
  CLI::Option* at_option = app.add_option("--at", at, "after this event; left out: at the end")->type_name("N");
  app.add_option("--format", format, formats)->type_name("NAME");
  app.add_option("--pg", pg_major, "the version of a dump that does not tell it")->check(CLI::Range(14, 18));
  if (const auto status = parse_arguments(app, "state", arguments, io)) return *status;

  const auto table = trace::exporter_table();
  const auto exporter = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == format; });
  if (exporter == table.end()) return complain("state", "there is no format \"" + format + "\". " + formats, io);
  auto timeline = open_source_or_scenario("state", file, io, pg_major);
  if (!timeline) return kExitBad;
  if (!stand_at("state", file, *timeline, *at_option ? std::optional(at) : std::nullopt, io)) return kExitBad;
  exporter->write(*timeline, io.out);
  if (exporter->name == "csv") tell_of_omitted(timeline->state(), io);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
