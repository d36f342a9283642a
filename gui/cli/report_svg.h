// The pictures of a report's page: memory over time with the findings marked, bars of where bytes go, histograms.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "gui/cli/report.h"

namespace palloscope::gui::cli {

std::string escaped(std::string_view text);  // for HTML and its attributes

void write_svg_patterns(std::ostream& out);  // once a page, in front of the pictures
void write_memory_curve(const Report& report, std::ostream& out);
void write_waste_bars(const Report& report, std::ostream& out);
void write_histogram_picture(const trace::Histogram& histogram, std::ostream& out);

}  // namespace palloscope::gui::cli
