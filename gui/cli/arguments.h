// What every verb does with its arguments: describe them as a Usage, parse, and answer --help and mistakes alike. The
// work is done by CLI11, which takes seconds to compile: arguments.cpp alone includes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "gui/cli/verb.h"

namespace CLI {
class Option;
}

namespace palloscope::gui::cli {

// Where an argument goes. bool: a flag; a list: one or more values, and the option may be given again; an optional
// stays empty where nothing is given, anything else as it was.
using Target = std::variant<bool*, int*, std::uint32_t*, std::uint64_t*, float*, std::optional<std::uint64_t>*,
                            std::optional<double>*, std::string*, std::vector<std::string>*, std::vector<int>*>;

// An argument of a Usage, to be described further.
class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}

  Argument& required();
  Argument& takes(std::string what);  // "N", "FILE": what --help calls the value, instead of its type
  Argument& shows_default();          // --help tells what the target holds now
  Argument& one_value_each();         // a list takes one value each time the option is given
  Argument& excludes(const Argument& other);

  // Takes one of these words: --help lists them, and so does the answer to any other.
  Argument& one_of(std::vector<std::string> words, bool listed_in_help = true);

  // Takes a number from `least` to `most`: --help tells the range, and so does the answer to any other, to words, NaN
  // and infinity.
  Argument& within(double least, double most);

 private:
  CLI::Option* option_;  // owned by the Usage
};

// What a verb takes. Targets must outlive it.
class Usage {
 public:
  Usage(std::string_view verb, std::string about);  // verb "": that of the window
  ~Usage();
  Usage(const Usage&) = delete;
  Usage& operator=(const Usage&) = delete;

  // "FILE": a word by its place; "--at", "-o,--out": an option.
  Argument add(const std::string& names, Target target, const std::string& about);
  void footer(std::string text);  // ends what --help says

  // An exit status: the verb is done (--help on `out`: good; a mistake, told on `err` with the way to --help: bad).
  // Empty: the verb goes on with what the targets hold.
  std::optional<int> parse(Arguments arguments, Streams io);
  bool given(const std::string& option) const;  // once parsed

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

// "palloscope VERB: message" on `err`; the exit status for bad input.
int complain(std::string_view verb, std::string_view message, Streams io);
int complain(std::string_view verb, const core::Error& error, Streams io);

}  // namespace palloscope::gui::cli
