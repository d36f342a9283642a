#include "trace/query/block_judge.h"

#include <algorithm>

#include "trace/query/condition_eval.h"

namespace palloscope::trace {
namespace {

ValueRange of(std::uint64_t least, std::uint64_t most) { return {saturated(least), saturated(most)}; }

}  // namespace

ValueRange BlockJudge::range(const ConditionNode& node, bool and_before) const {
  switch (node.sort) {
    case NodeSort::Literal:
      return {node.number, node.number};
    case NodeSort::Plus:
    case NodeSort::Minus: {
      const ValueRange a = range(at(node.left), and_before), b = range(at(node.right), and_before);
      const bool plus = node.sort == NodeSort::Plus;
      return {saturating(node.sort, a.least, plus ? b.least : b.most),
              saturating(node.sort, a.most, plus ? b.most : b.least)};
    }
    case NodeSort::Times: {
      const ValueRange a = range(at(node.left), and_before), b = range(at(node.right), and_before);
      const std::int64_t corners[] = {saturating(node.sort, a.least, b.least), saturating(node.sort, a.least, b.most),
                                      saturating(node.sort, a.most, b.least), saturating(node.sort, a.most, b.most)};
      return {*std::min_element(corners, corners + 4), *std::max_element(corners, corners + 4)};
    }
    case NodeSort::Sum:
      return known_ ? known_->sum(node) : ValueRange{};
    default:
      break;
  }
  ValueRange values;
  switch (node.quantity) {
    case Quantity::Size:
      return known_ ? known_->sizes() : of(0, UINT64_MAX);
    case Quantity::Granted:
      return known_ ? known_->granted() : of(0, UINT64_MAX);
    case Quantity::Ordinal:
      return of(first_, last_);
    case Quantity::HeapTotal:
      values = of(summary_.context_bytes_min, summary_.context_bytes_max);
      if (and_before)
        values.widen(before_ ? of(before_->context_bytes_min, before_->context_bytes_max) : ValueRange{0, 0});
      return values;
    // Of these only the most is noted.
    case Quantity::HeapMalloc:
      return of(0, std::max(summary_.malloc_bytes_max, and_before && before_ ? before_->malloc_bytes_max : 0));
    case Quantity::HeapUsed:
      return of(0, std::max(summary_.granted_bytes_max, and_before && before_ ? before_->granted_bytes_max : 0));
    default:
      return values;
  }
}

BlockJudge::Truth BlockJudge::compare(const ConditionNode& node, bool and_before) const {
  const ConditionNode& left = at(node.left);
  const ValueRange a = range(left, and_before), b = range(at(node.right), and_before);
  if (known_ && node.comparison == Comparator::Equal && b.least == b.most && left.sort == NodeSort::Field) {
    if (left.quantity == Quantity::Buffer && !known_->has_buffer(b.least)) return {false, true};
  }
  // What has no value compares as false: "may be false" is only certain where there always is one.
  bool may = true, must = false;
  switch (node.comparison) {
    case Comparator::Equal:
      may = a.least <= b.most && b.least <= a.most;
      must = a.least == a.most && b.least == b.most && a.least == b.least;
      break;
    case Comparator::Unequal:
      may = !(a.least == a.most && b.least == b.most && a.least == b.least);
      must = a.most < b.least || b.most < a.least;
      break;
    case Comparator::Less:
      may = a.least < b.most;
      must = a.most < b.least;
      break;
    case Comparator::LessEqual:
      may = a.least <= b.most;
      must = a.most <= b.least;
      break;
    case Comparator::Greater:
      may = a.most > b.least;
      must = a.least > b.most;
      break;
    case Comparator::GreaterEqual:
      may = a.most >= b.least;
      must = a.least >= b.most;
      break;
    default:
      break;
  }
  const auto always_there = [&](const ConditionNode& of) {
    return of.sort == NodeSort::Literal || of.sort == NodeSort::Sum ||
           (of.sort == NodeSort::Field && (of.quantity == Quantity::Ordinal || of.quantity == Quantity::HeapTotal));
  };
  return {may, !(must && always_there(left) && always_there(at(node.right)))};
}

bool BlockJudge::may_change(const ConditionNode& node) const {
  switch (node.sort) {
    case NodeSort::Literal:
      return false;
    case NodeSort::Sum:
      return !known_ || known_->changes(node);
    case NodeSort::Compare: {
      // A freelist runs empty: that is noted.
      const ConditionNode &left = at(node.left), &right = at(node.right);
      const bool empty = left.sort == NodeSort::Field && left.quantity == Quantity::FreelistLength &&
                         node.comparison == Comparator::Equal && right.sort == NodeSort::Literal && right.number == 0;
      if (empty && known_) return known_->empties_freelist(left.number);
      return may_change(left) || may_change(right);
    }
    case NodeSort::Plus:
    case NodeSort::Minus:
    case NodeSort::Times:
    case NodeSort::And:
    case NodeSort::Or:
      return may_change(at(node.left)) || may_change(at(node.right));
    default:
      return true;
  }
}

BlockJudge::Truth BlockJudge::truth(const ConditionNode& node, bool and_before) const {
  if (!node.kinds.meets(summary_)) return {false, true};
  switch (node.sort) {
    case NodeSort::Not: {
      const Truth of = truth(at(node.left), and_before);
      return {of.may_be_false, of.may_be_true};
    }
    case NodeSort::And: {
      const Truth a = truth(at(node.left), and_before), b = truth(at(node.right), and_before);
      return {a.may_be_true && b.may_be_true, a.may_be_false || b.may_be_false};
    }
    case NodeSort::Or: {
      const Truth a = truth(at(node.left), and_before), b = truth(at(node.right), and_before);
      return {a.may_be_true || b.may_be_true, a.may_be_false && b.may_be_false};
    }
    case NodeSort::Compare:
      return compare(node, and_before);
    case NodeSort::TextMatch:
      if (node.quantity == Quantity::Context && known_) return {known_->has_context(node), true};
      return {};
    case NodeSort::Became:
      return {truth(at(node.left), false).may_be_true && truth(at(node.left), true).may_be_false &&
                  may_change(at(node.left)),
              true};
    case NodeSort::Changed:
      return {may_change(at(node.left)), true};
    default:
      return {};
  }
}

}  // namespace palloscope::trace
