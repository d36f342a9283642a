#include "core/scenario/variable_uses.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace palloscope::core {
namespace {

struct Token {
  std::string_view text;  // a name, or one or two characters of punctuation; strings and comments are left out
  std::uint32_t line = 0;
  bool name = false;
};

bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> tokens() {
    std::vector<Token> found;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (text_.substr(at_, 2) == "--") {
        at_ += 2;
        if (!skip_long()) skip_to('\n');
      } else if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '[' && skip_long()) {
        found.push_back({"\"", line_, false});
      } else if (begins_name(c)) {
        std::size_t end = at_;
        while (end < text_.size() && in_name(text_[end])) ++end;
        found.push_back({text_.substr(at_, end - at_), line_, true});
        at_ = end;
      } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
        while (at_ < text_.size() && (in_name(text_[at_]) || text_[at_] == '.')) ++at_;
      } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        step();
      } else {
        const std::size_t length = c != '=' && at_ + 1 < text_.size() && text_[at_ + 1] == '='    ? 2
                                   : text_.substr(at_, 2) == "==" || text_.substr(at_, 2) == ".." ? 2
                                                                                                  : 1;
        found.push_back({text_.substr(at_, length), line_, false});
        at_ += length;
      }
    }
    return found;
  }

 private:
  void step() {
    if (text_[at_] == '\n') ++line_;
    ++at_;
  }
  void skip_to(char end) {
    while (at_ < text_.size() && text_[at_] != end) step();
  }
  void skip_string(char quote) {
    for (++at_; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; step())
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) step();
    if (at_ < text_.size()) step();
  }
  // [[ ... ]] or [==[ ... ]==]; false: there is none here.
  bool skip_long() {
    std::size_t level = at_ + 1;
    if (at_ >= text_.size() || text_[at_] != '[') return false;
    while (level < text_.size() && text_[level] == '=') ++level;
    if (level >= text_.size() || text_[level] != '[') return false;
    const std::string close = "]" + std::string(level - at_ - 1, '=') + "]";
    const std::size_t end = std::min(text_.find(close, level), text_.size());
    while (at_ < end) step();
    at_ = std::min(end + close.size(), text_.size());
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

VariableUses::VariableUses(std::string_view text) {
  const std::vector<Token> tokens = Lexer(text).tokens();
  auto text_at = [&tokens](std::size_t i) { return i < tokens.size() ? tokens[i].text : std::string_view(); };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].name) continue;
    const std::string_view before = i > 0 ? tokens[i - 1].text : std::string_view();
    if (before == "." || before == ":") continue;  // a field
    std::size_t behind = i + 1;                    // of a list of names: a, b = ...
    while (text_at(behind) == "," && behind + 1 < tokens.size() && tokens[behind + 1].name) behind += 2;
    const bool set = text_at(behind) == "=" || before == "function" || before == "local";
    mentions_[std::string(tokens[i].text)].push_back({tokens[i].line, set});
  }
}

VariableUses::Next VariableUses::next(std::string_view name, std::uint32_t line, std::uint32_t last_line) const {
  auto found = mentions_.find(name);
  if (found == mentions_.end()) return Next::None;
  const std::vector<Mention>& mentions = found->second;
  auto sets_on = [&mentions](std::uint32_t there) {
    return std::any_of(mentions.begin(), mentions.end(),
                       [there](const Mention& m) { return m.line == there && m.set; });
  };
  if (sets_on(line)) return Next::Set;
  for (const Mention& mention : mentions) {
    if (mention.line <= line) continue;
    if (mention.line > last_line) break;
    return sets_on(mention.line) ? Next::Set : Next::Read;
  }
  return Next::None;
}

}  // namespace palloscope::core
