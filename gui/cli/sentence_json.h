// A sentence as JSON: its key, the numbers in it, and the words.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gui/explain.h"

namespace palloscope::gui::cli {

inline nlohmann::ordered_json sentence_json(const trace::Sentence& sentence, const Strings& strings) {
  nlohmann::ordered_json values = nlohmann::ordered_json::object();
  for (const trace::NamedValue& value : sentence.values) {
    nlohmann::ordered_json& json = values[std::string(value.name)];
    if (value.kind == trace::ValueKind::Page)
      json = {{"relation", value.text}, {"block", value.number}};
    else if (value.kind == trace::ValueKind::Text || value.kind == trace::ValueKind::Key)
      json = value.text;
    else
      json = value.number;
  }
  return {{"key", sentence.key}, {"values", values}, {"text", in_words(sentence, strings)}};
}

}  // namespace palloscope::gui::cli
