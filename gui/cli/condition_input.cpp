#include "gui/cli/condition_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <ostream>

#include "gui/cli/arguments.h"
#include "gui/condition_field.h"
#include "gui/condition_words.h"
#include "gui/strings.h"

namespace palloscope::gui::cli {
namespace {

// Letters, not bytes, so that the caret stands right behind Chinese names, too.
std::size_t letters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::optional<NamedCondition> parse_condition(std::string_view verb, std::string_view text, trace::StateParts parts,
                                              Streams io, std::string_view where) {
  const NamedText named = split_name(text);
  const std::size_t begin = std::min(text.find_first_not_of(" \t", named.at), text.size());
  trace::ConditionMistake mistake;
  auto parsed =
      trace::Condition::parse(text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin), parts, &mistake);
  if (parsed) return NamedCondition{named.name.empty() ? parsed->text() : named.name, std::move(*parsed)};
  mistake.column += begin;
  const std::string place = where.empty() ? std::string() : fmt::format("{}: ", where);
  complain(verb, fmt::format("{}column {}: {}", place, mistake.column + 1, mistake.message), io);
  std::string shown(text.substr(0, trace::Condition::kLongest));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  const std::size_t at = std::min(mistake.column, shown.size());
  const std::size_t length = letters(std::string_view(shown).substr(at, std::max<std::size_t>(mistake.length, 1)));
  io.err << fmt::format("  {}\n  {:{}}^{:~<{}}\n", shown, "", letters(std::string_view(shown).substr(0, at)), "",
                        length == 0 ? 0 : length - 1);
  return std::nullopt;
}

std::optional<std::vector<NamedCondition>> read_conditions(std::string_view verb, const std::string& file,
                                                           trace::StateParts parts, Streams io) {
  std::ifstream in(file);
  if (!in) {
    complain(verb, fmt::format("{}: cannot be read", file), io);
    return std::nullopt;
  }
  std::vector<NamedCondition> conditions;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    auto condition = parse_condition(verb, line, parts, io, fmt::format("{}, line {}", file, number));
    if (!condition) return std::nullopt;
    conditions.push_back(std::move(*condition));
  }
  if (!conditions.empty()) return conditions;
  complain(verb, fmt::format("{}: has no condition; it holds one a line", file), io);
  return std::nullopt;
}

std::string condition_help() {
  const Strings& strings = strings_of(Language::English);
  std::string page = fmt::format("{}\n", strings("condition.about"));
  std::string_view group;
  for (const trace::ConditionWord& row : trace::condition_words()) {
    if (!row.same_as.empty()) continue;
    if (group != word_group_key(row.sort)) page += fmt::format("\n{}\n", strings(word_group_key(row.sort)));
    group = word_group_key(row.sort);
    page += fmt::format("  {:<20} {}\n", shown_word(row), strings(word_key(row)));
  }
  page += fmt::format("\n{}\n", strings("condition.example"));
  for (const trace::ConditionWord& row : trace::condition_words())
    if (row.example.size() > 20) page += fmt::format("  {}\n", row.example);
  return page;
}

}  // namespace palloscope::gui::cli
