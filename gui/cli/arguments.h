// What every verb does with its arguments: describe them with CLI11, parse, and answer --help and mistakes alike.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "gui/cli/verb.h"

namespace CLI {
class App;
}

namespace palloscope::gui::cli {

// Names the app "palloscope VERB" and parses. An exit status: the verb is done (--help on `out`: good; a mistake, told
// on `err` with the way to --help: bad). Empty: the verb goes on with what was parsed.
std::optional<int> parse_arguments(CLI::App& app, std::string_view verb, Arguments arguments, Streams io);

// "palloscope VERB: message" on `err`; the exit status for bad input.
int complain(std::string_view verb, std::string_view message, Streams io);
int complain(std::string_view verb, const core::Error& error, Streams io);

}  // namespace palloscope::gui::cli
