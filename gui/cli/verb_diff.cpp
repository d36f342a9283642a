// palloscope diff A B: what differs between two moments of one file, or between two files, context path by path.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "gui/cli/arguments.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/analysis/path_table.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

using trace::PathMeasure;
using trace::PathShare;
using trace::PathSums;
using trace::PathTable;

constexpr trace::PathPair kPair{0, 1};

struct Found {
  std::vector<std::uint32_t> nodes;  // in the order in which they are told
  std::size_t came = 0, went = 0, changed = 0;
  bool empty() const { return came + went + changed == 0; }
};

std::int64_t change(std::uint64_t before, std::uint64_t after) { return static_cast<std::int64_t>(after - before); }

class DiffReport {
 public:
  DiffReport(const PathTable& table, PathMeasure measure) : table_(table), measure_(measure) {}

  Found find(bool with_equal) const;
  std::string_view word(std::uint32_t node) const;
  void text(const Found& found, std::size_t top, bool as_tree, std::ostream& out) const;
  void json(const Found& found, std::size_t top, std::ostream& out) const;

 private:
  std::string line(std::uint32_t node) const;
  std::string tree_line(std::uint32_t node) const;
  const PathShare* a(std::uint32_t node) const { return table_.share(node, kPair.a); }
  const PathShare* b(std::uint32_t node) const { return table_.share(node, kPair.b); }

  const PathTable& table_;
  PathMeasure measure_;
};

Found DiffReport::find(bool with_equal) const {
  Found found;
  for (std::uint32_t i = 0; i < table_.nodes().size(); ++i) {
    const bool is_different = differs(table_, i, kPair);
    if (is_different) ++(a(i) == nullptr ? found.came : b(i) == nullptr ? found.went : found.changed);
    if (is_different || with_equal) found.nodes.push_back(i);
  }
  const std::vector<std::uint64_t> weights = difference_weights(table_, kPair, measure_, /*own=*/true);
  std::stable_sort(found.nodes.begin(), found.nodes.end(),
                   [&](std::uint32_t x, std::uint32_t y) { return weights[x] > weights[y]; });
  return found;
}

std::string_view DiffReport::word(std::uint32_t node) const {
  if (a(node) == nullptr) return "came";
  if (b(node) == nullptr) return "went";
  const std::int64_t by = own_difference(table_, node, kPair, measure_);
  if (by != 0) return by > 0 ? "grew" : "shrank";
  return differs(table_, node, kPair) ? "changed" : "equal";
}

std::string times(const PathSums& before, const PathSums& after) {
  if (before.contexts == after.contexts) return before.contexts == 1 ? "" : fmt::format(" x{}", before.contexts);
  return fmt::format(" x{} -> x{}", before.contexts, after.contexts);
}

std::string DiffReport::line(std::uint32_t node) const {
  const std::string path = trace::printable(table_.path(node));
  const PathShare *before = a(node), *after = b(node);
  if (before == nullptr || after == nullptr) {
    const PathSums& own = (before == nullptr ? after : before)->own;
    const std::string count = own.contexts == 1 ? "" : fmt::format(" x{}", own.contexts);
    return fmt::format("{:<8}{}{}: total {}, used {}\n", word(node), path, count, own.total_bytes, own.used_bytes);
  }
  const PathSums &x = before->own, &y = after->own;
  std::string chunks;
  if (x.chunks != 0 || y.chunks != 0)
    chunks = fmt::format(", chunks {} -> {} ({:+})", x.chunks, y.chunks, change(x.chunks, y.chunks));
  return fmt::format("{:<8}{}{}: total {} -> {} ({:+}), used {} -> {} ({:+}), blocks {} -> {}{}\n", word(node), path,
                     times(x, y), x.total_bytes, y.total_bytes, change(x.total_bytes, y.total_bytes), x.used_bytes,
                     y.used_bytes, change(x.used_bytes, y.used_bytes), x.blocks, y.blocks, chunks);
}

// Own difference, difference with all below, the label at its depth.
std::string DiffReport::tree_line(std::uint32_t node) const {
  const PathShare *before = a(node), *after = b(node);
  const PathSums& now = (after == nullptr ? before : after)->own;
  const std::string count = times(before == nullptr ? now : before->own, now);
  return fmt::format("{:>14} {:>14}  {:<7} {:>{}}{}{}\n",
                     fmt::format("{:+}", whole_difference(table_, node, kPair, measure_)),
                     fmt::format("{:+}", own_difference(table_, node, kPair, measure_)), word(node), "",
                     2 * table_.nodes()[node].depth, trace::printable(table_.label(node)), count);
}

void DiffReport::text(const Found& found, std::size_t top, bool as_tree, std::ostream& out) const {
  std::size_t left = top;
  if (as_tree) {
    std::vector<bool> told(table_.nodes().size());  // what is told, and the way to it
    for (const std::uint32_t node : found.nodes)
      for (std::uint32_t at = node; at != trace::PathNode::kNone && !told[at]; at = table_.nodes()[at].parent)
        told[at] = true;
    out << fmt::format("{:>14} {:>14}  ({})\n", "with all below", "own",
                       trace::kPathMeasureNames[static_cast<int>(measure_)]);
    for (const std::uint32_t node : ordered_nodes(table_, difference_weights(table_, kPair, measure_, /*own=*/false)))
      if (told[node] && left > 0) out << tree_line(node), --left;
  } else {
    for (const std::uint32_t node : found.nodes)
      if (left > 0) out << line(node), --left;
  }
  if (found.nodes.size() > top && !as_tree) out << fmt::format("... and {} more\n", found.nodes.size() - top);
  const std::uint64_t before = table_.whole(kPair.a).total_bytes, after = table_.whole(kPair.b).total_bytes;
  out << fmt::format("{} came, {} went, {} changed; all contexts {} -> {} bytes ({:+})\n", found.came, found.went,
                     found.changed, before, after, change(before, after));
}

nlohmann::ordered_json sums_json(const PathSums& sums) {
  return {{"contexts", sums.contexts},     {"total_bytes", sums.total_bytes}, {"blocks", sums.blocks},
          {"free_bytes", sums.free_bytes}, {"free_chunks", sums.free_chunks}, {"used_bytes", sums.used_bytes},
          {"chunks", sums.chunks}};
}

void DiffReport::json(const Found& found, std::size_t top, std::ostream& out) const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < std::min(top, found.nodes.size()); ++i) {
    const std::uint32_t node = found.nodes[i];
    nlohmann::ordered_json row;
    row["what"] = word(node);
    row["path"] = trace::printable(table_.path(node));
    if (const PathShare* before = a(node)) row["before"] = sums_json(before->own);
    if (const PathShare* after = b(node)) row["after"] = sums_json(after->own);
    row["with_all_below"] = whole_difference(table_, node, kPair, measure_);
    list.push_back(std::move(row));
  }
  nlohmann::ordered_json all;
  all["bytes_before"] = table_.whole(kPair.a).total_bytes;
  all["bytes_after"] = table_.whole(kPair.b).total_bytes;
  all["came"] = found.came;
  all["went"] = found.went;
  all["changed"] = found.changed;
  all["by"] = trace::kPathMeasureNames[static_cast<int>(measure_)];
  all["differences"] = std::move(list);
  out << all.dump(1) << '\n';
}

// Adds the contexts of one of the two moments; false: it could not be had, and that was told.
bool add_moment(const std::string& text, PathTable& table, Streams io) {
  const Moment moment = parse_moment(text);
  auto timeline = open_source_or_scenario("diff", moment.file, io);
  if (!timeline || !stand_at("diff", moment.file, *timeline, moment.at, io)) return false;
  const core::StreamDescription& description = timeline->description();
  table.add(timeline->state(), core::find_profile(description.pg_major, description.checking));
  return true;
}

}  // namespace

int run_diff(Arguments arguments, Streams io) {
  Usage usage(
      "diff",
      "Compares two moments, context by context: which came, went, grew or shrank, the largest difference first. "
      "Contexts are matched by their path, the names from the top context down; those of one name under one "
      "parent are counted together. Exit status 1: they differ.");
  std::string first, second, by = "total", format = "text";
  std::size_t top = ~std::size_t{0};
  bool all = false, idents = false, tree = false;
  usage.add("A", &first, "a file or a scenario, at its end; or FILE@N: after event N").required();
  usage.add("B", &second, "the same").required();
  usage.add("--by", &by, "what is compared first")
      .one_of({trace::kPathMeasureNames, trace::kPathMeasureNames + 4})
      .shows_default();
  usage.add("--top", &top, "only so many").takes("N");
  usage.add("--all", &all, "also what is equal");
  usage.add("--idents", &idents, "contexts of one name are apart where their idents differ");
  usage.add("--tree", &tree, "as a tree (text only)");
  usage.add("--format", &format, "how it is written").one_of({"text", "json"}).shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  PathTable table(idents);
  if (!add_moment(first, table, io) || !add_moment(second, table, io)) return kExitBad;
  const auto* measure = std::find(std::begin(trace::kPathMeasureNames), std::end(trace::kPathMeasureNames), by);
  const DiffReport report(table, static_cast<PathMeasure>(measure - std::begin(trace::kPathMeasureNames)));
  const Found found = report.find(all);
  if (format == "json")
    report.json(found, top, io.out);
  else
    report.text(found, top, tree, io.out);
  return found.empty() ? kExitGood : kExitNo;
}

}  // namespace palloscope::gui::cli
