// palloscope info FILE: what is in a file, on one screen.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <string>
#include <vector>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"
#include "trace/exporters/source_kind_name.h"

namespace palloscope::gui::cli {
namespace {

struct Moments {
  std::uint64_t count = 0;
  std::string first_label, last_label;
  std::vector<std::uint32_t> pids;    // in the order of their first dumps
  std::vector<std::string> problems;  // "event 12: ..."
};

struct Contents {
  std::array<std::uint64_t, 256> by_tag{};
  std::uint64_t most_contexts = 0, peak_bytes = 0;
  core::EventNumber peak_event = 0;
  Moments moments;
};

void look_at(const core::EventBody& event, core::EventNumber number, Moments& moments) {
  if (const auto* began = std::get_if<core::SnapshotBegan>(&event)) {
    if (++moments.count == 1) moments.first_label = began->label;
    moments.last_label = began->label;
    if (began->pid != 0 && std::find(moments.pids.begin(), moments.pids.end(), began->pid) == moments.pids.end())
      moments.pids.push_back(began->pid);
  }
  if (const auto* ended = std::get_if<core::SnapshotEnded>(&event); ended != nullptr && !ended->problem.empty())
    moments.problems.push_back(fmt::format("event {}: {}", number, trace::printable(ended->problem)));
}

Contents survey(const trace::Timeline& timeline) {
  Contents contents;
  if (timeline.size() == 0) return contents;
  timeline.visit(1, timeline.size(),
                 [&](core::EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
                   ++contents.by_tag[event.tag()];
                   contents.most_contexts = std::max(contents.most_contexts, after.totals().context_count);
                   if (after.totals().context_bytes > contents.peak_bytes) {
                     contents.peak_bytes = after.totals().context_bytes;
                     contents.peak_event = n;
                   }
                   look_at(event, n, contents.moments);
                 });
  return contents;
}

void print_moments(const Moments& moments, std::ostream& out) {
  if (moments.count == 0) return;
  out << fmt::format("{:<10}{}", "moments", moments.count);
  if (!moments.first_label.empty()) out << fmt::format(", {}", trace::printable(moments.first_label));
  if (moments.count > 1 && !moments.last_label.empty())
    out << fmt::format(" to {}", trace::printable(moments.last_label));
  out << '\n';
  if (moments.pids.empty()) return;
  out << fmt::format("{:<10}", "PIDs");
  for (std::size_t i = 0; i < moments.pids.size(); ++i) out << (i == 0 ? "" : ", ") << moments.pids[i];
  out << '\n';
}

// What is known beside the backend's private memory, at the end.
void print_server(const trace::ServerState& server, std::ostream& out) {
  for (const trace::PoolRecord& pool : server.pools) {
    if (pool.born == 0) continue;
    out << fmt::format("{:<10}{}{} {} with a page, {} dirty, {} pinned", "buffers", pool.buffers,
                       pool.backend ? " local," : ",", pool.tagged, pool.dirty, pool.pinned);
    if (pool.requests != 0)
      out << fmt::format("; {}, {}", core::counted(pool.requests, "request"), core::counted(pool.hits, "hit"));
    out << '\n';
  }
  for (const trace::SegmentRecord& segment : server.segments) {
    if (segment.born == 0) continue;
    out << fmt::format("{:<10}{} ({}{}{})\n", "shared", core::counted(segment.bytes, "byte"),
                       trace::segment_kind_name(segment.kind), segment.name.empty() ? "" : ": ",
                       trace::printable(segment.name));
  }
  for (const trace::OperationRecord& operation : server.operations) {
    if (operation.born == 0) continue;
    out << fmt::format("{:<10}{} \"{}\", peak {} of {} bytes, {} spilled\n", "operation",
                       trace::operation_kind_name(operation.kind), trace::printable(operation.name),
                       operation.peak_bytes, operation.limit_bytes, operation.spilled_bytes);
  }
}

}  // namespace

int run_info(Arguments arguments, Streams io) {
  Usage usage(
      "info",
      "Says what is in a file: source, version, moments, events by kind, contexts, peak, what is wrong with it.");
  std::string file;
  usage.add("FILE", &file, "a trace, a server's dump, or a scenario (a file, a name or a number)").required();
  if (const auto status = usage.parse(arguments, io)) return *status;
  auto timeline = open_source_or_scenario("info", file, io);
  if (!timeline) return kExitBad;

  const core::StreamDescription& description = timeline->description();
  const Contents contents = survey(*timeline);
  timeline->seek(timeline->size());
  const trace::HeapTotals& totals = timeline->state().totals();

  io.out << fmt::format("{:<10}{}\n", "file", file);
  io.out << fmt::format("{:<10}{}: {}\n", "source", trace::source_kind_name(description.source),
                        trace::printable(description.origin));
  io.out << fmt::format("{:<10}{}\n", "title", trace::printable(description.title));
  io.out << (description.pg_major == 0 ? fmt::format("{:<10}{}\n", "version", "not told by the file")
                                       : fmt::format("{:<10}PostgreSQL {}{}\n", "version", description.pg_major,
                                                     description.checking ? ", built with memory checking" : ""));
  print_moments(contents.moments, io.out);
  io.out << fmt::format("{:<10}{}\n", "events", timeline->size());
  for (std::size_t tag = 0; tag < contents.by_tag.size(); ++tag)
    if (contents.by_tag[tag] > 0)
      io.out << fmt::format("  {:<20}{:>12}\n", trace::event_kind_name(static_cast<std::uint8_t>(tag)),
                            contents.by_tag[tag]);
  io.out << fmt::format("{:<10}{} at the end, {} at most\n", "contexts", totals.context_count, contents.most_contexts);
  io.out << fmt::format("{:<10}{} bytes in contexts at the end, {} after event {} at most\n", "memory",
                        totals.context_bytes, contents.peak_bytes, contents.peak_event);
  print_server(timeline->state().server(), io.out);

  std::vector<std::string> problems = contents.moments.problems;
  if (!timeline->problem().empty()) problems.insert(problems.begin(), timeline->problem());
  if (const std::uint64_t faults = timeline->state().fault_count(); faults > 0)
    problems.push_back(fmt::format("{} cannot be what a correct process did: palloscope verify lists {}",
                                   core::counted(faults, "event"), faults == 1 ? "it" : "them"));
  for (const std::string& problem : problems) io.out << fmt::format("{:<10}{}\n", "problem", problem);
  if (problems.empty()) io.out << fmt::format("{:<10}none\n", "problem");
  return kExitGood;
}

}  // namespace palloscope::gui::cli
