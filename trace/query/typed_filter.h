// What was typed into a filter of events: a condition (`alloc and size > 1MB`), or words to be found in their texts
// (`ExecutorState`, `8192`, `0x55d0c0de1000`). A single word is always looked for as it stands, and so is what stands
// in quotes; what is meant for a condition and is none comes with its mistake.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "trace/query/condition.h"

namespace palloscope::trace {

struct TypedFilter {
  std::string words;      // one of the two at most is there
  std::string condition;  // it is one
  std::optional<ConditionMistake> mistake;
};

TypedFilter read_typed_filter(std::string_view typed);

}  // namespace palloscope::trace
