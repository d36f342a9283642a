// What `palloscope report` writes: a survey of a trace as text, as JSON, as a page that needs nothing else.
#pragma once

#include <iosfwd>
#include <string>

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

// Paths that most is allocated in first.
std::vector<trace::PathNumber> paths_by_allocations(const trace::LifetimeWatch& lifetimes);
// "PostgreSQL 17, 12 345 events. Rounds: ..."
std::string report_head(const Report& report);
std::string report_peak(const Report& report);

}  // namespace palloscope::gui::cli
