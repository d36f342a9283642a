// The report as text for a terminal, and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "gui/cli/report.h"
#include "gui/cli/sentence_json.h"
#include "gui/finding_text.h"
#include "gui/format_text.h"

namespace palloscope::gui::cli {
namespace {

using Json = nlohmann::ordered_json;

void write_findings(const Report& report, std::ostream& out) {
  out << '\n' << report.strings("report.findings") << '\n';
  if (report.survey.findings().empty()) out << "  " << no_findings_text(report.strings, report.timeline) << '\n';
  std::size_t number = 0;
  for (const trace::Finding& finding : report.survey.findings()) {
    out << fmt::format("{:>3}. [{}] {}\n", ++number, finding_title(finding, report.strings),
                       finding_text(finding, report.strings));
    const std::string advice = advice_text(finding, report.strings);
    if (!advice.empty()) out << fmt::format("     > {}\n", advice);
    out << fmt::format("     {}  {}\n", format_event(finding.event), finding.path);
  }
}

using Row = std::vector<std::string>;

// Columns of a terminal: Chinese characters and their punctuation take two.
std::size_t columns_of(const std::string& text) {
  std::size_t columns = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) columns += byte >= 0xE3 && byte < 0xF0 ? 2 : 1;
  }
  return columns;
}

// The last column to the left, the others to the right.
void write_table(const std::vector<Row>& rows, std::ostream& out) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      out << "  " << std::string(widths[i] - columns_of(row[i]), ' ') << row[i];
    out << "  " << row.back() << '\n';
  }
}

void write_waste(const Report& report, std::ostream& out) {
  const trace::Peak& peak = report.survey.peak();
  out << '\n' << report.strings("report.peak") << '\n' << "  " << report_peak(report) << '\n';
  std::vector<Row> rows(1);
  rows[0].emplace_back(report.strings("waste.total"));
  for (const trace::WastePart& part : trace::kWasteParts) rows[0].push_back(waste_part_text(part, report.strings));
  rows[0].emplace_back(report.strings("report.context"));
  const auto add = [&](const trace::Waste& waste, const std::string& name) {
    Row& row = rows.emplace_back();
    row.push_back(std::to_string(waste.total_bytes));
    for (const trace::WastePart& part : trace::kWasteParts) row.push_back(std::to_string(waste.*part.bytes));
    row.push_back(name);
  };
  add(peak.waste, report.strings("waste.total"));
  for (std::size_t i = 0; i < peak.holders.size() && i < kReportRows; ++i)
    add(peak.holders[i].waste, report.survey.paths().text(peak.holders[i].path));
  write_table(rows, out);
  if (peak.holders.size() > kReportRows)
    out << "  " << report.strings.fill("report.cut", {{"count", format_count(peak.holders.size() - kReportRows)}})
        << '\n';
}

void write_histogram(const char* title, const trace::Histogram& histogram, std::ostream& out) {
  out << '\n' << title << '\n';
  const std::uint64_t most = *std::max_element(histogram.counts.begin(), histogram.counts.end());
  constexpr std::uint64_t kWidest = 50;
  for (std::size_t i = 0; i < histogram.columns(); ++i)
    out << fmt::format("  {:>16} {:>12}  {}\n", trace::histogram_least(i), histogram.counts[i],
                       std::string(static_cast<std::size_t>(static_cast<double>(histogram.counts[i]) /
                                                            static_cast<double>(std::max<std::uint64_t>(most, 1)) *
                                                            static_cast<double>(kWidest)),
                                   '#'));
}

Json json_of(const trace::Waste& waste) {
  Json json = {{"total", waste.total_bytes}};
  for (const trace::WastePart& part : trace::kWasteParts) json[std::string(part.name)] = waste.*part.bytes;
  return json;
}

Json json_of(const trace::Histogram& histogram) {
  Json json = Json::array();
  for (std::size_t i = 0; i < histogram.columns(); ++i)
    json.push_back({{"from", trace::histogram_least(i)}, {"count", histogram.counts[i]}});
  return json;
}

Json json_of(const trace::Finding& finding, const Strings& strings) {
  Json json = {{"kind", finding_kind_name(finding.kind)},
               {"path", finding.path},
               {"event", finding.event},
               {"until", finding.until},
               {"weight_bytes", finding.weight_bytes},
               {"context", {{"slot", finding.context.slot.value}, {"created", finding.context.born}}},
               {"sentence", sentence_json(finding.sentence, strings)}};
  json["sentence"]["text"] = finding_text(finding, strings);
  if (finding.advice.key.empty()) return json;
  json["advice"] = sentence_json(finding.advice, strings);
  json["advice"]["text"] = advice_text(finding, strings);
  return json;
}

}  // namespace

std::vector<trace::PathNumber> paths_by_allocations(const trace::LifetimeWatch& lifetimes) {
  std::vector<trace::PathNumber> paths;
  for (trace::PathNumber path = 0; path < lifetimes.uses().size(); ++path)
    if (lifetimes.uses()[path].allocated != 0) paths.push_back(path);
  std::stable_sort(paths.begin(), paths.end(), [&](trace::PathNumber a, trace::PathNumber b) {
    return lifetimes.uses()[a].allocated > lifetimes.uses()[b].allocated;
  });
  return paths;
}

std::string report_head(const Report& report) {
  const core::StreamDescription& description = report.timeline.description();
  return report.strings.fill("report.head", {{"version", std::to_string(description.pg_major)},
                                             {"events", format_count(report.survey.events())},
                                             {"rounds", rounds_text(report.survey, report.strings)}});
}

std::string report_peak(const Report& report) {
  const trace::Peak& peak = report.survey.peak();
  if (peak.malloc_bytes == 0)
    return report.strings.fill("report.peak_dump",
                               {{"event", format_event(peak.event)}, {"contexts", format_bytes(peak.bytes())}});
  return report.strings.fill("report.peak_said", {{"event", format_event(peak.event)},
                                                  {"bytes", format_bytes(peak.malloc_bytes)},
                                                  {"contexts", format_bytes(peak.waste.total_bytes)},
                                                  {"recycled", format_bytes(peak.recycled_bytes)},
                                                  {"plain", format_bytes(peak.plain_bytes)}});
}

void write_report_text(const Report& report, std::ostream& out) {
  const Strings& strings = report.strings;
  const trace::LifetimeWatch& lifetimes = report.survey.lifetimes();
  out << report.file << ": " << report_head(report) << '\n';
  if (!report.survey.problem().empty())
    out << strings.fill("findings.damaged", {{"problem", report.survey.problem()}}) << '\n';
  write_findings(report, out);
  write_waste(report, out);
  out << '\n' << strings("report.allocations") << '\n';
  std::vector<Row> rows = {{strings("report.allocated"), strings("report.bytes"), strings("report.freed"),
                            strings("report.dropped"), strings("report.temporary"), strings("report.context")}};
  const auto paths = paths_by_allocations(lifetimes);
  for (std::size_t i = 0; i < paths.size() && i < kReportRows; ++i) {
    const trace::PathUse& use = lifetimes.uses()[paths[i]];
    rows.push_back({std::to_string(use.allocated), std::to_string(use.allocated_bytes), std::to_string(use.freed),
                    std::to_string(use.dropped), std::to_string(use.temporary), report.survey.paths().text(paths[i])});
  }
  write_table(rows, out);
  if (paths.size() > kReportRows)
    out << "  " << strings.fill("report.cut", {{"count", format_count(paths.size() - kReportRows)}}) << '\n';
  write_histogram(strings("report.sizes"), lifetimes.sizes(), out);
  write_histogram(strings("report.lifetimes"), lifetimes.lifetimes(), out);
  out << "  "
      << strings.fill("report.soon",
                      {{"soon", format_count(lifetimes.soon_freed())}, {"ended", format_count(lifetimes.ended())}})
      << '\n';
}

void write_report_json(const Report& report, std::ostream& out) {
  const trace::Survey& survey = report.survey;
  Json json = {{"file", report.file},
               {"pg_major", report.timeline.description().pg_major},
               {"events", survey.events()},
               {"rounds", {{"kind", round_kind_name(survey.rounds().kind)}, {"count", survey.round_count()}}}};
  if (!survey.problem().empty()) json["problem"] = survey.problem();
  json["findings"] = Json::array();
  for (const trace::Finding& finding : survey.findings()) json["findings"].push_back(json_of(finding, report.strings));
  const trace::Peak& peak = survey.peak();
  json["peak"] = {{"event", peak.event},
                  {"malloc_bytes", peak.malloc_bytes},
                  {"recycled_bytes", peak.recycled_bytes},
                  {"plain_bytes", peak.plain_bytes},
                  {"waste", json_of(peak.waste)},
                  {"holders", Json::array()}};
  for (const trace::PathWaste& holder : peak.holders)
    json["peak"]["holders"].push_back(
        {{"path", survey.paths().text(holder.path)}, {"contexts", holder.contexts}, {"waste", json_of(holder.waste)}});
  json["over_time"] = Json::array();
  for (const trace::SurveySample& sample : survey.samples())
    json["over_time"].push_back(
        {{"event", sample.event}, {"malloc_bytes", sample.malloc_bytes}, {"waste", json_of(sample.waste)}});
  const trace::LifetimeWatch& lifetimes = survey.lifetimes();
  json["allocations"] = Json::array();
  for (const trace::PathNumber path : paths_by_allocations(lifetimes)) {
    const trace::PathUse& use = lifetimes.uses()[path];
    json["allocations"].push_back({{"path", survey.paths().text(path)},
                                   {"allocated", use.allocated},
                                   {"allocated_bytes", use.allocated_bytes},
                                   {"freed", use.freed},
                                   {"dropped", use.dropped},
                                   {"temporary", use.temporary},
                                   {"temporary_bytes", use.temporary_bytes}});
  }
  json["sizes"] = json_of(lifetimes.sizes());
  json["lifetimes"] = json_of(lifetimes.lifetimes());
  json["ended"] = lifetimes.ended();
  json["freed_within_1000_events"] = lifetimes.soon_freed();
  out << json.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace palloscope::gui::cli
