// palloscope help [VERB]: what --help says.
#include <CLI/CLI.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "gui/cli/arguments.h"
#include "gui/cli/command_line.h"

namespace palloscope::gui::cli {

int run_help(Arguments arguments, Streams io) {
  CLI::App app("Tells how a verb is used.");
  std::string word;
  app.add_option("VERB", word, "the verb; left out: the list of all");
  if (const auto status = parse_arguments(app, "help", arguments, io)) return *status;

  const std::vector<std::string> help = {"--help"};
  if (word.empty()) return std::get<int>(run_command_line(help, io));
  for (const Verb& verb : verb_table())
    if (verb.name == word) return verb.run(help, io);
  return complain("help", "there is no verb \"" + word + "\"" + suggestion_for(word), io);
}

}  // namespace palloscope::gui::cli
