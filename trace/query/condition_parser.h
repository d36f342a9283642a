// The parser of conditions: one pass over the text makes the tree; a second puts Became around the branches that speak
// of the state alone. The grammar is in condition_parser.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trace/query/condition_lexer.h"

namespace palloscope::trace {

class ConditionParser {
 public:
  ConditionParser(std::string_view text, ConditionMistake& mistake) : text_(text), mistake_(mistake) {}

  // False: the mistake says why not.
  bool parse(Condition& into, StateParts parts);

 private:
  enum class Type : std::uint8_t { Truth, Number, Text };
  // What is known of a node.
  struct Part {
    std::uint16_t node = 0;
    Type type = Type::Truth;
    bool has_event = false;  // speaks of what happened
    bool has_state = false;  // speaks of what is so then
    KindSet can_be_false = KindSet::all();
    KindSet moved_by{};  // kinds of events that can change the state it speaks of
    std::size_t at = 0, end = 0;
    const ConditionWord* word = nullptr;  // if it is one
  };
  using Parsed = std::optional<Part>;
  static constexpr int kDeepest = 100;
  static constexpr std::size_t kMostNodes = 2000;

  bool refuse(std::size_t column, std::size_t length, std::string message);
  Parsed no(std::string message);  // of the token
  Parsed no(const Part& part, std::string message);
  std::string spelled(const Part& part) const { return std::string(text_.substr(part.at, part.end - part.at)); }
  Parsed unknown_word();
  bool is_truth(const Part& part);
  bool is_number(const Part& part);

  bool advance();
  bool is_sign(std::string_view sign) const { return token_.sort == TokenSort::Sign && token_.spelled == sign; }
  bool is_word(std::string_view word) const { return token_.sort == TokenSort::Word && token_.spelled == word; }
  bool expect(std::string_view sign);
  std::optional<Comparator> comparison_sign() const;

  ConditionNode& node(const Part& part) { return tree_.nodes[part.node]; }
  Parsed add(ConditionNode made, Part part);
  std::uint16_t add_text(std::string text);
  bool asks_for_state(const KindSet& kinds) const;

  Parsed disjunction();
  Parsed conjunction();
  Parsed negation();
  Parsed comparison();
  Parsed sum();
  Parsed product();
  Parsed term();
  Parsed join(NodeSort sort, const Part& a, const Part& b);
  Parsed calculate(NodeSort sort, const Part& a, const Part& b);
  Parsed compare(Comparator how, const Part& a, const Part& b);
  Parsed changed(const Part& of);
  Parsed became(const Part& of);
  // Puts Became around the branches of `root` that speak of the state alone.
  Parsed with_edges(const Part& root);

  Parsed number();
  Parsed brackets();
  Parsed word();
  Parsed quantity(const ConditionWord& row);
  Parsed freelist(const ConditionWord& row);
  Parsed sum_of_contexts(const ConditionWord& row);
  Parsed text_match(const ConditionWord& row);
  Parsed deed();
  Parsed thing(const ConditionWord& row);
  Parsed thing_and_deed(const Part& thing);

  std::string_view text_;
  ConditionMistake& mistake_;
  ConditionTree tree_;
  std::vector<Part> parts_;  // by node
  Token token_;
  std::size_t end_ = 0;  // of the token before
  int depth_ = 0;
};

}  // namespace palloscope::trace
