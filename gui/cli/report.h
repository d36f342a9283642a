// What `palloscope report` writes: a survey of a trace as text, as JSON, as a page that needs nothing else.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "gui/strings.h"
#include "trace/findings/survey.h"

namespace palloscope::gui::cli {

struct Report {
  std::string file;  // as it was given
  const trace::Timeline& timeline;
  const trace::Survey& survey;
  const Strings& strings;
  Language language = Language::English;
};

// How many rows of a table are shown; the rest is counted.
inline constexpr std::size_t kReportRows = 15;

void write_report_text(const Report& report, std::ostream& out);
void write_report_json(const Report& report, std::ostream& out);  // everything
void write_report_html(const Report& report, std::ostream& out);

// "PostgreSQL 17, 12 345 events. Rounds: ..."
std::string report_head(const Report& report);
std::string report_peak(const Report& report);

// The parts of waste that are known of this trace, with their names: of a dump used and free only.
struct ReportPart {
  const trace::WastePart* part;
  std::string name;
};
std::vector<ReportPart> report_parts(const Report& report);

}  // namespace palloscope::gui::cli
