#include "trace/query/condition_eval.h"

#include <limits>

#include "trace/exporters/event_text.h"

namespace palloscope::trace {

std::int64_t saturated(std::uint64_t value) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(value < kMost ? value : kMost);
}

std::int64_t saturating(NodeSort sort, std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max(),
                         kLeast = std::numeric_limits<std::int64_t>::min();
  std::int64_t result = 0;
  if (sort == NodeSort::Plus) return __builtin_add_overflow(a, b, &result) ? (b > 0 ? kMost : kLeast) : result;
  if (sort == NodeSort::Minus) return __builtin_sub_overflow(a, b, &result) ? (b < 0 ? kMost : kLeast) : result;
  return __builtin_mul_overflow(a, b, &result) ? ((a < 0) == (b < 0) ? kMost : kLeast) : result;
}

bool compare_numbers(Comparator how, std::int64_t a, std::int64_t b) {
  switch (how) {
    case Comparator::Equal:
      return a == b;
    case Comparator::Unequal:
      return a != b;
    case Comparator::Less:
      return a < b;
    case Comparator::LessEqual:
      return a <= b;
    case Comparator::Greater:
      return a > b;
    case Comparator::GreaterEqual:
      return a >= b;
    case Comparator::Contains:
    case Comparator::Lacks:
      break;
  }
  return false;
}

bool compare_texts(Comparator how, std::string_view a, std::string_view b) {
  switch (how) {
    case Comparator::Equal:
      return a == b;
    case Comparator::Unequal:
      return a != b;
    case Comparator::Contains:
      return a.find(b) != std::string_view::npos;
    case Comparator::Lacks:
      return a.find(b) == std::string_view::npos;
    default:
      return false;
  }
}

MaybeNumber number_of(const ConditionTree& tree, const ConditionNode& node, const EventFacts& facts,
                      StateAnswers* state) {
  switch (node.sort) {
    case NodeSort::Literal:
      return node.number;
    case NodeSort::Plus:
    case NodeSort::Minus:
    case NodeSort::Times: {
      const MaybeNumber a = number_of(tree, tree.nodes[node.left], facts, state);
      const MaybeNumber b = a ? number_of(tree, tree.nodes[node.right], facts, state) : std::nullopt;
      return b ? MaybeNumber(saturating(node.sort, *a, *b)) : std::nullopt;
    }
    case NodeSort::Field:
      break;
    default:
      return state ? state->quantity(node, facts) : std::nullopt;
  }
  switch (node.quantity) {
    case Quantity::Size:
      return facts.has_size ? MaybeNumber(saturated(facts.size)) : std::nullopt;
    case Quantity::Granted:
      return facts.has_granted ? MaybeNumber(saturated(facts.granted)) : std::nullopt;
    case Quantity::At:
      return facts.has_at ? MaybeNumber(static_cast<std::int64_t>(facts.at.value)) : std::nullopt;
    case Quantity::Ordinal:
      return saturated(facts.number);
    case Quantity::Buffer:
      return facts.buffer ? MaybeNumber(std::int64_t{facts.buffer.value} + 1) : std::nullopt;
    case Quantity::Page:
      return facts.has_page ? MaybeNumber(facts.page.block) : std::nullopt;
    default:
      return state ? state->quantity(node, facts) : std::nullopt;
  }
}

bool is_true(const ConditionTree& tree, const ConditionNode& node, const EventFacts& facts, StateAnswers* state) {
  if (!node.kinds.has(facts.tag)) return false;
  switch (node.sort) {
    case NodeSort::Deed:
      return node.number == 0 || (facts.flags & static_cast<std::uint64_t>(node.number)) != 0;
    case NodeSort::Not:
      return !is_true(tree, tree.nodes[node.left], facts, state);
    case NodeSort::And:
      return is_true(tree, tree.nodes[node.left], facts, state) && is_true(tree, tree.nodes[node.right], facts, state);
    case NodeSort::Or:
      return is_true(tree, tree.nodes[node.left], facts, state) || is_true(tree, tree.nodes[node.right], facts, state);
    case NodeSort::Compare: {
      const MaybeNumber a = number_of(tree, tree.nodes[node.left], facts, state);
      const MaybeNumber b = a ? number_of(tree, tree.nodes[node.right], facts, state) : std::nullopt;
      return b && compare_numbers(node.comparison, *a, *b);
    }
    case NodeSort::TextMatch:
      if (node.quantity == Quantity::Text) return compare_texts(node.comparison, facts.text, tree.texts[node.text]);
      if (node.quantity == Quantity::FaultName)
        return compare_texts(node.comparison, fault_kind_name(facts.fault), tree.texts[node.text]);
      return state && state->matches(node, facts);
    case NodeSort::Born:
      return state && state->is_context(node, facts);
    case NodeSort::Chunk:
      return state && state->concerns_chunk(node, facts);
    case NodeSort::Became:
      return state && state->became(node, is_true(tree, tree.nodes[node.left], facts, state));
    case NodeSort::Changed:
      return state && state->changed(node, number_of(tree, tree.nodes[node.left], facts, state));
    default:
      return false;
  }
}

}  // namespace palloscope::trace
