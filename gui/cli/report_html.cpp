// The report as one page: words, tables, and pictures as SVG, with nothing to load. Colours and patterns are the
// window's; the reader's browser chooses dark or light.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "gui/cli/report.h"
#include "gui/cli/report_svg.h"
#include "gui/finding_text.h"
#include "gui/format_text.h"
#include "gui/theme.h"
#include "trace/analysis/dump_moments.h"
#include "trace/exporters/printable.h"

namespace palloscope::gui::cli {
namespace {

std::string hex(Color color) {
  return fmt::format("#{:02x}{:02x}{:02x}", color & 0xFF, (color >> 8) & 0xFF, (color >> 16) & 0xFF);
}

std::string variables(const Theme& theme) {
  return fmt::format(
      "--ground:{};--panel:{};--line:{};--text:{};--dim:{};--accent:{};--problem:{};--flag:{};--live:{};--waste:{};--"
      "header:{};"
      "--free:{};--ink:{};--tail:{};--map:{};",
      hex(theme.ground), hex(theme.panel), hex(theme.line), hex(theme.text), hex(theme.dim), hex(theme.accent),
      hex(theme.problem), hex(theme.is_dark ? mix(theme.problem, rgb(0x000000), 0.45f) : theme.problem),
      hex(theme.live), hex(theme.waste), hex(theme.header), hex(theme.free), hex(mix(theme.free, theme.text, 0.55f)),
      hex(theme.tail), hex(theme.map_ground));
}

// Wide or as narrow as a phone: nothing has a width of its own; paths break anywhere, tables scroll inside their box.
constexpr const char* kStyle =
    "*{box-sizing:border-box}"
    "body{background:var(--ground);color:var(--text);font:16px/1.5 Inter,'Noto Sans','Noto Sans CJK SC',sans-serif;"
    "margin:0 auto;max-width:70rem;padding:clamp(.6rem,3vw,1.5rem)}"
    "h1{font-size:1.7rem;margin:0}h2{font-size:1.25rem;margin:2rem 0 .6rem}h3{font-size:1rem;margin:1rem 0 .2rem}"
    "section,li.finding{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;"
    "padding:clamp(.6rem,2vw,1rem);overflow-wrap:anywhere}"
    "ol{list-style:none;padding:0;margin:0}li.finding{margin:.6rem 0;display:grid;grid-template-columns:2rem minmax(0,"
    "1fr)}li.finding>b{font-size:1.2rem;color:var(--problem)}.path,.dim{color:var(--dim);font-size:.9rem}"
    "li.finding:target{outline:2px solid var(--accent)}"
    ".advice{border-left:.25rem solid var(--accent);padding-left:.7rem;margin:.4rem 0}"
    "svg{display:block;width:100%}svg.rounds{height:3rem;background:var(--map);margin:.5rem 0 .1rem;max-width:36rem}"
    ".requested{fill:var(--live)}.rounding{fill:var(--waste)}.headers{fill:var(--header)}.free{fill:url(#hatch)}"
    ".tails{fill:url(#dots)}.low .tails{fill:var(--tail)}"
    ".empty{fill:var(--map)}.curve path,.legend "
    "rect{stroke:var(--dim);stroke-width:.5;vector-effect:non-scaling-stroke}"
    ".axis{stroke:var(--line);fill:none}"
    ".axis,.peak,.malloc{vector-effect:non-scaling-stroke}"
    ".peak{stroke:var(--accent);stroke-width:2;stroke-dasharray:5 3}.malloc{stroke:var(--text);fill:none;"
    "stroke-width:1.5}.bar{fill:var(--live)}.hatchground{fill:var(--free)}.hatchink{stroke:var(--ink);"
    "stroke-width:1.6}.dotground{fill:var(--tail)}.dotink{fill:var(--ink)}"
    ".curve{display:grid;grid-template-columns:auto minmax(0,1fr);column-gap:.5rem;font-size:.8rem;color:var(--dim)}"
    ".scale{display:flex;flex-direction:column;justify-content:space-between;text-align:right;white-space:nowrap;"
    "margin-top:calc(var(--rows)*1.4rem);line-height:1}.field{position:relative;padding-top:calc(var(--rows)*1.4rem)}"
    ".field svg{height:16rem;border:1px solid var(--line);border-width:0 0 1px 1px}.low .field svg{height:5rem}"
    ".events{grid-column:2;display:flex;justify-content:space-between}"
    ".flags a{position:absolute;top:calc((var(--rows) - 1 - var(--row))*1.4rem);bottom:0;border-left:2px solid "
    "var(--problem);"
    "text-decoration:none}.flags a{color:#fff;font-weight:700;line-height:1.3rem}"
    ".flags a::before{content:'';position:absolute;z-index:-1;left:0;top:0;width:1.5rem;height:1.3rem;"
    "background:var(--flag);border-radius:0 .2rem .2rem 0}.flags a{padding-left:.35rem;z-index:1}"
    ".parts{display:flex;height:1.1rem}.parts div{outline:1px solid var(--line)}.parts "
    "svg{height:100%}.holder{margin:.5rem 0}"
    ".rows{display:grid;grid-template-columns:auto minmax(3rem,1fr) auto;gap:.15rem .7rem;align-items:center;"
    "font-variant-numeric:tabular-nums;font-size:.9rem}.rows span{text-align:right}.rows i{display:block;height:.9rem;"
    "background:var(--live);min-width:1px}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.25rem .6rem;border-bottom:1px solid "
    "var(--line);font-variant-numeric:tabular-nums;overflow-wrap:normal}th:last-child,td:last-child{text-align:left;"
    "overflow-wrap:anywhere;min-width:18rem}.table{margin-top:1rem}th{color:var(--dim);font-weight:600}.legend "
    "span{margin-right:1.2rem;"
    "display:inline-block}.legend svg{display:inline-block;width:1.1rem;height:1.1rem;vertical-align:-.2rem;"
    "margin-right:.35rem}.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:0 "
    "1rem}.table{overflow-x:auto}@media print{section,li.finding{break-inside:avoid}}";

// "After each round: 1.6 kB → 16.9 kB"
std::string rounds_said(const trace::Finding& finding, const Strings& strings) {
  const auto value = [&](std::uint64_t number) {
    return finding.kind == trace::FindingKind::ContextPileUp ? format_count(number) : format_bytes(number);
  };
  return strings.fill("report.after_rounds",
                      {{"from", value(finding.rounds.front().value)}, {"to", value(finding.rounds.back().value)}});
}

void write_findings(const Report& report, std::ostream& out) {
  const Strings& strings = report.strings;
  out << fmt::format("<h2>{}</h2>\n", escaped(strings("report.findings")));
  if (report.survey.findings().empty()) {
    out << fmt::format("<section>{}</section>\n", escaped(no_findings_text(strings, report.timeline)));
    return;
  }
  out << "<ol>\n";
  std::size_t number = 0;
  for (const trace::Finding& finding : report.survey.findings()) {
    out << fmt::format("<li class=\"finding\" id=\"f{0}\"><b>{0}</b><div><strong>{1}</strong> {2}", ++number,
                       escaped(finding_title(finding, strings)), escaped(finding_text(finding, strings)));
    const std::string advice = advice_text(finding, strings);
    if (!advice.empty()) out << fmt::format("<div class=\"advice\">{}</div>", escaped(advice));
    write_round_curve(finding, out);
    if (finding.rounds.size() > 1)
      out << fmt::format("<div class=\"dim\">{}</div>", escaped(rounds_said(finding, strings)));
    out << fmt::format("<div class=\"path\">{} · {}</div></div></li>\n", escaped_path(finding.path),
                       escaped(format_event(finding.event)));
  }
  out << "</ol>\n";
}

void write_legend(const Report& report, std::ostream& out) {
  out << "<p class=\"legend\">";
  for (const ReportPart& part : report_parts(report))
    out << fmt::format(
        "<span title=\"{}\"><svg viewBox=\"0 0 16 16\"><rect class=\"{}\" width=\"16\" height=\"16\"/></svg>{}</span>",
        escaped(waste_part_hint(*part.part, report.strings)), part.part->name, escaped(part.name));
  out << "</p>\n";
}

void write_cut(const Report& report, std::size_t rows, std::ostream& out) {
  if (rows <= kReportRows) return;
  out << fmt::format("<p class=\"dim\">{}</p>\n",
                     escaped(report.strings.fill("report.cut", {{"count", format_count(rows - kReportRows)}})));
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

// A bar of the parts, as long as its share of `most`.
void write_parts(const Report& report, const trace::Waste& waste, std::uint64_t most, std::ostream& out) {
  out << "<div class=\"parts\">";
  for (const ReportPart& part : report_parts(report)) {
    const std::uint64_t bytes = waste.*part.part->bytes;
    if (bytes == 0) continue;
    out << fmt::format(
        "<div style=\"width:{:.2f}%\" title=\"{}: {}\"><svg><rect class=\"{}\" width=\"100%\" "
        "height=\"100%\"/></svg></div>",
        percent(bytes, most), escaped(part.name), escaped(format_bytes(bytes)), part.part->name);
  }
  out << "</div>";
}

// Of those who held most at the highest moment: name, bar, and what they held over time.
void write_holder_pictures(const Report& report, std::ostream& out) {
  constexpr std::size_t kBars = 10, kCurves = 6;
  const trace::Peak& peak = report.survey.peak();
  for (std::size_t i = 0; i < peak.holders.size() && i < kBars; ++i) {
    const trace::PathWaste& holder = peak.holders[i];
    std::string name = report.survey.paths().text(holder.path);
    if (holder.contexts > 1) name += fmt::format(" × {}", format_count(holder.contexts));
    out << fmt::format("<div class=\"holder\">{} <span class=\"dim\">{}</span>", escaped_path(name),
                       escaped(format_bytes(holder.waste.total_bytes)));
    write_parts(report, holder.waste, peak.holders.front().waste.total_bytes, out);
    out << "</div>\n";
  }
  if (report.survey.is_of_dump()) return;
  out << fmt::format("<h3>{}</h3>\n<div class=\"two\">", escaped(report.strings("report.over_time")));
  for (std::size_t i = 0; i < peak.holders.size() && i < kCurves; ++i) {
    out << fmt::format("<div><p class=\"dim\">{}</p>", escaped_path(report.survey.paths().text(peak.holders[i].path)));
    write_memory_curve(report, report.survey.samples_of(peak.holders[i].path), /*is_whole=*/false, out);
    out << "</div>\n";
  }
  out << "</div>\n";
}

void write_holders(const Report& report, std::ostream& out) {
  const Strings& strings = report.strings;
  const trace::Peak& peak = report.survey.peak();
  out << fmt::format("<h2>{}</h2><section><p>{}</p>\n", escaped(strings("report.peak")), escaped(report_peak(report)));
  write_legend(report, out);
  write_holder_pictures(report, out);
  out << fmt::format("<div class=\"table\"><table><tr><th>{}</th>", escaped(strings("waste.total")));
  for (const ReportPart& part : report_parts(report)) out << fmt::format("<th>{}</th>", escaped(part.name));
  out << fmt::format("<th>{}</th><th>{}</th></tr>\n", escaped(strings("report.contexts")),
                     escaped(strings("report.context")));
  for (std::size_t i = 0; i < peak.holders.size() && i < kReportRows; ++i) {
    const trace::PathWaste& holder = peak.holders[i];
    out << fmt::format("<tr><td>{}</td>", format_count(holder.waste.total_bytes));
    for (const ReportPart& part : report_parts(report))
      out << fmt::format("<td>{}</td>", format_count(holder.waste.*part.part->bytes));
    out << fmt::format("<td>{}</td><td>{}</td></tr>\n", format_count(holder.contexts),
                       escaped_path(report.survey.paths().text(holder.path)));
  }
  out << "</table></div>\n";
  write_cut(report, peak.holders.size(), out);
  out << "</section>\n";
}

// Of a dump the moments that it tells of, each a bar.
void write_moments(const Report& report, std::ostream& out) {
  const std::vector<trace::DumpMoment> moments = trace::dump_moments(report.timeline);
  if (moments.size() < 2) return;
  out << fmt::format("<h2>{}</h2><section>\n", escaped(report.strings("report.moments")));
  write_legend(report, out);
  for (const trace::SurveySample& sample : report.survey.samples()) {
    const auto moment = std::find_if(moments.begin(), moments.end(),
                                     [&](const trace::DumpMoment& one) { return one.event == sample.event; });
    const std::string label = moment == moments.end() ? std::string() : trace::printable(moment->label);
    const std::string pid = moment == moments.end() || moment->pid == 0 ? "" : fmt::format("  PID {}", moment->pid);
    out << fmt::format("<div class=\"holder\">{} {}{} <span class=\"dim\">{}</span>",
                       escaped(format_event(sample.event)), escaped(label), pid,
                       escaped(format_bytes(sample.waste.total_bytes)));
    write_parts(report, sample.waste, report.survey.peak().waste.total_bytes, out);
    out << "</div>\n";
  }
  out << "</section>\n";
}

void write_over_time(const Report& report, std::ostream& out) {
  out << fmt::format("<h2>{}</h2><section>\n", escaped(report.strings("report.over_time")));
  write_legend(report, out);
  write_memory_curve(report, report.survey.samples(), /*is_whole=*/true, out);
  out << "</section>\n";
}

void write_allocations(const Report& report, std::ostream& out) {
  const Strings& strings = report.strings;
  const trace::LifetimeWatch& lifetimes = report.survey.lifetimes();
  out << fmt::format("<h2>{}</h2><section class=\"table\"><table><tr>", escaped(strings("report.allocations")));
  for (const char* key :
       {"report.allocated", "report.bytes", "report.freed", "report.dropped", "report.temporary", "report.context"})
    out << fmt::format("<th>{}</th>", escaped(strings(key)));
  out << "</tr>\n";
  const auto paths = lifetimes.paths_by_allocations();
  for (std::size_t i = 0; i < paths.size() && i < kReportRows; ++i) {
    const trace::PathUse& use = lifetimes.uses()[paths[i]];
    out << "<tr>";
    for (const std::uint64_t number : {use.allocated, use.allocated_bytes, use.freed, use.dropped, use.temporary})
      out << fmt::format("<td>{}</td>", format_count(number));
    out << fmt::format("<td>{}</td></tr>\n", escaped_path(report.survey.paths().text(paths[i])));
  }
  out << "</table>";
  write_cut(report, paths.size(), out);
  out << "</section>\n";
}

void write_histogram(const char* title, const trace::Histogram& histogram, const std::string& below,
                     std::ostream& out) {
  out << fmt::format("<div><h2>{}</h2><section><div class=\"rows\">", escaped(title));
  const std::uint64_t most = *std::max_element(histogram.counts.begin(), histogram.counts.end());
  for (std::size_t i = histogram.first_column(); i < histogram.columns(); ++i)
    out << fmt::format("<span>{}</span><i style=\"width:{:.2f}%\"></i><span>{}</span>\n",
                       format_count(trace::histogram_least(i)), percent(histogram.counts[i], most),
                       format_count(histogram.counts[i]));
  out << "</div>";
  if (!below.empty()) out << fmt::format("<p class=\"dim\">{}</p>", escaped(below));
  out << "</section></div>\n";
}

void write_histograms(const Report& report, std::ostream& out) {
  const trace::LifetimeWatch& lifetimes = report.survey.lifetimes();
  out << "<div class=\"two\">";
  write_histogram(report.strings("report.sizes"), lifetimes.sizes(), {}, out);
  write_histogram(report.strings("report.lifetimes"), lifetimes.lifetimes(),
                  report.strings.fill("report.soon", {{"soon", format_count(lifetimes.soon_freed())},
                                                      {"ended", format_count(lifetimes.ended())}}),
                  out);
  out << "</div>";
}

}  // namespace

void write_report_html(const Report& report, std::ostream& out) {
  const Strings& strings = report.strings;
  out << fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}: {}</title>\n",
      report.language == Language::Chinese ? "zh-Hans" : "en", escaped(strings("report.title")), escaped(report.file));
  out << fmt::format(
      "<style>:root{{color-scheme:light dark;{}}}@media (prefers-color-scheme:dark){{:root{{{}}}}}{}"
      "</style></head>\n<body>\n",
      variables(theme_of(ThemeChoice::Light)), variables(theme_of(ThemeChoice::Dark)), kStyle);
  write_svg_patterns(out);
  out << fmt::format("<h1>{}</h1><p>{}<br><span class=\"dim\">{}</span></p>\n", escaped(strings("report.title")),
                     escaped(report.file), escaped(report_head(report)));
  if (!report.survey.problem().empty())
    out << fmt::format("<p>{}</p>\n",
                       escaped(strings.fill("findings.damaged", {{"problem", report.survey.problem()}})));
  write_findings(report, out);
  if (report.survey.is_of_dump())
    write_moments(report, out);
  else
    write_over_time(report, out);
  write_holders(report, out);
  if (!report.survey.is_of_dump()) {
    write_allocations(report, out);
    write_histograms(report, out);
  }
  out << "\n</body></html>\n";
}

}  // namespace palloscope::gui::cli
