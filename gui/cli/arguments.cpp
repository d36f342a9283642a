#include "gui/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace palloscope::gui::cli {

std::optional<int> parse_arguments(CLI::App& app, std::string_view verb, Arguments arguments, Streams io) {
  app.name("palloscope " + std::string(verb));
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 takes them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    io.out << app.help();
    return kExitGood;
  } catch (const CLI::ParseError& error) {
    complain(verb, error.what(), io);
    io.err << "See: palloscope " << verb << " --help\n";
    return kExitBad;
  }
  return std::nullopt;
}

int complain(std::string_view verb, std::string_view message, Streams io) {
  io.err << "palloscope " << verb << ": " << message << '\n';
  return kExitBad;
}

int complain(std::string_view verb, const core::Error& error, Streams io) {
  return complain(verb, std::string_view(error.message), io);
}

}  // namespace palloscope::gui::cli
