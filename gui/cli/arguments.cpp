#include "gui/cli/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>

#include "core/base/nearest_word.h"

namespace palloscope::gui::cli {
namespace {

std::string unexpected_text(const CLI::App& app) {
  const std::vector<std::string> left = app.remaining();
  const auto option = std::find_if(left.begin(), left.end(), [](const auto& word) { return word.starts_with('-'); });
  if (option == left.end()) return fmt::format("\"{}\" is one word too many", left.empty() ? "" : left.front());
  const std::string word = option->substr(0, option->find('='));
  std::vector<std::string> names;
  for (const CLI::Option* known : app.get_options())
    for (const std::string& name : known->get_lnames()) names.push_back("--" + name);
  const auto meant = core::nearest_word(word, std::vector<std::string_view>(names.begin(), names.end()));
  return fmt::format("there is no option {}{}", word, meant ? fmt::format("; did you mean {}?", *meant) : "");
}

// CLI11 says "Could not convert: --at = soon".
std::string number_text(std::string_view message) {
  const std::size_t colon = message.find(": "), equals = message.find(" = ");
  if (colon == std::string_view::npos || equals == std::string_view::npos || equals < colon)
    return std::string(message);
  return fmt::format("{}: \"{}\" is not a number that it takes", message.substr(colon + 2, equals - colon - 2),
                     message.substr(equals + 3));
}

}  // namespace

std::string mistake_text(const CLI::App& app, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return unexpected_text(app);
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) return number_text(error.what());
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string_view message = error.what();
    const bool missing = message.ends_with(" missing");
    return fmt::format("{}: {}", message.substr(0, message.find(':')),
                       missing ? "its value is missing" : "it can be given only once");
  }
  return error.what();
}

std::string negative_text(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    if (type != "N" && !type.starts_with("UINT")) continue;
    for (const std::string& value : option->results())
      if (value.starts_with('-'))
        return fmt::format("{}: \"{}\" is not a number that it takes", option->get_name(), value);
  }
  return "";
}

CLI::Validator one_of(std::vector<std::string> words) {
  const std::string shown = fmt::format("{{{}}}", fmt::join(words, ","));
  return {[words = std::move(words)](const std::string& word) {
            if (std::find(words.begin(), words.end(), word) != words.end()) return std::string();
            return fmt::format("\"{}\": it takes one of {}", word, fmt::join(words, ", "));
          },
          shown};
}

CLI::Validator within(double least, double most) {
  const auto shown = [](double number) {
    return number == std::floor(number) ? fmt::format("{:.0f}", number) : fmt::format("{:.6g}", number);
  };
  const std::string range = fmt::format("{} to {}", shown(least), shown(most));
  return {[=](const std::string& word) {
            char* end = nullptr;
            const double number = std::strtod(word.c_str(), &end);
            if (!word.empty() && *end == '\0' && number >= least && number <= most) return std::string();
            return fmt::format("\"{}\": it takes {}", word, range);
          },
          "[" + range + "]"};
}

std::optional<int> parse_arguments(CLI::App& app, std::string_view verb, Arguments arguments, Streams io) {
  app.name("palloscope " + std::string(verb));
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 takes them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    io.out << app.help();
    return kExitGood;
  } catch (const CLI::ParseError& error) {
    complain(verb, mistake_text(app, error), io);
    io.err << "See: palloscope " << verb << " --help\n";
    return kExitBad;
  }
  if (const std::string negative = negative_text(app); !negative.empty()) return complain(verb, negative, io);
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
