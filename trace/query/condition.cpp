#include "trace/query/condition.h"

#include <fmt/format.h>

#include <algorithm>

#include "trace/query/block_judge.h"
#include "trace/query/condition_eval.h"
#include "trace/query/condition_parser.h"
#include "trace/replay/event_store.h"

namespace palloscope::trace {

core::Result<Condition> Condition::parse(std::string_view text, StateParts parts, ConditionMistake* mistake) {
  ConditionMistake found;
  Condition condition;
  if (ConditionParser(text, found).parse(condition, parts)) return condition;
  if (mistake) *mistake = found;
  return core::Error{core::ErrorCode::BadArgument, fmt::format("column {}: {}", found.column + 1, found.message)};
}

bool Condition::may_hold(const EventStore& store, std::size_t block) const {
  const EventNumber first = store.first_event(block);
  return BlockJudge(tree_, store.summary(block), block == 0 ? nullptr : &store.summary(block - 1), first,
                    first + store.event_count(block) - 1, nullptr)
      .may_hold();
}

bool Condition::holds(const EventFacts& facts) const {
  core::check(!needs_state_, "only a condition on events alone is judged without the state");
  return is_true(tree_, tree_.root(), facts, nullptr);
}

Condition Condition::narrowed(const KindSet& kinds, EventNumber context_born) const {
  Condition made = *this;
  std::vector<ConditionNode>& nodes = made.tree_.nodes;
  const auto and_also = [&](const ConditionNode& also) {
    ConditionNode both;
    both.sort = NodeSort::And;
    both.left = static_cast<std::uint16_t>(nodes.size() - 1);
    both.right = static_cast<std::uint16_t>(nodes.size());
    both.kinds = nodes.back().kinds & also.kinds;
    nodes.push_back(also);
    nodes.push_back(both);
    made.kinds_ = both.kinds;
  };
  ConditionNode also;
  also.sort = NodeSort::Deed;
  also.kinds = kinds;
  if (kinds != KindSet::all()) and_also(also);
  if (context_born == 0) return made;
  also.sort = NodeSort::Born;
  also.kinds = find_condition_word("context", false)->kinds;
  also.number = static_cast<std::int64_t>(context_born);
  and_also(also);
  made.needs_state_ = true;
  return made;
}

ConditionCompletion complete_condition(std::string_view text, std::size_t cursor) {
  ConditionCompletion completion;
  cursor = std::min(cursor, text.size());
  char quote = 0;
  std::size_t opened = 0;
  for (std::size_t i = 0; i < cursor; ++i) {
    const char c = text[i];
    if (quote != 0 && c == '\\') {
      ++i;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
      opened = i + 1;
    }
  }
  completion.in_text = quote != 0;
  completion.from = completion.in_text ? opened : cursor;
  if (completion.in_text) return completion;
  auto in_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  while (completion.from > 0 && in_word(text[completion.from - 1])) --completion.from;
  const std::string_view begun = text.substr(completion.from, cursor - completion.from);
  if (begun.empty() || (begun[0] >= '0' && begun[0] <= '9')) return completion;
  for (const ConditionWord& row : condition_words()) {
    if (row.word.substr(0, begun.size()) != begun) continue;
    if (std::find(completion.words.begin(), completion.words.end(), row.word) == completion.words.end())
      completion.words.push_back(row.word);
  }
  return completion;
}

}  // namespace palloscope::trace
