// palloscope merge FILE...: the contexts of many backends as one tree by path: total, per backend, spread.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "core/base/counted.h"
#include "gui/cli/arguments.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "trace/analysis/dump_merge.h"
#include "trace/exporters/csv_field.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

using trace::DumpMerge;
using trace::MergedBackend;
using trace::PathMeasure;
using trace::PathShare;
using trace::PathSpread;
using trace::PathSums;
using trace::PathTable;

std::string name_of(const MergedBackend& backend) {
  std::string name = backend.file;
  if (backend.pid != 0) name += fmt::format(" pid {}", backend.pid);
  return name;
}

std::vector<std::uint32_t> largest_first(const PathTable& table, PathMeasure measure) {
  std::vector<std::uint64_t> weights(table.nodes().size());
  for (std::uint32_t i = 0; i < weights.size(); ++i) weights[i] = measured(sum_of(table, i).all, measure);
  return ordered_nodes(table, weights);
}

void write_text(const DumpMerge& merge, PathMeasure measure, std::size_t top, std::ostream& out) {
  const PathTable& table = merge.table();
  PathSums all;
  for (std::uint32_t s = 0; s < table.sources(); ++s) all += table.whole(s);
  out << fmt::format("{}, {}, {} in {}, {} used\n", core::counted(table.sources(), "backend"),
                     core::counted(all.contexts, "context"), core::counted(all.total_bytes, "byte"),
                     core::counted(all.blocks, "block"), all.used_bytes);
  out << fmt::format("{} of the contexts of a path; in the last columns: of one backend\n",
                     trace::kPathMeasureNames[static_cast<int>(measure)]);
  out << fmt::format("{:>14} {:>14} {:>9} {:>9} {:>12} {:>12} {:>12}  path (largest backend)\n", "with all below",
                     "own", "contexts", "backends", "least", "median", "most");
  for (const std::uint32_t node : largest_first(table, measure)) {
    if (top-- == 0) return;
    const PathShare sum = sum_of(table, node);
    const PathSpread spread = spread_of(table, node, measure);
    const std::string who =
        spread.least == spread.most ? "" : fmt::format("  ({})", name_of(merge.backends()[spread.largest]));
    out << fmt::format("{:>14} {:>14} {:>9} {:>9} {:>12} {:>12} {:>12}  {:>{}}{}{}\n", measured(sum.all, measure),
                       measured(sum.own, measure), sum.own.contexts, spread.backends, spread.least, spread.median,
                       spread.most, "", 2 * table.nodes()[node].depth, trace::printable(table.label(node)),
                       trace::printable(who));
  }
}

// A row for each path and backend.
void write_csv(const DumpMerge& merge, PathMeasure measure, std::size_t top, std::ostream& out) {
  const PathTable& table = merge.table();
  out << "path,level,file,pid,label,contexts,total_bytes,total_nblocks,free_bytes,free_chunks,used_bytes,"
         "total_bytes_with_all_below\n";
  for (const std::uint32_t node : largest_first(table, measure)) {
    if (top-- == 0) return;
    for (const PathShare& share : table.nodes()[node].shares) {
      const MergedBackend& backend = merge.backends()[share.source];
      out << fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", trace::csv_field(table.path(node)),
                         table.nodes()[node].depth, trace::csv_field(backend.file),
                         backend.pid == 0 ? "" : std::to_string(backend.pid), trace::csv_field(backend.label),
                         share.own.contexts, share.own.total_bytes, share.own.blocks, share.own.free_bytes,
                         share.own.free_chunks, share.own.used_bytes, share.all.total_bytes);
    }
  }
}

nlohmann::ordered_json sums_json(const PathSums& sums) {
  return {{"contexts", sums.contexts},     {"total_bytes", sums.total_bytes}, {"blocks", sums.blocks},
          {"free_bytes", sums.free_bytes}, {"free_chunks", sums.free_chunks}, {"used_bytes", sums.used_bytes}};
}

void write_json(const DumpMerge& merge, PathMeasure measure, std::size_t top, std::ostream& out) {
  const PathTable& table = merge.table();
  nlohmann::ordered_json all, backends = nlohmann::ordered_json::array(), paths = nlohmann::ordered_json::array();
  for (std::uint32_t s = 0; s < table.sources(); ++s) {
    const MergedBackend& backend = merge.backends()[s];
    backends.push_back({{"file", trace::printable(backend.file)},
                        {"pid", backend.pid == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(backend.pid)},
                        {"label", trace::printable(backend.label)},
                        {"event", backend.event},
                        {"sum", sums_json(table.whole(s))}});
  }
  for (const std::uint32_t node : largest_first(table, measure)) {
    if (top-- == 0) break;
    const PathShare sum = sum_of(table, node);
    const PathSpread spread = spread_of(table, node, measure);
    nlohmann::ordered_json path{{"path", trace::printable(table.path(node))}, {"level", table.nodes()[node].depth}};
    path["own"] = sums_json(sum.own);
    path["with_all_below"] = sums_json(sum.all);
    path["spread"] = {{"backends", spread.backends},
                      {"least", spread.least},
                      {"median", spread.median},
                      {"most", spread.most},
                      {"largest", spread.largest}};
    path["each"] = nlohmann::ordered_json::array();
    for (const PathShare& share : table.nodes()[node].shares)
      path["each"].push_back({{"backend", share.source}, {"own", sums_json(share.own)}});
    paths.push_back(std::move(path));
  }
  all["by"] = trace::kPathMeasureNames[static_cast<int>(measure)];
  all["backends"] = std::move(backends);
  all["paths"] = std::move(paths);
  out << all.dump(1) << '\n';
}

}  // namespace

int run_merge(Arguments arguments, Streams io) {
  Usage usage("merge",
              "Puts the contexts of many backends into one tree by path: sums, and how one backend differs from "
              "another. Of a log with dumps of several backends each counts as its last dump had it. Exit status 1: "
              "there are no contexts.");
  std::vector<std::string> files;
  std::string by = "total", format = "text";
  std::size_t top = ~std::size_t{0};
  bool every = false, idents = false;
  usage.add("FILE", &files, "dumps, logs with dumps, traces (at their end)").required();
  usage.add("--every", &every, "every dump counts as a backend of its own, not only the last of each");
  usage.add("--by", &by, "what is summed and sorted by")
      .one_of({trace::kPathMeasureNames, trace::kPathMeasureNames + 4})
      .shows_default();
  usage.add("--top", &top, "only so many paths").takes("N");
  usage.add("--idents", &idents, "contexts of one name are apart where their idents differ");
  usage.add("--format", &format, "how it is written; csv: a row for each path and backend; json: everything")
      .one_of({"text", "csv", "json"})
      .shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  DumpMerge merge(idents);
  {
    Progress progress("merge", io);
    for (std::size_t i = 0; i < files.size(); ++i) {
      progress.tell("files", i, files.size());
      const auto timeline = open_source_or_scenario("merge", files[i], io);
      if (!timeline) return kExitBad;
      if (merge.add(*timeline, files[i], every) == 0)
        io.err << fmt::format("palloscope merge: {}: no memory contexts in it\n", files[i]);
    }
  }
  if (merge.backends().empty()) return kExitNo;
  const auto* found = std::find(std::begin(trace::kPathMeasureNames), std::end(trace::kPathMeasureNames), by);
  const auto measure = static_cast<PathMeasure>(found - std::begin(trace::kPathMeasureNames));
  if (format == "csv")
    write_csv(merge, measure, top, io.out);
  else if (format == "json")
    write_json(merge, measure, top, io.out);
  else
    write_text(merge, measure, top, io.out);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
