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
#include "gui/layout/text_wrap.h"
#include "trace/analysis/dump_moments.h"
#include "trace/exporters/printable.h"

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

void write_cut(const Report& report, std::size_t rows, std::ostream& out) {
  if (rows <= kReportRows) return;
  out << "  " << report.strings.fill("report.cut", {{"count", format_count(rows - kReportRows)}}) << '\n';
}

// The moments that a dump tells of.
void write_moments(const Report& report, std::ostream& out) {
  const std::vector<trace::DumpMoment> moments = trace::dump_moments(report.timeline);
  if (moments.size() < 2) return;
  const Strings& strings = report.strings;
  out << '\n' << strings("report.moments") << '\n';
  std::vector<Row> rows = {
      {strings("report.event"), strings("waste.total"), strings("waste.used"), "PID", strings("report.when")}};
  for (std::size_t i = 0; i < moments.size() && i < kReportRows; ++i)
    for (const trace::SurveySample& sample : report.survey.samples())
      if (sample.event == moments[i].event)
        rows.push_back({format_event(sample.event), std::to_string(sample.waste.total_bytes),
                        std::to_string(sample.waste.requested_bytes),
                        moments[i].pid == 0 ? "" : std::to_string(moments[i].pid), trace::printable(moments[i].label)});
  write_table(rows, out);
  write_cut(report, moments.size(), out);
}

void write_waste(const Report& report, std::ostream& out) {
  const trace::Peak& peak = report.survey.peak();
  out << '\n' << report.strings("report.peak") << '\n' << "  " << report_peak(report) << '\n';
  const std::vector<ReportPart> parts = report_parts(report);
  std::vector<Row> rows(1);
  rows[0].emplace_back(report.strings("waste.total"));
  for (const ReportPart& part : parts) rows[0].push_back(part.name);
  rows[0].emplace_back(report.strings("report.contexts"));
  rows[0].emplace_back(report.strings("report.context"));
  const auto add = [&](const trace::Waste& waste, std::uint64_t contexts, const std::string& name) {
    Row& row = rows.emplace_back();
    row.push_back(std::to_string(waste.total_bytes));
    for (const ReportPart& part : parts) row.push_back(std::to_string(waste.*part.part->bytes));
    row.push_back(std::to_string(contexts));
    row.push_back(name);
  };
  std::uint64_t contexts = 0;
  for (const trace::PathWaste& holder : peak.holders) contexts += holder.contexts;
  add(peak.waste, contexts, report.strings("waste.total"));
  for (std::size_t i = 0; i < peak.holders.size() && i < kReportRows; ++i)
    add(peak.holders[i].waste, peak.holders[i].contexts, report.survey.paths().text(peak.holders[i].path));
  write_table(rows, out);
  write_cut(report, peak.holders.size(), out);
}

void write_histogram(const char* title, const trace::Histogram& histogram, std::ostream& out) {
  out << '\n' << title << '\n';
  const std::uint64_t most = *std::max_element(histogram.counts.begin(), histogram.counts.end());
  constexpr std::uint64_t kWidest = 50;
  for (std::size_t i = histogram.first_column(); i < histogram.columns(); ++i)
    out << fmt::format("  {:>16} {:>12}  {}\n", trace::histogram_least(i), histogram.counts[i],
                       std::string(static_cast<std::size_t>(static_cast<double>(histogram.counts[i]) /
                                                            static_cast<double>(std::max<std::uint64_t>(most, 1)) *
                                                            static_cast<double>(kWidest)),
                                   '#'));
}

Json json_of(const trace::Waste& waste, bool of_dump) {
  Json json = {{"total", waste.total_bytes}};
  if (of_dump) {
    json["used"] = waste.requested_bytes;
    json["free"] = waste.free_bytes;
    return json;
  }
  for (const trace::WastePart& part : trace::kWasteParts) json[std::string(part.name)] = waste.*part.bytes;
  return json;
}

// Of what most was held at the highest moment: its waste at each sample.
Json curves_json(const trace::Survey& survey) {
  Json curves = Json::array();
  for (std::size_t i = 0; i < survey.peak().holders.size() && i < kReportRows; ++i) {
    const trace::PathNumber path = survey.peak().holders[i].path;
    Json over_time = Json::array();
    for (const trace::SurveySample& sample : survey.samples_of(path))
      over_time.push_back({{"event", sample.event}, {"waste", json_of(sample.waste, survey.is_of_dump())}});
    curves.push_back({{"path", survey.paths().text(path)}, {"over_time", std::move(over_time)}});
  }
  return curves;
}

Json json_of(const trace::Histogram& histogram) {
  Json json = Json::array();
  for (std::size_t i = 0; i < histogram.columns(); ++i)
    json.push_back({{"from", trace::histogram_least(i)}, {"count", histogram.counts[i]}});
  return json;
}

void add_uses(const trace::Survey& survey, Json& json) {
  const trace::LifetimeWatch& lifetimes = survey.lifetimes();
  json["allocations"] = Json::array();
  for (const trace::PathNumber path : lifetimes.paths_by_allocations()) {
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
  for (const trace::RoundNote& note : finding.rounds)
    json["after_rounds"].push_back({{"round", note.round + 1}, {"event", note.event}, {"value", note.value}});
  if (finding.advice.key.empty()) return json;
  json["advice"] = sentence_json(finding.advice, strings);
  json["advice"]["text"] = advice_text(finding, strings);
  return json;
}

}  // namespace

std::string report_head(const Report& report) {
  const core::StreamDescription& description = report.timeline.description();
  const std::string version = description.pg_major == 0 ? std::string(report.strings("report.version_unknown"))
                                                        : fmt::format("PostgreSQL {}", description.pg_major);
  if (report.survey.is_of_dump())
    return report.strings.fill("report.head_dump",
                               {{"version", version}, {"moments", format_count(report.survey.samples().size())}});
  const std::string rounds = rounds_text(report.survey.rounds(), report.survey.round_count(), report.strings);
  return report.strings.fill(
      "report.head", {{"version", version}, {"events", format_count(report.survey.events())}, {"rounds", rounds}});
}

std::vector<ReportPart> report_parts(const Report& report) {
  if (report.survey.is_of_dump())
    return {{&trace::kWasteParts[0], report.strings("waste.used")},
            {&trace::kWasteParts[3], report.strings("waste.free_space")}};
  std::vector<ReportPart> parts;
  for (const trace::WastePart& part : trace::kWasteParts)
    parts.push_back({&part, waste_part_text(part, report.strings)});
  return parts;
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

namespace {

// What a dump knows nothing of.
void write_uses(const Report& report, std::ostream& out) {
  const Strings& strings = report.strings;
  const trace::LifetimeWatch& lifetimes = report.survey.lifetimes();
  out << '\n' << strings("report.allocations") << '\n';
  std::vector<Row> rows = {{strings("report.allocated"), strings("report.bytes"), strings("report.freed"),
                            strings("report.dropped"), strings("report.temporary"), strings("report.context")}};
  const auto paths = lifetimes.paths_by_allocations();
  for (std::size_t i = 0; i < paths.size() && i < kReportRows; ++i) {
    const trace::PathUse& use = lifetimes.uses()[paths[i]];
    rows.push_back({std::to_string(use.allocated), std::to_string(use.allocated_bytes), std::to_string(use.freed),
                    std::to_string(use.dropped), std::to_string(use.temporary), report.survey.paths().text(paths[i])});
  }
  write_table(rows, out);
  write_cut(report, paths.size(), out);
  write_histogram(strings("report.sizes"), lifetimes.sizes(), out);
  write_histogram(strings("report.lifetimes"), lifetimes.lifetimes(), out);
  out << "  "
      << strings.fill("report.soon",
                      {{"soon", format_count(lifetimes.soon_freed())}, {"ended", format_count(lifetimes.ended())}})
      << '\n';
}

}  // namespace

void write_report_text(const Report& report, std::ostream& out) {
  out << report.file << ": " << report_head(report) << '\n';
  if (!report.survey.problem().empty())
    out << report.strings.fill("findings.damaged", {{"problem", report.survey.problem()}}) << '\n';
  write_findings(report, out);
  write_moments(report, out);
  write_waste(report, out);
  if (!report.survey.is_of_dump()) write_uses(report, out);
}

void write_report_json(const Report& report, std::ostream& out) {
  const trace::Survey& survey = report.survey;
  const bool dump = survey.is_of_dump();
  Json json = {{"file", report.file},
               {"pg_major", report.timeline.description().pg_major},
               {"dump", dump},
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
                  {"waste", json_of(peak.waste, dump)},
                  {"holders", Json::array()}};
  for (const trace::PathWaste& holder : peak.holders)
    json["peak"]["holders"].push_back({{"path", survey.paths().text(holder.path)},
                                       {"contexts", holder.contexts},
                                       {"waste", json_of(holder.waste, dump)}});
  json["over_time"] = Json::array();
  for (const trace::SurveySample& sample : survey.samples())
    json["over_time"].push_back(
        {{"event", sample.event}, {"malloc_bytes", sample.malloc_bytes}, {"waste", json_of(sample.waste, dump)}});
  json["over_time_by_path"] = curves_json(survey);
  if (!dump) add_uses(survey, json);
  out << json.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace palloscope::gui::cli
