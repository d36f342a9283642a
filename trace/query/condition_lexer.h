// The text of a condition in pieces: words, numbers with their units, quoted texts, signs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "trace/query/condition.h"

namespace palloscope::trace {

enum class TokenSort : std::uint8_t { End, Word, Number, Text, Sign };

struct Token {
  TokenSort sort = TokenSort::End;
  std::size_t at = 0;        // where it begins, in bytes
  std::string_view spelled;  // as it stands there
  std::int64_t number = 0;   // Number
  std::string text;          // Text, without its quotes
};

// The piece that begins at or behind `at`. None: `mistake` says why.
std::optional<Token> next_token(std::string_view text, std::size_t at, ConditionMistake& mistake);

}  // namespace palloscope::trace
