// What a question that is being typed may go on with: tables, their columns, kinds of events inside quotes, SQL's
// words.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trace/sql/table.h"

namespace palloscope::trace::sql {

struct Completion {
  std::size_t begin = 0;           // of what the words would replace, up to the cursor
  std::vector<std::string> words;  // the likeliest first; empty: nothing fits
};

inline constexpr std::size_t kMostCompletions = 12;

Completion complete(std::span<const std::unique_ptr<Table>> tables, std::string_view text, std::size_t cursor);

}  // namespace palloscope::trace::sql
