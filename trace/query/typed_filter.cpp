#include "trace/query/typed_filter.h"

#include <vector>

#include "core/base/nearest_word.h"
#include "trace/query/condition_lexer.h"

namespace palloscope::trace {
namespace {

// As far as it can be read.
std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  ConditionMistake ignored;
  for (std::size_t at = 0; auto token = next_token(text, at, ignored);) {
    if (token->sort == TokenSort::End) break;
    at = token->at + token->spelled.size();
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

bool is_or_resembles_word(std::string_view spelled) {
  std::vector<std::string_view> words;
  for (const ConditionWord& row : condition_words()) words.push_back(row.word);
  return find_event_kind(spelled) != 0 || core::nearest_word(spelled, words).has_value();
}

// Begins like a condition, and has what only conditions have: "alloc and siez > 1MB" is no name.
bool is_meant_as_condition(const std::vector<Token>& tokens) {
  if (tokens.size() < 2) return false;
  const Token& first = tokens.front();
  const bool begins = first.sort == TokenSort::Word ? is_or_resembles_word(first.spelled)
                                                    : first.spelled == "(" || first.spelled == "!";
  if (!begins) return false;
  const ConditionWord* row = find_condition_word(first.spelled, false);
  if (row && (row->sort == WordSort::Thing || row->quantity == Quantity::Buffer) && tokens[1].sort == TokenSort::Number)
    return true;
  for (const Token& token : tokens) {
    if (token.sort == TokenSort::Sign && token.spelled != "-" && token.spelled != "," && token.spelled != "/")
      return true;
    if (token.sort != TokenSort::Word) continue;
    const ConditionWord* joint = find_condition_word(token.spelled, false);
    if (joint && joint->sort == WordSort::Joint) return true;
  }
  return false;
}

}  // namespace

TypedFilter read_typed_filter(std::string_view typed) {
  const std::size_t begin = typed.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  const std::string_view text = typed.substr(begin, typed.find_last_not_of(' ') + 1 - begin);
  TypedFilter filter;
  const std::vector<Token> tokens = tokens_of(text);
  if (tokens.size() == 1 && tokens.front().sort == TokenSort::Text && tokens.front().spelled == text) {
    filter.words = tokens.front().text;
    return filter;
  }
  ConditionMistake mistake;
  if (tokens.size() > 1 && Condition::parse(text, StateParts::Become, &mistake)) {
    filter.condition = text;
  } else if (is_meant_as_condition(tokens)) {
    mistake.column += begin;
    filter.mistake = std::move(mistake);
  } else {
    filter.words = text;
  }
  return filter;
}

}  // namespace palloscope::trace
