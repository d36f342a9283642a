// One line of jsonlog: a flat JSON object. Read leniently, because a server whose databases are not UTF-8 writes bytes
// that are no valid JSON; a field is read as far as it goes.
#pragma once

#include <string>
#include <string_view>

namespace palloscope::trace {

// The fields that interest us; empty where the line has none.
struct JsonLogLine {
  std::string timestamp, pid, message;
};

// False: the line is no JSON object, or is cut.
bool parse_json_log_line(std::string_view line, JsonLogLine& fields);

}  // namespace palloscope::trace
