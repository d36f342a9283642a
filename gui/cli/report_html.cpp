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

namespace palloscope::gui::cli {
namespace {

std::string hex(Color color) {
  return fmt::format("#{:02x}{:02x}{:02x}", color & 0xFF, (color >> 8) & 0xFF, (color >> 16) & 0xFF);
}

std::string variables(const Theme& theme) {
  return fmt::format(
      "--ground:{};--panel:{};--line:{};--text:{};--dim:{};--accent:{};--problem:{};--live:{};--waste:{};--header:{};"
      "--free:{};--ink:{};--tail:{};--map:{};",
      hex(theme.ground), hex(theme.panel), hex(theme.line), hex(theme.text), hex(theme.dim), hex(theme.accent),
      hex(theme.problem), hex(theme.live), hex(theme.waste), hex(theme.header), hex(theme.free),
      hex(mix(theme.free, theme.text, 0.55f)), hex(theme.tail), hex(theme.map_ground));
}

constexpr const char* kStyle =
    "body{background:var(--ground);color:var(--text);font:16px/1.5 Inter,'Noto Sans','Noto Sans CJK SC',sans-serif;"
    "margin:0 auto;max-width:70rem;padding:1.5rem}"
    "h1{font-size:1.7rem;margin:0}h2{font-size:1.25rem;margin:2rem 0 .6rem}"
    "section,li.finding{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:1rem}"
    "ol{list-style:none;padding:0;margin:0}li.finding{margin:.6rem 0;display:grid;grid-template-columns:2.6rem 1fr}"
    "li.finding>b{font-size:1.2rem;color:var(--problem)}.path,.dim{color:var(--dim);font-size:.9rem}"
    ".advice{border-left:.25rem solid var(--accent);padding-left:.7rem;margin:.4rem 0}"
    "svg{display:block;width:100%;height:auto}svg text{fill:var(--text);font-size:13px}svg .dim{fill:var(--dim)}"
    ".requested{fill:var(--live)}.rounding{fill:var(--waste)}.headers{fill:var(--header)}.free{fill:url(#hatch)}"
    ".tails{fill:url(#dots)}.empty{fill:url(#cross)}.axis{stroke:var(--line);fill:none}.frame{fill:var(--map)}"
    ".mark{stroke:var(--problem);stroke-width:1.5}.flag{fill:var(--problem)}svg .number{fill:#fff;font-weight:700}"
    ".peak{stroke:var(--accent);stroke-width:2;stroke-dasharray:5 3}.malloc{stroke:var(--text);fill:none;"
    "stroke-width:1.5}.bar{fill:var(--live)}.hatchground{fill:var(--free)}.hatchink{stroke:var(--ink);"
    "stroke-width:1.6}.dotground{fill:var(--tail)}.dotink{fill:var(--ink)}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.25rem .6rem;border-bottom:1px solid "
    "var(--line);font-variant-numeric:tabular-nums}th:last-child,td:last-child{text-align:left;word-break:break-word}"
    "th{color:var(--dim);font-weight:600}.legend span{margin-right:1.2rem;white-space:nowrap}.legend svg{display:"
    "inline-block;width:1.1rem;height:1.1rem;vertical-align:-.2rem;margin-right:.35rem}"
    ".two{display:grid;grid-template-columns:repeat(auto-fit,minmax(26rem,1fr));gap:1rem}.table{overflow-x:auto}";

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
    out << fmt::format("<div class=\"path\">{} · {}</div></div></li>\n", escaped(finding.path),
                       escaped(format_event(finding.event)));
  }
  out << "</ol>\n";
}

void write_legend(const Report& report, std::ostream& out) {
  out << "<p class=\"legend\">";
  for (const trace::WastePart& part : trace::kWasteParts)
    out << fmt::format(
        "<span title=\"{}\"><svg viewBox=\"0 0 16 16\"><rect class=\"{}\" width=\"16\" height=\"16\"/></svg>{}</span>",
        escaped(waste_part_hint(part, report.strings)), part.name, escaped(waste_part_text(part, report.strings)));
  out << "</p>\n";
}

void write_holders(const Report& report, std::ostream& out) {
  const Strings& strings = report.strings;
  const trace::Peak& peak = report.survey.peak();
  out << fmt::format("<h2>{}</h2><section><p>{}</p>\n", escaped(strings("report.peak")), escaped(report_peak(report)));
  write_legend(report, out);
  write_waste_bars(report, out);
  out << fmt::format("<div class=\"table\"><table><tr><th>{}</th>", escaped(strings("waste.total")));
  for (const trace::WastePart& part : trace::kWasteParts)
    out << fmt::format("<th>{}</th>", escaped(waste_part_text(part, strings)));
  out << fmt::format("<th>{}</th><th>{}</th></tr>\n", escaped(strings("report.contexts")),
                     escaped(strings("report.context")));
  for (std::size_t i = 0; i < peak.holders.size() && i < kReportRows; ++i) {
    const trace::PathWaste& holder = peak.holders[i];
    out << fmt::format("<tr><td>{}</td>", format_count(holder.waste.total_bytes));
    for (const trace::WastePart& part : trace::kWasteParts)
      out << fmt::format("<td>{}</td>", format_count(holder.waste.*part.bytes));
    out << fmt::format("<td>{}</td><td>{}</td></tr>\n", format_count(holder.contexts),
                       escaped(report.survey.paths().text(holder.path)));
  }
  out << "</table></div>\n";
  if (peak.holders.size() > kReportRows)
    out << fmt::format(
        "<p class=\"dim\">{}</p>\n",
        escaped(strings.fill("report.cut", {{"count", format_count(peak.holders.size() - kReportRows)}})));
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
  const auto paths = paths_by_allocations(lifetimes);
  for (std::size_t i = 0; i < paths.size() && i < kReportRows; ++i) {
    const trace::PathUse& use = lifetimes.uses()[paths[i]];
    out << "<tr>";
    for (const std::uint64_t number : {use.allocated, use.allocated_bytes, use.freed, use.dropped, use.temporary})
      out << fmt::format("<td>{}</td>", format_count(number));
    out << fmt::format("<td>{}</td></tr>\n", escaped(report.survey.paths().text(paths[i])));
  }
  out << "</table>";
  if (paths.size() > kReportRows)
    out << fmt::format("<p class=\"dim\">{}</p>\n",
                       escaped(strings.fill("report.cut", {{"count", format_count(paths.size() - kReportRows)}})));
  out << "</section>\n";
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
  out << fmt::format("<h2>{}</h2><section>\n", escaped(strings("report.over_time")));
  write_legend(report, out);
  write_memory_curve(report, out);
  out << "</section>\n";
  write_holders(report, out);
  write_allocations(report, out);
  const trace::LifetimeWatch& lifetimes = report.survey.lifetimes();
  out << "<div class=\"two\">";
  out << fmt::format("<div><h2>{}</h2><section>", escaped(strings("report.sizes")));
  write_histogram_picture(lifetimes.sizes(), out);
  out << fmt::format("</section></div><div><h2>{}</h2><section>", escaped(strings("report.lifetimes")));
  write_histogram_picture(lifetimes.lifetimes(), out);
  out << fmt::format("<p class=\"dim\">{}</p></section></div></div>\n</body></html>\n",
                     escaped(strings.fill("report.soon", {{"soon", format_count(lifetimes.soon_freed())},
                                                          {"ended", format_count(lifetimes.ended())}})));
}

}  // namespace palloscope::gui::cli
