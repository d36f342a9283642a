#include "trace/exporters/csv_field.h"

namespace palloscope::trace {

std::string csv_field(std::string_view text) {
  if (!text.empty() && text.find_first_of("\",\n\r") == std::string_view::npos && text != "\\.")
    return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace palloscope::trace
