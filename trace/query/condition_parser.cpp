// The grammar, from the loosest joint to the tightest:
//   or := and ("or" and)*    and := not ("and" not)*    not := "not" not | comparison
//   comparison := sum (("=="|"!="|"<"|"<="|">"|">=") sum | "incremented" | "decremented" | "changed")?
//   sum := product (("+"|"-") product)*    product := term ("*" term)*
//   term := NUMBER | WORD | WORD ("=="|"!="|"~"|"!~") "TEXT" | WORD "(" "TEXT" ")" | "freelist" "[" NUMBER "]"
//   ".length"?
//         | "chunk" ADDRESS DEED? | "buffer" NUMBER DEED? | "context" ("TEXT" | "@" NUMBER) DEED?
//         | "became" "(" or ")" | "(" or ")"
#include "trace/query/condition_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/nearest_word.h"
#include "trace/exporters/event_text.h"

namespace palloscope::trace {
namespace {

// At which kinds the state must be known to tell a quantity of the event.
KindSet asks_state(Quantity quantity) {
  using namespace core;
  switch (quantity) {
    case Quantity::Size:
      return {ChunkFreed::kTag, Free::kTag, BlockRemoved::kTag};
    case Quantity::Granted:
      return {ChunkFreed::kTag};
    case Quantity::At:
      return {ChunkFreed::kTag, ChunkResized::kTag, Free::kTag};
    case Quantity::Ordinal:
    case Quantity::Buffer:
    case Quantity::Text:
    case Quantity::FaultName:
      return {};
    case Quantity::Page:
      return ~KindSet{PageRequested::kTag, BufferTagged::kTag};
    default:
      return KindSet::all();
  }
}

std::string example_of(const ConditionWord* word) {
  return word && !word->example.empty() ? fmt::format(", as in: {}", word->example) : std::string();
}

}  // namespace

// --- mistakes ---------------------------------------------------------------------------------------------------

bool ConditionParser::refuse(std::size_t column, std::size_t length, std::string message) {
  mistake_ = {column, length, std::move(message)};
  return false;
}

ConditionParser::Parsed ConditionParser::no(std::string message) {
  refuse(token_.at, token_.spelled.size(), std::move(message));
  return std::nullopt;
}

ConditionParser::Parsed ConditionParser::no(const Part& part, std::string message) {
  refuse(part.at, part.end - part.at, std::move(message));
  return std::nullopt;
}

ConditionParser::Parsed ConditionParser::unknown_word() {
  std::vector<std::string_view> words;
  for (const ConditionWord& row : condition_words()) words.push_back(row.word);
  for (unsigned tag = 1; tag < 256; ++tag)
    if (core::is_event_kind(static_cast<std::uint8_t>(tag)))
      words.push_back(event_kind_name(static_cast<std::uint8_t>(tag)));
  const auto meant = core::nearest_word(token_.spelled, words);
  return no(fmt::format("'{}' is no word of a condition; {}", token_.spelled,
                        meant ? fmt::format("did you mean {}?", *meant) : "palloscope help conditions lists them"));
}

bool ConditionParser::is_truth(const Part& part) {
  if (part.type == Type::Truth) return true;
  return refuse(part.at, part.end - part.at,
                fmt::format("'{}' is a {}, neither true nor false: compare it{}", spelled(part),
                            part.type == Type::Number ? "number" : "text", example_of(part.word)));
}

bool ConditionParser::is_number(const Part& part) {
  if (part.type == Type::Number) return true;
  return refuse(part.at, part.end - part.at,
                fmt::format("'{}' is {}, and a number is expected here", spelled(part),
                            part.type == Type::Truth ? "true or false" : "a text"));
}

// --- tokens and nodes -------------------------------------------------------------------------------------------

bool ConditionParser::advance() {
  end_ = token_.at + token_.spelled.size();
  auto token = next_token(text_, end_, mistake_);
  if (!token) return false;
  token_ = std::move(*token);
  return true;
}

bool ConditionParser::expect(std::string_view sign) {
  if (is_sign(sign)) return advance();
  return refuse(token_.at, token_.spelled.size(), fmt::format("'{}' is expected here", sign));
}

std::optional<Comparator> ConditionParser::comparison_sign() const {
  static constexpr std::pair<std::string_view, Comparator> kSigns[] = {
      {"==", Comparator::Equal},   {"=", Comparator::Equal},         {"!=", Comparator::Unequal},
      {"<>", Comparator::Unequal}, {"<", Comparator::Less},          {"<=", Comparator::LessEqual},
      {">", Comparator::Greater},  {">=", Comparator::GreaterEqual}, {"~", Comparator::Contains},
      {"!~", Comparator::Lacks}};
  if (token_.sort != TokenSort::Sign) return std::nullopt;
  for (const auto& [sign, comparison] : kSigns)
    if (token_.spelled == sign) return comparison;
  return std::nullopt;
}

ConditionParser::Parsed ConditionParser::add(ConditionNode made, Part part) {
  if (tree_.nodes.size() >= kMostNodes) return no("the condition is too long");
  part.node = static_cast<std::uint16_t>(tree_.nodes.size());
  tree_.nodes.push_back(made);
  parts_.push_back(part);
  return part;
}

std::uint16_t ConditionParser::add_text(std::string text) {
  tree_.texts.push_back(std::move(text));
  return static_cast<std::uint16_t>(tree_.texts.size() - 1);
}

bool ConditionParser::asks_for_state(const KindSet& kinds) const {
  return std::any_of(tree_.nodes.begin(), tree_.nodes.end(), [&](const ConditionNode& node) {
    switch (node.sort) {
      case NodeSort::Deed:
        return (node.number & kFlagEvicted) != 0 && kinds.has(core::BufferTagged::kTag);
      case NodeSort::TextMatch:
      case NodeSort::Field:
        return asks_state(node.quantity).meets(kinds & node.kinds);
      case NodeSort::Born:
      case NodeSort::Chunk:
      case NodeSort::Sum:
      case NodeSort::Became:
      case NodeSort::Changed:
        return true;
      default:
        return false;
    }
  });
}

// --- the grammar ------------------------------------------------------------------------------------------------

bool ConditionParser::parse(Condition& into, StateParts parts) {
  if (text_.size() > Condition::kLongest)
    return refuse(0, text_.size(), fmt::format("a condition has at most {} bytes", Condition::kLongest));
  if (!advance()) return false;
  if (token_.sort == TokenSort::End) return refuse(0, 0, "a condition is expected, as in: alloc and size > 1MB");
  auto whole = disjunction();
  if (!whole || !is_truth(*whole)) return false;
  if (token_.sort != TokenSort::End)
    return refuse(token_.at, token_.spelled.size(),
                  fmt::format("'{}' is not expected here: 'and', 'or' or the end is", token_.spelled));
  if (parts == StateParts::Become) whole = with_edges(*whole);
  if (!whole) return false;
  const ConditionNode root = node(*whole);
  if (whole->node + 1U != tree_.nodes.size()) tree_.nodes.push_back(root);  // the root stands last
  into.text_ = text_;
  into.kinds_ = root.kinds;
  into.needs_state_ = asks_for_state(root.kinds);
  into.tree_ = std::move(tree_);
  return true;
}

ConditionParser::Parsed ConditionParser::with_edges(const Part& root) {
  if (node(root).sort != NodeSort::Or) return root.has_state && !root.has_event ? became(root) : Parsed(root);
  const auto left = with_edges(parts_[node(root).left]);
  const auto right = left ? with_edges(parts_[node(root).right]) : std::nullopt;
  if (!right) return std::nullopt;
  node(root).left = left->node;
  node(root).right = right->node;
  node(root).kinds = node(*left).kinds | node(*right).kinds;
  return root;
}

ConditionParser::Parsed ConditionParser::disjunction() {
  if (depth_ >= kDeepest) return no("the condition has too many brackets within each other");
  ++depth_;
  auto left = conjunction();
  while (left && (is_word("or") || is_sign("||"))) {
    if (!is_truth(*left) || !advance()) return std::nullopt;
    const auto right = conjunction();
    if (!right || !is_truth(*right)) return std::nullopt;
    left = join(NodeSort::Or, *left, *right);
  }
  --depth_;
  return left;
}

ConditionParser::Parsed ConditionParser::conjunction() {
  auto left = negation();
  while (left && (is_word("and") || is_sign("&&"))) {
    if (!is_truth(*left) || !advance()) return std::nullopt;
    const auto right = negation();
    if (!right || !is_truth(*right)) return std::nullopt;
    left = join(NodeSort::And, *left, *right);
  }
  return left;
}

ConditionParser::Parsed ConditionParser::join(NodeSort sort, const Part& a, const Part& b) {
  ConditionNode made;
  made.sort = sort;
  made.left = a.node;
  made.right = b.node;
  const bool both = sort == NodeSort::And;
  made.kinds = both ? node(a).kinds & node(b).kinds : node(a).kinds | node(b).kinds;
  Part part;
  part.has_event = a.has_event || b.has_event;
  part.has_state = a.has_state || b.has_state;
  part.moved_by = a.moved_by | b.moved_by;
  part.can_be_false = both ? a.can_be_false | b.can_be_false : a.can_be_false & b.can_be_false;
  part.at = a.at;
  part.end = b.end;
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::negation() {
  if (!is_word("not") && !is_sign("!")) return comparison();
  if (depth_ >= kDeepest) return no("the condition has too many nots within each other");
  ++depth_;
  const std::size_t at = token_.at;
  if (!advance()) return std::nullopt;
  const auto of = negation();
  --depth_;
  if (!of || !is_truth(*of)) return std::nullopt;
  ConditionNode made;
  made.sort = NodeSort::Not;
  made.left = of->node;
  made.kinds = of->can_be_false;
  Part part = *of;
  part.at = at;
  part.word = nullptr;
  part.can_be_false = node(*of).kinds;
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::comparison() {
  const auto left = sum();
  if (!left) return left;
  if (token_.sort == TokenSort::Word) {
    const ConditionWord* row = find_condition_word(token_.spelled, false);
    return row && row->sort == WordSort::Change ? changed(*left) : left;
  }
  const auto how = comparison_sign();
  if (!how) return left;
  if (*how == Comparator::Contains || *how == Comparator::Lacks)
    return no(fmt::format("'{}' compares texts, and what stands left of it is none", token_.spelled));
  if (!is_number(*left) || !advance()) return std::nullopt;
  const auto right = sum();
  if (!right || !is_number(*right)) return std::nullopt;
  return compare(*how, *left, *right);
}

ConditionParser::Parsed ConditionParser::compare(Comparator how, const Part& a, const Part& b) {
  auto made = calculate(NodeSort::Compare, a, b);
  if (!made) return made;
  made->type = Type::Truth;
  node(*made).comparison = how;
  return parts_[made->node] = *made;
}

ConditionParser::Parsed ConditionParser::changed(const Part& of) {
  if (!is_number(of)) return std::nullopt;
  if (!of.has_state || of.has_event)
    return no(of, fmt::format("'{}' is no number of the state, and does not change", spelled(of)));
  ConditionNode made;
  made.sort = NodeSort::Changed;
  made.comparison = is_word("incremented")   ? Comparator::Greater
                    : is_word("decremented") ? Comparator::Less
                                             : Comparator::Unequal;
  made.left = of.node;
  made.term = tree_.befores++;
  made.kinds = of.moved_by & node(of).kinds;
  if (!advance()) return std::nullopt;
  Part part = of;
  part.type = Type::Truth;
  part.has_event = true;
  part.word = nullptr;
  part.end = end_;
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::became(const Part& of) {
  ConditionNode made;
  made.sort = NodeSort::Became;
  made.left = of.node;
  made.term = tree_.befores++;
  made.kinds = of.moved_by & node(of).kinds;
  Part part = of;
  part.has_event = true;
  part.can_be_false = KindSet::all();
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::calculate(NodeSort sort, const Part& a, const Part& b) {
  ConditionNode made;
  made.sort = sort;
  made.left = a.node;
  made.right = b.node;
  made.kinds = node(a).kinds & node(b).kinds;  // without one of them there is no value
  Part part;
  part.type = Type::Number;
  part.has_event = a.has_event || b.has_event;
  part.has_state = a.has_state || b.has_state;
  part.moved_by = a.moved_by | b.moved_by;
  part.at = a.at;
  part.end = b.end;
  return add(made, part);
}

ConditionParser::Parsed ConditionParser::sum() {
  auto left = product();
  while (left && (is_sign("+") || is_sign("-"))) {
    const NodeSort sort = is_sign("+") ? NodeSort::Plus : NodeSort::Minus;
    if (!is_number(*left) || !advance()) return std::nullopt;
    const auto right = product();
    if (!right || !is_number(*right)) return std::nullopt;
    left = calculate(sort, *left, *right);
  }
  return left;
}

ConditionParser::Parsed ConditionParser::product() {
  auto left = term();
  while (left && is_sign("*")) {
    if (!is_number(*left) || !advance()) return std::nullopt;
    const auto right = term();
    if (!right || !is_number(*right)) return std::nullopt;
    left = calculate(NodeSort::Times, *left, *right);
  }
  return left;
}

}  // namespace palloscope::trace
