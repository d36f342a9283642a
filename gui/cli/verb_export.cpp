// palloscope export FILE: events, states, or the whole as Chrome trace events, written as they are read.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>
#include <string>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "trace/exporters/chrome_trace.h"
#include "trace/exporters/event_csv.h"
#include "trace/exporters/event_json.h"

namespace palloscope::gui::cli {
namespace {

// Counters of a Chrome trace: so many samples over the whole range where the user says nothing.
constexpr core::EventNumber kSamples = 5000;

struct ExportOptions {
  std::string file, out, as = "csv";
  core::EventNumber from = 1;
  std::optional<core::EventNumber> to, every;
  bool states = false;
};

struct Range {
  core::EventNumber first, last;
};

// False: `out` takes no more.
template <class Row>
bool each(const trace::Timeline& timeline, Range range, Progress& progress, const std::ostream& out, Row row) {
  // In pieces, so that a full disk ends it; the walk goes on where it was.
  constexpr core::EventNumber kPiece = 65536;
  for (core::EventNumber first = range.first; first <= range.last && out; first += kPiece) {
    progress.tell("events", first - range.first, range.last - range.first + 1);
    timeline.visit(first, std::min(range.last, first + kPiece - 1), row);
  }
  return static_cast<bool>(out);
}

bool write(const trace::Timeline& timeline, const ExportOptions& options, Range range, std::ostream& out, Streams io) {
  Progress progress("export", io);
  const core::StreamDescription& description = timeline.description();
  const auto* profile = core::find_profile(description.pg_major, description.checking);
  const bool json = options.as == "jsonl";
  if (options.as == "chrome") {
    const core::EventNumber every = options.every.value_or((range.last - range.first) / kSamples + 1);
    trace::ChromeTrace chrome(description, every, out);
    each(timeline, range, progress, out,
         [&](core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
           chrome.take(n, event, after);
         });
    chrome.finish();
    if (chrome.names_left_out() > 0)
      io.err << fmt::format("palloscope export: {} of contexts beyond {}: without a counter of their own\n",
                            core::counted(chrome.names_left_out(), "name"), trace::ChromeTrace::kMostCounters);
  } else if (options.states) {
    if (!json) out << trace::kStateCsvHead;
    const core::EventNumber every = options.every.value_or(1);
    for (core::EventNumber done = range.first - 1; done < range.last && out;) {
      const core::EventNumber n = done + std::min(every, range.last - done);  // the last state always
      done = n;
      progress.tell("events", n - range.first, range.last - range.first + 1);
      timeline.visit(n, n, [&](core::EventNumber, const core::EventBody&, const trace::MemoryState& after) {
        out << trace::state_rows(after, profile, json);
      });
    }
  } else {
    if (!json) out << trace::kEventCsvHead;
    each(timeline, range, progress, out,
         [&](core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
           if (json)
             out << trace::event_json(n, event, after) << '\n';
           else
             out << trace::event_csv(n, event, after);
         });
  }
  out.flush();
  return static_cast<bool>(out);
}

}  // namespace

int run_export(Arguments arguments, Streams io) {
  Usage usage(
      "export",
      "Writes what happened for other programs: events, or with --states the contexts, as CSV or JSON Lines; or "
      "all as Chrome trace events, which ui.perfetto.dev and chrome://tracing open (an event is a microsecond).");
  ExportOptions options;
  usage.add("FILE", &options.file, "a trace, a server's dump, or a scenario (a file, a name or a number)").required();
  usage.add("--as", &options.as, "the form").one_of({"csv", "jsonl", "chrome"}).shows_default();
  usage.add("-o,--out", &options.out, "where to; left out: to standard output").takes("FILE");
  usage.add("--from", &options.from, "the first event").takes("N");
  usage.add("--to", &options.to, "the last one; left out: to the end").takes("N");
  usage.add("--states", &options.states, "rows of contexts instead of events (csv, jsonl)");
  usage
      .add("--every", &options.every,
           "states: after every N events and at the end; chrome: events from one sample to the next")
      .takes("N");
  if (const auto status = usage.parse(arguments, io)) return *status;
  if (options.every == 0) return complain("export", "--every 0: give 1 or more", io);
  if (options.states && options.as == "chrome")
    return complain("export", "--states goes with --as csv or jsonl; a Chrome trace has counters instead", io);
  if (options.every && !options.states && options.as != "chrome")
    return complain("export", "--every goes with --states or --as chrome", io);

  const auto timeline = open_source_or_scenario("export", options.file, io);
  if (!timeline) return kExitBad;
  const Range range{std::max<core::EventNumber>(options.from, 1),
                    std::min(options.to.value_or(timeline->size()), timeline->size())};
  if (options.from > timeline->size() && timeline->size() > 0)
    return complain(
        "export",
        fmt::format("{}: there is no event {}, the last one is {}", options.file, options.from, timeline->size()), io);
  bool is_whole = false;
  if (options.out.empty()) {
    is_whole = write(*timeline, options, range, io.out, io);
  } else {
    std::ofstream file(options.out, std::ios::binary);
    is_whole = file && write(*timeline, options, range, file, io);
  }
  if (!is_whole)
    return complain("export",
                    fmt::format("{}: cannot be written: {}", options.out.empty() ? "standard output" : options.out,
                                std::strerror(errno)),
                    io);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
