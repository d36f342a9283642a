#include "gui/cli/report_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <vector>

#include "gui/finding_text.h"
#include "gui/format_text.h"

namespace palloscope::gui::cli {
namespace {

constexpr double kWidth = 1000, kHeight = 260;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Layer by layer, the first at the bottom: its upper edge forwards, its lower one back.
void write_layer(const std::vector<trace::SurveySample>& samples, std::size_t part,
                 const std::vector<std::uint64_t>& below, auto x_of, auto y_of, std::ostream& out) {
  const trace::WastePart& what = trace::kWasteParts[part];
  out << fmt::format("<path class=\"{}\" d=\"M", what.name);
  for (std::size_t i = 0; i < samples.size(); ++i)
    out << fmt::format("{:.1f} {:.1f} ", x_of(i), y_of(below[i] + samples[i].waste.*what.bytes));
  for (std::size_t i = samples.size(); i-- > 0;) out << fmt::format("{:.1f} {:.1f} ", x_of(i), y_of(below[i]));
  out << "Z\"/>\n";
}

// Findings as numbered flags above the curve, where they begin; those that would cover each other go a line higher.
struct Flag {
  double x = 0;  // percent
  std::size_t row = 0;
};

std::vector<Flag> lay_out_flags(const Report& report) {
  constexpr double kWide = 7;  // of a flag, in percent of a narrow page's curve
  constexpr std::size_t kRows = 3;
  std::vector<double> ends(kRows, -kWide);
  std::vector<Flag> flags;
  for (const trace::Finding& finding : report.survey.findings()) {
    const double x = 100 * share(finding.event, std::max<core::EventNumber>(report.survey.events(), 1));
    std::size_t row = 0;
    while (row + 1 < kRows && std::abs(x - ends[row]) < kWide) ++row;
    ends[row] = x;
    flags.push_back({x, row});
  }
  return flags;
}

void write_flags(const Report& report, const std::vector<Flag>& flags, std::ostream& out) {
  out << "<div class=\"flags\">";
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const trace::Finding& finding = report.survey.findings()[i];
    out << fmt::format("<a href=\"#f{0}\" title=\"{1}\" style=\"left:{2:.2f}%;--row:{3}\">{0}</a>", i + 1,
                       escaped(finding_title(finding, report.strings) + ": " + finding.path), flags[i].x, flags[i].row);
  }
  out << "</div>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '"')
      safe += "&quot;";
    else
      safe += c;
  }
  return safe;
}

std::string escaped_path(std::string_view path) {
  std::string broken;
  for (const char c : path) {
    broken += escaped({&c, 1});
    if (c == '/') broken += "<wbr>";
  }
  return broken;
}

void write_svg_patterns(std::ostream& out) {
  out << "<svg style=\"position:absolute;width:0;height:0\"><defs>"
         "<pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" "
         "patternTransform=\"rotate(45)\"><rect class=\"hatchground\" width=\"7\" height=\"7\"/><line "
         "class=\"hatchink\" "
         "x1=\"0\" x2=\"0\" y1=\"0\" y2=\"7\"/></pattern>"
         "<pattern id=\"dots\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\"><rect class=\"dotground\" "
         "width=\"7\" height=\"7\"/><circle class=\"dotink\" cx=\"3.5\" cy=\"3.5\" "
         "r=\"1.1\"/></pattern></defs></svg>\n";
}

void write_memory_curve(const Report& report, const std::vector<trace::SurveySample>& samples, bool is_whole,
                        std::ostream& out) {
  if (samples.empty()) return;
  const trace::Peak& peak = report.survey.peak();
  std::uint64_t most = 1;
  for (const trace::SurveySample& sample : samples)
    most = std::max({most, sample.malloc_bytes, sample.waste.total_bytes});
  if (is_whole) most = std::max(most, peak.bytes());
  const core::EventNumber last = std::max<core::EventNumber>(report.survey.events(), 1);
  const auto x_of = [&](std::size_t i) { return kWidth * share(samples[i].event, last); };
  const auto y_of = [&](std::uint64_t bytes) { return kHeight * (1 - share(bytes, most)); };
  const std::vector<Flag> flags = is_whole ? lay_out_flags(report) : std::vector<Flag>();
  std::size_t rows = 0;
  for (const Flag& flag : flags) rows = std::max(rows, flag.row + 1);
  out << fmt::format(
      "<div class=\"curve{}\" style=\"--rows:{}\"><div "
      "class=\"scale\"><span>{}</span><span>{}</span><span>0</span></div>\n",
      is_whole ? "" : " low", rows, escaped(format_bytes(most)), escaped(format_bytes(most / 2)));
  out << fmt::format(
      "<div class=\"field\">\n<svg viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"{}\">\n",
      kWidth, kHeight, escaped(report.strings("report.over_time")));
  std::vector<std::uint64_t> below(samples.size());
  for (std::size_t part = 0; part < std::size(trace::kWasteParts); ++part) {
    write_layer(samples, part, below, x_of, y_of, out);
    for (std::size_t i = 0; i < samples.size(); ++i) below[i] += samples[i].waste.*trace::kWasteParts[part].bytes;
  }
  if (is_whole) {
    out << "<polyline class=\"malloc\" points=\"";
    for (std::size_t i = 0; i < samples.size(); ++i)
      out << fmt::format("{:.1f},{:.1f} ", x_of(i), y_of(samples[i].malloc_bytes));
    out << "\"/>\n";
  }
  out << fmt::format("<line class=\"axis\" x1=\"0\" x2=\"{0}\" y1=\"{1}\" y2=\"{1}\"/>", kWidth, kHeight / 2);
  out << fmt::format(
      "<line class=\"peak\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1}\"><title>{2}</title></line></svg>\n",
      kWidth * share(peak.event, last), kHeight, escaped(report_peak(report)));
  if (!flags.empty()) write_flags(report, flags, out);
  out << fmt::format("</div><div class=\"events\"><span>0</span><span>{}</span><span>{}</span></div></div>\n",
                     escaped(format_event(last / 2)), escaped(format_event(last)));
}

void write_round_curve(const trace::Finding& finding, std::ostream& out) {
  if (finding.rounds.size() < 2) return;
  constexpr double kHigh = 60;
  std::uint64_t most = 1;
  for (const trace::RoundNote& note : finding.rounds) most = std::max(most, note.value);
  const double wide = kWidth / static_cast<double>(finding.rounds.size());
  out << fmt::format("<svg class=\"rounds\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" role=\"img\">", kWidth,
                     kHigh);
  for (std::size_t i = 0; i < finding.rounds.size(); ++i) {
    const trace::RoundNote& note = finding.rounds[i];
    const double high = kHigh * share(note.value, most);
    out << fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{}: {} ({})</title>"
        "</rect>",
        static_cast<double>(i) * wide, kHigh - high, wide * 0.9, high, note.round + 1, format_count(note.value),
        escaped(format_event(note.event)));
  }
  out << "</svg>\n";
}

}  // namespace palloscope::gui::cli
