// Objects of JSON as lines of text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace palloscope::gui::cli {

// One line, whatever bytes its texts have.
inline std::string json_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// {"a":1} and further fields.
inline std::string with_fields(std::string object, const nlohmann::ordered_json& fields) {
  if (fields.empty()) return object;
  object.back() = ',';
  return object + json_line(fields).substr(1);
}

}  // namespace palloscope::gui::cli
