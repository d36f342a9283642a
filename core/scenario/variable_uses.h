// VariableUses: where a script's text reads and sets its global variables. It answers whether a variable still matters
// from some line on, as a compiler's liveness does, but by the text alone: the next mention decides.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace palloscope::core {

class VariableUses {
 public:
  explicit VariableUses(std::string_view text);

  enum class Next : std::uint8_t { None, Read, Set };
  // The first mention behind `line`, up to `last_line`. On one line setting wins: a call's answer is often put where
  // the argument came from. A variable that is set on `line` itself is set by what stands there.
  Next next(std::string_view name, std::uint32_t line, std::uint32_t last_line) const;

 private:
  struct Mention {
    std::uint32_t line = 0;
    bool set = false;
  };
  std::map<std::string, std::vector<Mention>, std::less<>> mentions_;  // by line
};

}  // namespace palloscope::core
