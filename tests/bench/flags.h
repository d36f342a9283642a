// The command line of a measuring program: words, and --name value.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace palloscope::bench {

class Flags {
 public:
  // `usage` is what is said to who writes a flag that is not in it.
  Flags(int argc, char** argv, std::string_view usage) : usage_(usage) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view word = argv[i];
      if (word.substr(0, 2) != "--") {
        words_.emplace_back(word);
      } else {
        if (i + 1 == argc || usage_.find(word) == std::string_view::npos)
          fail(fmt::format("{} is not known here", word));
        values_[std::string(word.substr(2))] = argv[++i];
      }
    }
  }

  const std::vector<std::string>& words() const { return words_; }
  std::string text(const std::string& name, std::string otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::move(otherwise) : found->second;
  }
  std::uint64_t number(const std::string& name, std::uint64_t otherwise) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return otherwise;
    const std::string& text = found->second;
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size())
      fail(fmt::format("--{} {}: not a number", name, text));
    return value;
  }
  [[noreturn]] void fail(const std::string& why) const {
    fmt::print(stderr, "{}\n{}\n", why, usage_);
    std::exit(2);
  }

 private:
  std::string_view usage_;
  std::vector<std::string> words_;
  std::map<std::string, std::string> values_;
};

}  // namespace palloscope::bench
