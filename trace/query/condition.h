// A condition on events and on the state after them, as people write it: `alloc and size > 1MB`,
// `total("ExecutorState") > 512kB`, `chunk 0x55d0c0de1000 touched`. trace/query/README.md is the language.
//
// A part that speaks of the state alone holds where it becomes true. To ask it of events, one after another, is the
// business of ConditionWatch (condition_watch.h); to look through a whole stream, that of ConditionSearch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "trace/query/condition_node.h"
#include "trace/query/event_facts.h"
#include "trace/query/kind_set.h"

namespace palloscope::trace {

class EventStore;

// What a part that speaks of the state alone means.
enum class StateParts : std::uint8_t {
  Become,  // it holds at the event that makes it true: breakpoints, searches
  Hold,    // it holds at every event after which it is true: budgets
};

// Where a text is no condition.
struct ConditionMistake {
  std::size_t column = 0;  // of its first byte, from 0
  std::size_t length = 0;  // 0: the end of the text
  std::string message;     // "'siez' is no word of a condition; did you mean size?"
};

class Condition {
 public:
  static constexpr std::size_t kLongest = 4096;  // bytes of text

  // An error's message begins "column 9: " (from 1); `mistake` has it in parts.
  static core::Result<Condition> parse(std::string_view text, StateParts parts = StateParts::Become,
                                       ConditionMistake* mistake = nullptr);

  const std::string& text() const { return text_; }
  // Whether events must be replayed to know; else each is judged by itself (holds).
  bool needs_state() const { return needs_state_; }
  // It never holds at an event of another kind.
  const KindSet& kinds() const { return kinds_; }
  // False: it holds at no event of a block of those kinds; the other looks at extremes, too.
  bool may_hold(const BlockSummary& summary) const { return kinds_.meets(summary); }
  bool may_hold(const EventStore& store, std::size_t block) const;
  // Only for conditions that need no state.
  template <class E>
  bool holds(EventNumber number, const E& event) const {
    return kinds_.has(E::kTag) && holds(facts_of(number, event));
  }
  bool holds(const EventFacts& facts) const;

  // The same, at events of these kinds alone, and in the context alone that was made by that event (0: in any).
  Condition narrowed(const KindSet& kinds, EventNumber context_born) const;

  // For who evaluates it.
  const ConditionTree& tree() const { return tree_; }

 private:
  friend class ConditionParser;

  std::string text_;
  ConditionTree tree_;
  KindSet kinds_ = KindSet::all();
  bool needs_state_ = false;
};

// Words that can stand where the cursor is, for completion: those that begin with what is written there.
struct ConditionCompletion {
  std::size_t from = 0;  // the written part begins here and ends at the cursor
  bool in_text = false;  // within quotes: what is wanted is a name of the trace's, no word of the language
  std::vector<std::string_view> words;
};
ConditionCompletion complete_condition(std::string_view text, std::size_t cursor);

}  // namespace palloscope::trace
