// A line of a plain server log: prefix (log_line_prefix, whatever it is), severity, two spaces, perhaps an SQLSTATE,
// message. Severities are translated, application names in the prefix can hold anything.
#pragma once

#include <optional>
#include <string_view>

namespace palloscope::trace {

struct LogLine {
  std::string_view prefix;    // up to the severity
  std::string_view severity;  // "LOG", "ERROR", "DETAIL"; empty if it is none of the English ones
  std::string_view sqlstate;  // with log_error_verbosity = verbose
  std::string_view message;
};

// None: nothing in the line looks like the end of a severity.
std::optional<LogLine> split_log_line(std::string_view line);

// The first time stamp as %m and %t print it, with its zone; empty if there is none.
std::string_view time_in(std::string_view prefix);

}  // namespace palloscope::trace
