// Pictures of the report as SVG. They hold no words, so that they may be as narrow as a phone: what is written beside
// them is HTML.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "gui/cli/report.h"

namespace palloscope::gui::cli {

// Of <, >, & and quotes.
std::string escaped(std::string_view text);
// The same; a line may break behind each "/".
std::string escaped_path(std::string_view path);
// The patterns that the pictures refer to.
void write_svg_patterns(std::ostream& out);

// The layers of waste over time, with scales, findings as numbered flags (`is_whole`) and the highest moment.
void write_memory_curve(const Report& report, const std::vector<trace::SurveySample>& samples, bool is_whole,
                        std::ostream& out);
// What was there after each round.
void write_round_curve(const trace::Finding& finding, std::ostream& out);

}  // namespace palloscope::gui::cli
