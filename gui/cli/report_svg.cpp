#include "gui/cli/report_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <vector>

#include "gui/format_text.h"

namespace palloscope::gui::cli {
namespace {

constexpr double kWidth = 1000;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Layer by layer, the first at the bottom: its upper edge forwards, its lower one back.
void write_layer(const std::vector<trace::SurveySample>& samples, std::size_t part,
                 const std::vector<std::uint64_t>& below, auto x_of, auto y_of, std::ostream& out) {
  const trace::WastePart& what = trace::kWasteParts[part];
  out << fmt::format("<path class=\"{}\" d=\"M", what.name);
  for (std::size_t i = 0; i < samples.size(); ++i)
    out << fmt::format("{:.1f} {:.1f} ", x_of(samples[i].event), y_of(below[i] + samples[i].waste.*what.bytes));
  for (std::size_t i = samples.size(); i-- > 0;)
    out << fmt::format("{:.1f} {:.1f} ", x_of(samples[i].event), y_of(below[i]));
  out << "Z\"/>\n";
}

// Findings as numbered flags above the curve, where they begin; those that would cover each other go a line higher.
void write_flags(const Report& report, auto x_of, double top, double bottom, std::ostream& out) {
  constexpr double kFlag = 20, kRows = 3;
  std::vector<double> ends(static_cast<std::size_t>(kRows), -kFlag);
  std::size_t number = 0;
  for (const trace::Finding& finding : report.survey.findings()) {
    ++number;
    const double x = x_of(finding.event);
    std::size_t row = 0;
    while (row + 1 < ends.size() && x < ends[row] + kFlag + 2) ++row;
    ends[row] = x;
    const double y = top - kFlag * static_cast<double>(row + 1);
    out << fmt::format(
        "<a href=\"#f{0}\"><title>{4}</title><line class=\"mark\" x1=\"{1:.1f}\" x2=\"{1:.1f}\" "
        "y1=\"{2:.1f}\" y2=\"{3:.1f}\"/>",
        number, x, y, bottom, escaped(finding.path));
    out << fmt::format(
        "<rect class=\"flag\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"18\" rx=\"3\"/><text "
        "class=\"number\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text></a>\n",
        x, y, kFlag, x + kFlag / 2, y + 14, number);
  }
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

void write_svg_patterns(std::ostream& out) {
  out << "<svg style=\"position:absolute;width:0;height:0\"><defs>"
         "<pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" "
         "patternTransform=\"rotate(45)\"><rect class=\"hatchground\" width=\"7\" height=\"7\"/><line "
         "class=\"hatchink\" "
         "x1=\"0\" x2=\"0\" y1=\"0\" y2=\"7\"/></pattern>"
         "<pattern id=\"dots\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\"><rect class=\"dotground\" "
         "width=\"7\" height=\"7\"/><circle class=\"dotink\" cx=\"3.5\" cy=\"3.5\" r=\"1.1\"/></pattern>"
         "<pattern id=\"cross\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect class=\"dotground\" "
         "width=\"8\" height=\"8\"/><path class=\"hatchink\" d=\"M1 1l6 6M7 1l-6 6\"/></pattern></defs></svg>\n";
}

void write_memory_curve(const Report& report, std::ostream& out) {
  const auto& samples = report.survey.samples();
  constexpr double kLeft = 70, kTop = 70, kBottom = 330, kHeight = 365;
  std::uint64_t most = 1;
  for (const trace::SurveySample& sample : samples)
    most = std::max({most, sample.malloc_bytes, sample.waste.total_bytes});
  most = std::max(most, report.survey.peak().malloc_bytes);
  const core::EventNumber last = std::max<core::EventNumber>(report.survey.events(), 1);
  const auto x_of = [&](core::EventNumber event) { return kLeft + share(event, last) * (kWidth - kLeft - 24); };
  const auto y_of = [&](std::uint64_t bytes) { return kBottom - share(bytes, most) * (kBottom - kTop); };
  out << fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n<rect class=\"frame\" x=\"{}\" "
      "y=\"{}\" width=\"{:.1f}\" height=\"{}\"/>\n",
      kWidth, kHeight, escaped(report.strings("report.over_time")), kLeft, kTop, kWidth - kLeft - 24, kBottom - kTop);
  std::vector<std::uint64_t> below(samples.size());
  for (std::size_t part = 0; part < std::size(trace::kWasteParts) && !samples.empty(); ++part) {
    write_layer(samples, part, below, x_of, y_of, out);
    for (std::size_t i = 0; i < samples.size(); ++i) below[i] += samples[i].waste.*trace::kWasteParts[part].bytes;
  }
  out << "<polyline class=\"malloc\" points=\"";
  for (const trace::SurveySample& sample : samples)
    out << fmt::format("{:.1f},{:.1f} ", x_of(sample.event), y_of(sample.malloc_bytes));
  out << "\"/>\n";
  for (int i = 0; i <= 4; ++i) {
    const double y = kBottom - (kBottom - kTop) * i / 4;
    out << fmt::format(
        "<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text class=\"dim\" "
        "x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
        kLeft, kWidth - 24, y, y, kLeft - 6, y + 4, escaped(format_bytes(most / 4 * static_cast<std::uint64_t>(i))));
    const core::EventNumber event = last / 4 * static_cast<core::EventNumber>(i);
    out << fmt::format("<text class=\"dim\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n", x_of(event),
                       kBottom + 20, i == 0 ? "start" : "middle", escaped(format_event(event)));
  }
  const double peak = x_of(report.survey.peak().event);
  out << fmt::format(
      "<line class=\"peak\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"><title>{3}</title>"
      "</line>\n",
      peak, kTop, kBottom, escaped(report_peak(report)));
  write_flags(report, x_of, kTop, kBottom, out);
  out << "</svg>\n";
}

void write_waste_bars(const Report& report, std::ostream& out) {
  const trace::Peak& peak = report.survey.peak();
  constexpr std::size_t kBars = 10;
  constexpr double kRow = 44, kBar = 18, kNumber = 90;
  const std::size_t count = std::min(peak.holders.size(), kBars);
  if (count == 0) return;
  const std::uint64_t most = peak.holders.front().waste.total_bytes;
  out << fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", kWidth,
                     kRow * static_cast<double>(count), escaped(report.strings("report.waste")));
  for (std::size_t i = 0; i < count; ++i) {
    const trace::PathWaste& holder = peak.holders[i];
    const double y = kRow * static_cast<double>(i);
    std::string name = report.survey.paths().text(holder.path);
    if (holder.contexts > 1) name += fmt::format(" × {}", format_count(holder.contexts));
    out << fmt::format("<text x=\"0\" y=\"{}\">{}</text>\n", y + 14, escaped(name));
    double x = 0;
    for (const trace::WastePart& part : trace::kWasteParts) {
      const double width = share(holder.waste.*part.bytes, most) * (kWidth - kNumber);
      if (width <= 0) continue;
      out << fmt::format(
          "<rect class=\"{}\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"><title>{}</title></rect>\n",
          part.name, x, y + 19, width, kBar, escaped(format_bytes(holder.waste.*part.bytes)));
      x += width;
    }
    out << fmt::format("<text class=\"dim\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", x + 8, y + 33,
                       escaped(format_bytes(holder.waste.total_bytes)));
  }
  out << "</svg>\n";
}

void write_histogram_picture(const trace::Histogram& histogram, std::ostream& out) {
  constexpr double kHigh = 240, kBase = 200, kAcross = 560;
  const std::size_t columns = histogram.columns();
  std::size_t first = 0;
  while (first < columns && histogram.counts[first] == 0) ++first;
  if (first == columns) return;
  const std::uint64_t most = *std::max_element(histogram.counts.begin(), histogram.counts.end());
  const double width = kAcross / static_cast<double>(columns - first);
  out << fmt::format("<svg viewBox=\"0 0 {} {}\">\n", kAcross, kHigh);
  for (std::size_t i = first; i < columns; ++i) {
    const double x = static_cast<double>(i - first) * width;
    const double height = share(histogram.counts[i], most) * (kBase - 20);
    out << fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{}: "
        "{}</title></rect>\n",
        x + 1, kBase - height, width - 2, height, format_count(trace::histogram_least(i)),
        format_count(histogram.counts[i]));
    // As many words as fit beside each other.
    const auto every = static_cast<std::size_t>(std::max(1.0, 52 / width + 0.999));
    if ((i - first) % every == 0)
      out << fmt::format("<text class=\"dim\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", x + 1, kBase + 18,
                         escaped(format_count(trace::histogram_least(i))));
  }
  out << fmt::format(
      "<line class=\"axis\" x1=\"0\" x2=\"{0}\" y1=\"{1}\" y2=\"{1}\"/><text x=\"{0}\" y=\"14\" "
      "text-anchor=\"end\" class=\"dim\">max {2}</text></svg>\n",
      kAcross, kBase, escaped(format_count(most)));
}

}  // namespace palloscope::gui::cli
