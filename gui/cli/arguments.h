// What every verb does with its arguments: describe them with CLI11, parse, and answer --help and mistakes alike.
#pragma once

#include <CLI/CLI.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "gui/cli/verb.h"

namespace palloscope::gui::cli {

// Names the app "palloscope VERB" and parses. An exit status: the verb is done (--help on `out`: good; a mistake, told
// on `err` with the way to --help: bad). Empty: the verb goes on with what was parsed.
std::optional<int> parse_arguments(CLI::App& app, std::string_view verb, Arguments arguments, Streams io);

// What is wrong with the arguments, in words that name the option and what it takes.
std::string mistake_text(const CLI::App& app, const CLI::ParseError& error);

// CLI11 takes "-1" for an unsigned number, and makes a huge one of it: which option got one; empty: none did.
std::string negative_text(const CLI::App& app);

// An option that takes one of these words: --help lists them, and so does the answer to any other.
CLI::Validator one_of(std::vector<std::string> words);

// An option that takes a number from `least` to `most`: --help tells the range, and so does the answer to any other,
// to words, NaN and infinity.
CLI::Validator within(double least, double most);

// "palloscope VERB: message" on `err`; the exit status for bad input.
int complain(std::string_view verb, std::string_view message, Streams io);
int complain(std::string_view verb, const core::Error& error, Streams io);

}  // namespace palloscope::gui::cli
