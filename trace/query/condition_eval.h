// What a condition says of one event: a walk over its tree. What the event alone does not tell is asked of a
// StateAnswers.
#pragma once

#include <optional>

#include "trace/query/condition_node.h"
#include "trace/query/event_facts.h"

namespace palloscope::trace {

// None: there is no such value here, and what compares it is false.
using MaybeNumber = std::optional<std::int64_t>;

// What is asked of the state.
class StateAnswers {
 public:
  virtual ~StateAnswers() = default;
  virtual MaybeNumber quantity(const ConditionNode& node, const EventFacts& facts) = 0;  // Quantity and Sum
  virtual bool matches(const ConditionNode& node, const EventFacts& facts) = 0;          // TextMatch of a name
  virtual bool is_context(const ConditionNode& node, const EventFacts& facts) = 0;       // Born
  virtual bool concerns_chunk(const ConditionNode& node, const EventFacts& facts) = 0;
  virtual bool became(const ConditionNode& node, bool now) = 0;
  virtual bool changed(const ConditionNode& node, MaybeNumber now) = 0;
};

// `state` may be null if the condition needs no state.
bool is_true(const ConditionTree& tree, const ConditionNode& node, const EventFacts& facts, StateAnswers* state);
MaybeNumber number_of(const ConditionTree& tree, const ConditionNode& node, const EventFacts& facts,
                      StateAnswers* state);

bool compare_numbers(Comparator how, std::int64_t a, std::int64_t b);
bool compare_texts(Comparator how, std::string_view a, std::string_view b);
// Sums and products that stay at the ends of the range instead of wrapping.
std::int64_t saturating(NodeSort sort, std::int64_t a, std::int64_t b);
std::int64_t saturated(std::uint64_t value);

}  // namespace palloscope::trace
