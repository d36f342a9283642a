#include "gui/condition_field.h"

#include <algorithm>

#include "gui/condition_words.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kMostContexts = 5000;  // that are looked at for names

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Behind the colon of a name, if there is one: outside of quotes a condition has none.
std::size_t condition_begin(std::string_view text) {
  const std::size_t colon = text.find_first_of(":\"'");
  return colon == std::string_view::npos || text[colon] != ':' ? 0 : colon + 1;
}

void add_names(Offers& offers, std::string_view begun, const trace::MemoryState& state, std::size_t most) {
  const std::size_t end = std::min(state.contexts().size(), kMostContexts);
  for (std::size_t i = 0; i < end && offers.list.size() < most; ++i) {
    const trace::ContextRecord& context = state.contexts()[i];
    const std::string_view name = trace::printed_name(context);
    if (context.born == 0 || !name.starts_with(begun) || name.find_first_of("\"\\") != std::string_view::npos) continue;
    const Offer offer{std::string(name), {}};
    if (std::find(offers.list.begin(), offers.list.end(), offer) == offers.list.end()) offers.list.push_back(offer);
  }
}

}  // namespace

NamedText split_name(std::string_view text) {
  const std::size_t begin = condition_begin(text);
  return {begin == 0 ? std::string() : std::string(trimmed(text.substr(0, begin - 1))), begin};
}

TypedBreakpoint read_breakpoint(std::string_view text) {
  TypedBreakpoint typed;
  NamedText named = split_name(text);
  typed.condition_at = named.at;
  typed.breakpoint.name = std::move(named.name);
  const std::string_view condition = text.substr(typed.condition_at);
  typed.breakpoint.condition = trimmed(condition);
  trace::ConditionMistake mistake;
  if (!trace::Condition::parse(condition, trace::StateParts::Become, &mistake)) {
    mistake.column += typed.condition_at;
    typed.mistake = std::move(mistake);
  }
  return typed;
}

std::string typed_text(const Breakpoint& breakpoint) {
  return breakpoint.name.empty() ? breakpoint.condition : breakpoint.name + ": " + breakpoint.condition;
}

Offers offers_for(std::string_view text, std::size_t cursor, const trace::MemoryState& state, std::size_t most) {
  const std::size_t begin = condition_begin(text);
  Offers offers;
  if (cursor < begin) return offers;
  const trace::ConditionCompletion completion = trace::complete_condition(text.substr(begin), cursor - begin);
  offers.from = completion.from + begin;
  if (completion.in_text) {
    add_names(offers, text.substr(offers.from, cursor - offers.from), state, most);
    return offers;
  }
  for (const std::string_view word : completion.words) {
    if (offers.list.size() == most) break;
    const trace::ConditionWord* row = trace::find_condition_word(word, false);
    if (!row) row = trace::find_condition_word(word, true);
    if (word.size() == cursor - offers.from && row->sort != trace::WordSort::Sum) continue;  // it stands there
    offers.list.push_back({std::string(word) + (row->sort == trace::WordSort::Sum ? "(\"" : ""), word_key(*row)});
  }
  return offers;
}

}  // namespace palloscope::gui
