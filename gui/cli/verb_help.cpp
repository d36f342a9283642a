// palloscope help [VERB]: what --help says.
#include <fmt/format.h>

#include <ostream>
#include <string>
#include <vector>

#include "core/base/nearest_word.h"
#include "gui/cli/arguments.h"
#include "gui/cli/command_line.h"
#include "gui/cli/condition_input.h"

namespace palloscope::gui::cli {

int run_help(Arguments arguments, Streams io) {
  Usage usage(
      "help",
      "Tells how a verb is used: palloscope help state, palloscope help workmem sort. palloscope help conditions tells "
      "the words of conditions.");
  std::vector<std::string> words;
  usage.add("VERB", &words, "the verb, and the form of it that is meant; left out: the list of all");
  if (const auto status = usage.parse(arguments, io)) return *status;

  words.emplace_back("--help");
  if (words.size() == 1) return std::get<int>(run_command_line(words, io));
  const std::string& word = words.front();
  if (word == "conditions" || word == "condition") {
    io.out << condition_help();
    return kExitGood;
  }
  std::vector<std::string_view> names;
  for (const Verb& verb : verb_table()) {
    if (verb.name == word) return verb.run(Arguments(words).subspan(1), io);
    names.push_back(verb.name);
  }
  const std::string instead = core::nearest_word(word, names) ? suggestion_for(word) : core::choices_for(word, names);
  return complain("help", fmt::format("there is no verb \"{}\"{}", word, instead), io);
}

}  // namespace palloscope::gui::cli
