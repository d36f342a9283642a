// Rounds: what a trace repeats, so that one can ask what is left of each repetition. A round ends with an event of one
// kind; which, the user says, or it is taken from what the trace has.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "trace/query/condition.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

enum class RoundKind : std::uint8_t {
  None,         // the trace repeats nothing that is known
  Transaction,  // TopTransactionContext was reset or deleted
  Statement,    // a Statement begins, which ends the one before
  Reset,        // a context of this name was reset
  Line,         // the script came to this line
  Condition,    // a condition held
};
std::string_view round_kind_name(RoundKind kind);  // "transaction"

struct RoundRule {
  RoundKind kind = RoundKind::None;
  std::string name = {};   // Reset: of the context
  std::uint32_t line = 0;  // Line
  std::optional<Condition> condition = {};
};

// "transaction", "statement", "reset:NAME", "line:12"; anything else is a condition.
core::Result<RoundRule> parse_rounds(std::string_view text);
std::string text_of(const RoundRule& rule);  // what parse_rounds() makes it of; empty: None

// What was there after a round.
struct RoundNote {
  std::uint64_t round = 0;
  EventNumber event = 0;
  std::uint64_t value = 0;
  friend bool operator==(const RoundNote&, const RoundNote&) = default;
};

// Whether an event ends a round, by the state just before it (Condition: Survey asks it).
template <class E>
bool ends_round(const RoundRule& rule, const E& e, const MemoryState& before) {
  if constexpr (std::is_same_v<E, core::ContextReset> || std::is_same_v<E, core::ContextDeleted>) {
    const ContextRecord* context = before.context(e.context);
    if (context == nullptr) return false;
    if (rule.kind == RoundKind::Transaction) return context->name == "TopTransactionContext";
    return rule.kind == RoundKind::Reset && std::is_same_v<E, core::ContextReset> && context->name == rule.name;
  } else if constexpr (std::is_same_v<E, core::Statement>) {
    return rule.kind == RoundKind::Statement;
  } else if constexpr (std::is_same_v<E, core::SourceLine>) {
    return rule.kind == RoundKind::Line && e.line == rule.line;
  }
  return false;
}

// What could be taken for a round, and how often it ends.
struct RoundChoice {
  RoundRule rule;
  std::uint64_t count = 0;
};

// Finds what a trace repeats: transactions if there are enough, else statements, else resets of the context name that
// is reset most often. Lines are never taken unasked: a loop that fills a table repeats one, and leaks nothing. Reads
// events without replaying them, in slices.
class RoundFinder {
 public:
  static constexpr std::uint64_t kLeastRounds = 6;  // fewer say nothing about growth
  static constexpr std::size_t kMostChoices = 8;    // names of one kind, or lines

  explicit RoundFinder(const Timeline& timeline) : timeline_(&timeline) {}
  bool advance(std::size_t events);  // true: all is read
  double progress() const;
  RoundRule found() const;
  // All that repeats often enough: transactions, statements, names that are reset, lines; of these the most often
  // first.
  std::vector<RoundChoice> choices() const;

 private:
  template <class E>
  void take(const E& event);

  const Timeline* timeline_;
  EventNumber next_ = 1;
  std::uint64_t transactions_ = 0, statements_ = 0;
  std::map<std::string, std::uint64_t> resets_;
  std::map<std::uint32_t, std::uint64_t> lines_;
  std::vector<std::string> names_;  // by context slot
};

}  // namespace palloscope::trace
