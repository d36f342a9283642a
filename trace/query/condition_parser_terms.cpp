// The terms of the grammar: words, numbers, phrases.
#include <fmt/format.h>

#include <utility>

#include "trace/query/condition_parser.h"

namespace palloscope::trace {
namespace {

// Which events can change a quantity of the state.
KindSet changers(Quantity quantity, WordSort sort) {
  using namespace core;
  constexpr KindSet kPrivate = KindSet::range(1, 59) | KindSet{ContextReported::kTag, ContextsOmitted::kTag};
  constexpr KindSet kStructure = {ContextCreated::kTag,  ContextReset::kTag,      ContextDeleted::kTag,
                                  ContextRecycled::kTag, ContextReparented::kTag, ContextIdentSet::kTag,
                                  Malloc::kTag,          Realloc::kTag,           Free::kTag,
                                  BlockAdded::kTag,      BlockRemoved::kTag,      BlockEmptied::kTag,
                                  BlockMoved::kTag,      ChunkFreed::kTag,        ContextReported::kTag,
                                  ContextsOmitted::kTag};
  switch (quantity) {
    case Quantity::Total:
    case Quantity::Count:
    case Quantity::Depth:
    case Quantity::HeapTotal:
    case Quantity::HeapMalloc:
    case Quantity::HeapContexts:
    case Quantity::HeapRegions:
      return kStructure;
    default:
      break;
  }
  const bool server = sort == WordSort::Local ? quantity == Quantity::UsageCount || quantity == Quantity::PinCount
                                              : quantity >= Quantity::PoolUsed;
  return server ? KindSet::range(84, 139) : kPrivate;
}

// A sum or difference of the event's numbers stays one of the event; where it happened is neither event nor state.
bool is_place(WordSort sort) { return sort == WordSort::Place || sort == WordSort::TextPlace; }
bool is_state(WordSort sort) { return sort == WordSort::Local || sort == WordSort::Global || sort == WordSort::Sum; }

}  // namespace

ConditionParser::Parsed ConditionParser::term() {
  if (token_.sort == TokenSort::Number) return number();
  if (is_sign("(")) return brackets();
  if (token_.sort == TokenSort::Word) return word();
  if (token_.sort == TokenSort::Text)
    return no(fmt::format("{} stands where a word is expected, as in: context == {}", token_.spelled, token_.spelled));
  return no(token_.sort == TokenSort::End
                ? std::string("something is missing at the end, as in: alloc and size > 1MB")
                : fmt::format("'{}' stands where a word or a number is expected", token_.spelled));
}

ConditionParser::Parsed ConditionParser::number() {
  ConditionNode made;
  made.sort = NodeSort::Literal;
  made.number = token_.number;
  made.kinds = KindSet::all();
  Part part;
  part.type = Type::Number;
  part.at = token_.at;
  if (!advance()) return std::nullopt;
  part.end = end_;
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::brackets() {
  const std::size_t at = token_.at;
  if (!expect("(")) return std::nullopt;
  auto inner = disjunction();
  if (!inner || !expect(")")) return std::nullopt;
  inner->at = at;
  inner->end = end_;
  return inner;
}

ConditionParser::Parsed ConditionParser::word() {
  const std::string_view spelled = token_.spelled;
  std::size_t behind = token_.at + spelled.size();
  while (behind < text_.size() && text_[behind] == ' ') ++behind;
  const bool bracket = behind < text_.size() && text_[behind] == '(';
  const ConditionWord* row = bracket ? find_condition_word(spelled, true) : nullptr;
  if (!row) row = find_condition_word(spelled, false);
  if (!row && find_condition_word(spelled, true))
    return no(fmt::format("'{}' is of the contexts of a name, as in: {}", spelled,
                          find_condition_word(spelled, true)->example));
  if (!row) return find_event_kind(spelled) != 0 ? deed() : unknown_word();
  switch (row->sort) {
    case WordSort::Deed:
      return deed();
    case WordSort::Sum:
      return sum_of_contexts(*row);
    case WordSort::TextField:
    case WordSort::TextPlace:
      return text_match(*row);
    case WordSort::Thing:
      return thing(*row);
    case WordSort::Field:
    case WordSort::Place:
    case WordSort::Local:
    case WordSort::Global:
      return quantity(*row);
    case WordSort::Change:
      return no(fmt::format("'{}' stands behind a number of the state, as in: {}", spelled, row->example));
    case WordSort::Joint:
      break;
  }
  if (spelled != "became") return no(fmt::format("'{}' stands where a word or a number is expected", spelled));
  const std::size_t at = token_.at;
  if (!advance()) return std::nullopt;
  if (!is_sign("(")) return no("'(' is expected here, as in: became(heap.total > 1MB)");
  auto of = brackets();
  if (!of || !is_truth(*of)) return std::nullopt;
  of->at = at;
  if (!of->has_state)
    return no(*of, fmt::format("{} says nothing of the state, and cannot become true", this->spelled(*of)));
  if (of->has_event)
    return no(*of, fmt::format("{} speaks of what happened; became is for the state alone", this->spelled(*of)));
  return became(*of);
}

ConditionParser::Parsed ConditionParser::deed() {
  ConditionNode made;
  made.sort = NodeSort::Deed;
  Part part;
  part.has_event = true;
  part.at = token_.at;
  part.word = find_condition_word(token_.spelled, false);
  if (part.word) {
    made.kinds = part.word->kinds;
    made.number = part.word->flags;
  } else {
    made.kinds.add(find_event_kind(token_.spelled));
  }
  part.can_be_false = made.number == 0 ? ~made.kinds : KindSet::all();
  if (!advance()) return std::nullopt;
  part.end = end_;
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::quantity(const ConditionWord& row) {
  if (row.quantity == Quantity::FreelistLength) return freelist(row);
  ConditionNode made;
  made.sort = NodeSort::Field;
  made.quantity = row.quantity;
  made.kinds = is_state(row.sort) ? KindSet::all() : row.kinds;
  Part part;
  part.type = Type::Number;
  part.at = token_.at;
  part.word = &row;
  part.has_state = is_state(row.sort);
  part.has_event = !part.has_state && !is_place(row.sort);
  if (part.has_state) part.moved_by = changers(row.quantity, row.sort);
  if (!advance()) return std::nullopt;
  part.end = end_;
  if (row.quantity == Quantity::Buffer && token_.sort == TokenSort::Number) return thing(row);
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::freelist(const ConditionWord& row) {
  const std::size_t at = token_.at;
  if (!advance()) return std::nullopt;
  if (!is_sign("[")) return no(fmt::format("'[' and the freelist's number are expected here, as in: {}", row.example));
  if (!advance()) return std::nullopt;
  if (token_.sort != TokenSort::Number || token_.number < 0 || token_.number >= kFreelistCount)
    return no(fmt::format("a freelist's number is expected here, 0 to {}", kFreelistCount - 1));
  ConditionNode made;
  made.sort = NodeSort::Field;
  made.quantity = Quantity::FreelistLength;
  made.number = token_.number;
  made.kinds = KindSet::all();
  if (!advance() || !expect("]")) return std::nullopt;
  if (is_word(".length") && !advance()) return std::nullopt;
  Part part;
  part.type = Type::Number;
  part.has_state = true;
  part.moved_by = changers(row.quantity, row.sort);
  part.at = at;
  part.end = end_;
  part.word = &row;
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::sum_of_contexts(const ConditionWord& row) {
  ConditionNode made;
  made.sort = NodeSort::Sum;
  made.quantity = row.quantity;
  made.kinds = KindSet::all();
  Part part;
  part.type = Type::Number;
  part.has_state = true;
  part.moved_by = changers(row.quantity, row.sort);
  part.at = token_.at;
  part.word = &row;
  if (!advance() || !expect("(")) return std::nullopt;
  if (token_.sort != TokenSort::Text || token_.text.empty())
    return no(fmt::format("a context's name in quotes is expected here, as in: {}", row.example));
  made.text = add_text(token_.text);
  made.term = static_cast<std::uint16_t>(tree_.sums.size());
  tree_.sums.push_back({row.quantity, made.text});
  if (!advance() || !expect(")")) return std::nullopt;
  part.end = end_;
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::text_match(const ConditionWord& row) {
  ConditionNode made;
  made.sort = NodeSort::TextMatch;
  made.quantity = row.quantity;
  made.kinds = row.kinds;
  Part part;
  part.at = token_.at;
  part.has_event = !is_place(row.sort);
  part.word = &row;
  if (!advance()) return std::nullopt;
  part.end = end_;
  if (row.quantity == Quantity::Context && (token_.sort == TokenSort::Text || is_sign("@"))) return thing(row);
  const auto how = comparison_sign();
  if (!how) {
    part.type = Type::Text;
    return no(part,
              fmt::format("'{}' is a text, neither true nor false: compare it, as in: {}", spelled(part), row.example));
  }
  if (*how != Comparator::Equal && *how != Comparator::Unequal && *how != Comparator::Contains &&
      *how != Comparator::Lacks)
    return no(fmt::format("texts are compared by ==, !=, ~ (contains) and !~, as in: {}", row.example));
  made.comparison = *how;
  if (!advance()) return std::nullopt;
  if (token_.sort != TokenSort::Text)
    return no(fmt::format("a text in quotes is expected here, as in: {}", row.example));
  made.text = add_text(token_.text);
  if (!advance()) return std::nullopt;
  part.end = end_;
  return add(made, part);
}

// chunk 0x55d0c0de1000 [freed], buffer 17 [evicted], context "ExprContext" [reset], context @345 [reset]
ConditionParser::Parsed ConditionParser::thing(const ConditionWord& row) {
  ConditionNode made;
  made.kinds = row.kinds;
  Part part;
  part.at = end_ - row.word.size();
  part.word = &row;
  if (row.quantity == Quantity::At) {
    part.at = token_.at;
    if (!advance()) return std::nullopt;
    if (token_.sort != TokenSort::Number || token_.spelled.substr(0, 2) != "0x")
      return no(fmt::format("an address is expected here, as in: {}", row.example));
    made.sort = NodeSort::Chunk;
    made.number = token_.number;
    part.has_event = true;
  } else if (row.quantity == Quantity::Buffer) {
    ConditionNode literal;
    literal.sort = NodeSort::Literal;
    literal.number = token_.number;
    literal.kinds = KindSet::all();
    const auto right = add(literal, {});
    ConditionNode field;
    field.sort = NodeSort::Field;
    field.quantity = Quantity::Buffer;
    field.kinds = row.kinds;
    const auto left = right ? add(field, {}) : std::nullopt;
    if (!left) return std::nullopt;
    made.sort = NodeSort::Compare;
    made.left = left->node;
    made.right = right->node;
  } else if (is_sign("@")) {
    if (!advance()) return std::nullopt;
    if (token_.sort != TokenSort::Number) return no("the number of the event that made the context is expected here");
    made.sort = NodeSort::Born;
    made.number = token_.number;
  } else {
    made.sort = NodeSort::TextMatch;
    made.quantity = Quantity::Context;
    made.text = add_text(token_.text);
  }
  if (!advance()) return std::nullopt;
  part.end = end_;
  const auto which = add(made, part);
  return which ? thing_and_deed(*which) : which;
}

ConditionParser::Parsed ConditionParser::thing_and_deed(const Part& thing) {
  if (token_.sort != TokenSort::Word || is_word("and") || is_word("or")) return thing;
  const ConditionWord* row = find_condition_word(token_.spelled, false);
  const bool is_deed = row ? row->sort == WordSort::Deed : find_event_kind(token_.spelled) != 0;
  if (!is_deed)
    return row ? no(fmt::format("what happens to it is expected here, as in: {}",
                                find_condition_word("chunk", false)->example))
               : unknown_word();
  const auto what = deed();
  return what ? join(NodeSort::And, thing, *what) : what;
}

}  // namespace palloscope::trace
