// A parsed condition as a flat tree: nodes that name their parts by index, so that evaluating is a walk without
// pointers or virtual calls. Made by the parser; read by the evaluation and by what judges whole blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trace/query/condition_words.h"
#include "trace/query/kind_set.h"

namespace palloscope::trace {

enum class NodeSort : std::uint8_t {
  // True or false.
  Deed,  // the kind is in `kinds` and, if `number` is not 0, one of those flags is set
  Not,
  And,
  Or,
  Compare,    // left (comparison) right: numbers
  TextMatch,  // `quantity` (comparison) texts[text]
  Born,       // the event's context was made by event `number`
  Chunk,      // the event concerns the memory at address `number`
  Became,     // left holds after the event and did not before
  Changed,    // left, a number, is another one (Greater: a larger one, Less: a smaller one) than before
  // Numbers.
  Literal,
  Field,  // `quantity` of the event, its place or the state; FreelistLength: of class `number`
  Sum,    // `quantity` of the contexts named texts[text]; kept in term `term`
  Plus,
  Minus,
  Times,
};

enum class Comparator : std::uint8_t { Equal, Unequal, Less, LessEqual, Greater, GreaterEqual, Contains, Lacks };

struct ConditionNode {
  NodeSort sort = NodeSort::Literal;
  Comparator comparison = Comparator::Equal;
  Quantity quantity = Quantity::None;
  std::uint16_t left = 0, right = 0;  // nodes
  std::uint16_t text = 0;             // index into texts
  std::uint16_t term = 0;             // Sum: index into sums; Became, Changed: into what was so before
  std::int64_t number = 0;
  KindSet kinds{};  // Deed: see there. Others: the kinds at which it can be true, or has a value
};

// A sum over contexts that has to be kept up.
struct ConditionSum {
  Quantity quantity = Quantity::Total;
  std::uint16_t text = 0;
};

struct ConditionTree {
  std::vector<ConditionNode> nodes;  // parts stand before what they are part of; the last is the whole
  std::vector<std::string> texts;
  std::vector<ConditionSum> sums;
  std::uint16_t befores = 0;  // how many Became and Changed there are
  const ConditionNode& root() const { return nodes.back(); }
};

}  // namespace palloscope::trace
