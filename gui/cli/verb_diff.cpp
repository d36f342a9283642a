// palloscope diff A B: what differs between two moments of one file, or between two files.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <system_error>
#include <vector>

#include "gui/cli/arguments.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/analysis/context_diff.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

using trace::ContextDifference;
using What = ContextDifference::What;

std::int64_t change(std::uint64_t before, std::uint64_t after) { return static_cast<std::int64_t>(after - before); }

std::string_view word_for(const ContextDifference& d) {
  if (d.what == What::Came) return "came";
  if (d.what == What::Went) return "went";
  if (d.after.total_bytes != d.before.total_bytes)
    return d.after.total_bytes > d.before.total_bytes ? "grew" : "shrank";
  return "changed";
}

void print_text(const std::vector<ContextDifference>& differences, const trace::Timeline& a, const trace::Timeline& b,
                std::ostream& out) {
  std::size_t counts[3] = {};
  for (const ContextDifference& d : differences) {
    ++counts[static_cast<int>(d.what)];
    out << fmt::format("{:<8}{}: ", word_for(d), trace::printable(d.path));
    if (d.what == What::Changed)
      out << fmt::format("total {} -> {} ({:+}), used {} -> {} ({:+}), blocks {} -> {}\n", d.before.total_bytes,
                         d.after.total_bytes, change(d.before.total_bytes, d.after.total_bytes), d.before.used_bytes,
                         d.after.used_bytes, change(d.before.used_bytes, d.after.used_bytes), d.before.blocks,
                         d.after.blocks);
    else
      out << fmt::format("total {}, used {}\n", d.before.total_bytes + d.after.total_bytes,
                         d.before.used_bytes + d.after.used_bytes);
  }
  const std::uint64_t before = a.state().totals().context_bytes, after = b.state().totals().context_bytes;
  out << fmt::format("{} came, {} went, {} changed; all contexts {} -> {} bytes ({:+})\n",
                     counts[static_cast<int>(What::Came)], counts[static_cast<int>(What::Went)],
                     counts[static_cast<int>(What::Changed)], before, after, change(before, after));
}

nlohmann::ordered_json counters_json(const trace::ReportedCounters& c) {
  return {{"total_bytes", c.total_bytes},
          {"blocks", c.blocks},
          {"free_bytes", c.free_bytes},
          {"free_chunks", c.free_chunks},
          {"used_bytes", c.used_bytes}};
}

void print_json(const std::vector<ContextDifference>& differences, const trace::Timeline& a, const trace::Timeline& b,
                std::ostream& out) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ContextDifference& d : differences) {
    nlohmann::ordered_json row;
    row["what"] = word_for(d);
    row["path"] = trace::printable(d.path);
    if (d.what != What::Came) row["before"] = counters_json(d.before);
    if (d.what != What::Went) row["after"] = counters_json(d.after);
    list.push_back(std::move(row));
  }
  nlohmann::ordered_json all;
  all["bytes_before"] = a.state().totals().context_bytes;
  all["bytes_after"] = b.state().totals().context_bytes;
  all["differences"] = std::move(list);
  out << all.dump(1) << '\n';
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return std::filesystem::equivalent(a, b, error) && !error;
}

}  // namespace

int run_diff(Arguments arguments, Streams io) {
  Usage usage("diff", "Compares two moments: which contexts came, went, grew or shrank. Exit status 1: they differ.");
  std::string first, second, format = "text";
  usage.add("A", &first, "a file or a scenario, at its end; or FILE@N: after event N").required();
  usage.add("B", &second, "the same").required();
  usage.add("--format", &format, "how it is written").one_of({"text", "json"}).shows_default();
  if (const auto status = usage.parse(arguments, io)) return *status;

  const Moment from = parse_moment(first), to = parse_moment(second);
  auto a = open_source_or_scenario("diff", from.file, io);
  if (!a || !stand_at("diff", from.file, *a, from.at, io)) return kExitBad;
  auto b = open_source_or_scenario("diff", to.file, io);
  if (!b || !stand_at("diff", to.file, *b, to.at, io)) return kExitBad;

  const std::vector<ContextDifference> differences = trace::diff_contexts(
      {a->state(), a->description()}, {b->state(), b->description()}, same_file(from.file, to.file));
  if (format == "json")
    print_json(differences, *a, *b, io.out);
  else
    print_text(differences, *a, *b, io.out);
  return differences.empty() ? kExitGood : kExitNo;
}

}  // namespace palloscope::gui::cli
