// Conditions as arguments: parsed, and where they are none, told with a caret under the place.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gui/cli/verb.h"
#include "trace/query/condition.h"

namespace palloscope::gui::cli {

struct NamedCondition {
  std::string name;  // what it is called in results: its text where it was given none
  trace::Condition condition;
};

// None: it is no condition, and that was told. `where` (may be empty): the file and line it is from.
std::optional<NamedCondition> parse_condition(std::string_view verb, std::string_view text, trace::StateParts parts,
                                              Streams io, std::string_view where = {});

// The conditions of a file, one a line, "NAME: CONDITION" or a condition alone; empty lines and those that begin with #
// do not count. None: told.
std::optional<std::vector<NamedCondition>> read_conditions(std::string_view verb, const std::string& file,
                                                           trace::StateParts parts, Streams io);

// The page of the language: `palloscope help conditions`.
std::string condition_help();

}  // namespace palloscope::gui::cli
