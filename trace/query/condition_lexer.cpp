#include "trace/query/condition_lexer.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace palloscope::trace {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t bytes;
};
// PostgreSQL's own, of 1024.
constexpr Unit kUnits[] = {{"B", 1},
                           {"kB", std::int64_t{1} << 10},
                           {"MB", std::int64_t{1} << 20},
                           {"GB", std::int64_t{1} << 30},
                           {"TB", std::int64_t{1} << 40}};

constexpr std::string_view kSigns[] = {"==", "!=", "<>", "<=", ">=", "!~", "&&", "||", "=", "<", ">",
                                       "~",  "!",  "(",  ")",  "[",  "]",  "+",  "-",  "*", ",", "@"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::optional<Token> refuse(ConditionMistake& mistake, std::size_t column, std::size_t length, std::string message) {
  mistake = {column, length, std::move(message)};
  return std::nullopt;
}

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name.size() != name.size()) continue;
    bool same = true;  // but for the case of letters: 512KB, 512kb
    for (std::size_t i = 0; i < name.size(); ++i) same = same && (unit.name[i] | 0x20) == (name[i] | 0x20);
    if (same) return &unit;
  }
  return nullptr;
}

std::optional<Token> address(std::string_view text, Token token, ConditionMistake& mistake) {
  std::size_t end = token.at + 2;
  while (end < text.size() && is_hex(text[end])) ++end;
  token.spelled = text.substr(token.at, end - token.at);
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data() + token.at + 2, text.data() + end, value, 16);
  if (error != std::errc{} || stop != text.data() + end)
    return refuse(mistake, token.at, end - token.at, "an address has 1 to 16 hexadecimal digits behind its 0x");
  token.number = static_cast<std::int64_t>(value);
  return token;
}

std::optional<Token> number(std::string_view text, Token token, ConditionMistake& mistake) {
  if (text.substr(token.at, 2) == "0x" || text.substr(token.at, 2) == "0X") return address(text, token, mistake);
  std::size_t end = token.at;
  double value = 0;
  while (end < text.size() && is_digit(text[end])) value = value * 10 + (text[end++] - '0');
  if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
    ++end;
    for (double scale = 0.1; end < text.size() && is_digit(text[end]); scale /= 10)
      value += scale * (text[end++] - '0');
  }
  const std::size_t digits_end = end;
  std::size_t unit_at = end;
  while (unit_at < text.size() && text[unit_at] == ' ') ++unit_at;
  std::size_t unit_end = unit_at;
  while (unit_end < text.size() && (is_letter(text[unit_end]) || is_digit(text[unit_end]))) ++unit_end;
  const std::string_view name = text.substr(unit_at, unit_end - unit_at);
  if (const Unit* unit = find_unit(name)) {
    value *= static_cast<double>(unit->bytes);
    end = unit_end;
  } else if (unit_at == end && !name.empty()) {
    return refuse(mistake, unit_at, name.size(),
                  fmt::format("'{}' is no unit; there are B, kB, MB, GB and TB, of 1024", name));
  }
  token.spelled = text.substr(token.at, end - token.at);
  if (value >= 9.2e18) return refuse(mistake, token.at, end - token.at, "this number is too large");
  token.number = static_cast<std::int64_t>(std::llround(value));
  // Whole numbers keep all their digits.
  if (end == digits_end) std::from_chars(text.data() + token.at, text.data() + end, token.number);
  return token;
}

std::optional<Token> quoted(std::string_view text, Token token, ConditionMistake& mistake) {
  const char quote = text[token.at];
  std::size_t at = token.at + 1;
  for (; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    token.text += text[at];
  }
  if (at >= text.size())
    return refuse(mistake, token.at, text.size() - token.at, fmt::format("the text has no closing {}", quote));
  token.spelled = text.substr(token.at, at + 1 - token.at);
  return token;
}

}  // namespace

std::optional<Token> next_token(std::string_view text, std::size_t at, ConditionMistake& mistake) {
  while (at < text.size() && is_space(text[at])) ++at;
  Token token;
  token.at = at;
  if (at >= text.size()) return token;
  const char c = text[at];
  if (is_letter(c) || (c == '.' && at + 1 < text.size() && is_letter(text[at + 1]))) {
    std::size_t end = at + 1;
    while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]) ||
                                 (text[end] == '.' && end + 1 < text.size() && is_letter(text[end + 1]))))
      ++end;
    token.sort = TokenSort::Word;
    token.spelled = text.substr(at, end - at);
    return token;
  }
  if (is_digit(c)) {
    token.sort = TokenSort::Number;
    return number(text, token, mistake);
  }
  if (c == '"' || c == '\'') {
    token.sort = TokenSort::Text;
    return quoted(text, token, mistake);
  }
  for (const std::string_view sign : kSigns) {
    if (text.substr(at, sign.size()) != sign) continue;
    token.sort = TokenSort::Sign;
    token.spelled = text.substr(at, sign.size());
    return token;
  }
  std::size_t length = 1;  // of the letter in UTF-8
  while (at + length < text.size() && (static_cast<unsigned char>(text[at + length]) & 0xC0) == 0x80) ++length;
  return refuse(mistake, at, length, fmt::format("'{}' means nothing here", text.substr(at, length)));
}

}  // namespace palloscope::trace
