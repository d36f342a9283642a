#include "trace/sql/completion.h"

#include <algorithm>
#include <cctype>

#include "core/events/event.h"
#include "trace/exporters/event_text.h"

namespace palloscope::trace::sql {
namespace {

constexpr std::string_view kWords[] = {
    "select",  "from",     "where",   "group by", "order by",  "limit",    "desc",  "count(*)", "sum(",
    "min(",    "max(",     "avg(",    "and",      "or",        "not",      "in",    "is null",  "is not null",
    "between", "distinct", "having",  "join",     "left join", "on",       "using", "as",       "like",
    "case",    "when",     "then",    "else",     "end",       "union",    "with",  "total(",   "group_concat(",
    "exists",  "round(",   "length(", "offset",   "cast(",     "coalesce("};

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool begins_with(std::string_view word, std::string_view prefix) {
  return word.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), word.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !in_word(text[at - 1]);
    const bool ends = at + word.size() == text.size() || !in_word(text[at + word.size()]);
    if (begins && ends) return true;
  }
  return false;
}

std::string word_before(std::string_view text, std::size_t at) {
  while (at > 0 && std::isspace(static_cast<unsigned char>(text[at - 1])) != 0) --at;
  const std::size_t end = at;
  while (at > 0 && in_word(text[at - 1])) --at;
  std::string word(text.substr(at, end - at));
  std::transform(word.begin(), word.end(), word.begin(), lower);
  return word;
}

class Candidates {
 public:
  explicit Candidates(std::string_view prefix) : prefix_(prefix) {}
  void add(std::string_view word) {
    if (words_.size() >= kMostCompletions || !begins_with(word, prefix_) || word.size() == prefix_.size()) return;
    if (std::find(words_.begin(), words_.end(), word) == words_.end()) words_.emplace_back(word);
  }
  std::vector<std::string> take() { return std::move(words_); }

 private:
  std::string_view prefix_;
  std::vector<std::string> words_;
};

}  // namespace

Completion complete(std::span<const std::unique_ptr<Table>> tables, std::string_view text, std::size_t cursor) {
  cursor = std::min(cursor, text.size());
  Completion completion{cursor, {}};
  while (completion.begin > 0 && in_word(text[completion.begin - 1])) --completion.begin;
  const std::string_view before = text.substr(0, completion.begin);
  Candidates candidates(text.substr(completion.begin, cursor - completion.begin));
  const bool typed = completion.begin < cursor;
  if (std::count(before.begin(), before.end(), '\'') % 2 != 0) {
    for (unsigned tag = 0; typed && tag < 256; ++tag)
      if (core::is_event_kind(static_cast<std::uint8_t>(tag)))
        candidates.add(event_kind_name(static_cast<std::uint8_t>(tag)));
    completion.words = candidates.take();
    return completion;
  }
  const std::string previous = word_before(text, completion.begin);
  if (previous == "from" || previous == "join") {
    for (const auto& table : tables) candidates.add(table->name());
  } else if (typed || text.substr(0, completion.begin).ends_with('.')) {
    const auto add_columns = [&](bool of_named) {
      for (const auto& table : tables)
        if (has_word(text, table->name()) == of_named)
          for (const Column& column : table->columns()) candidates.add(column.name);
    };
    add_columns(true);
    for (const auto& table : tables) candidates.add(table->name());
    for (const std::string_view word : kWords) candidates.add(word);
    add_columns(false);
  }
  completion.words = candidates.take();
  return completion;
}

}  // namespace palloscope::trace::sql
