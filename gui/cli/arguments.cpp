#include "gui/cli/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>
#include <type_traits>

#include "core/base/nearest_word.h"

namespace palloscope::gui::cli {
namespace {

std::string unexpected_text(const CLI::App& app) {
  const std::vector<std::string> left = app.remaining();
  const auto option = std::find_if(left.begin(), left.end(), [](const auto& word) { return word.starts_with('-'); });
  if (option == left.end()) return fmt::format("\"{}\" is one word too many", left.empty() ? "" : left.front());
  const std::string word = option->substr(0, option->find('='));
  std::vector<std::string_view> names;
  for (const CLI::Option* known : app.get_options())
    names.insert(names.end(), known->get_lnames().begin(), known->get_lnames().end());
  const std::size_t dashes = std::min(word.find_first_not_of('-'), word.size());
  const auto meant = core::nearest_word(std::string_view(word).substr(dashes), names);
  return fmt::format("there is no option {}{}", word, meant ? fmt::format("; did you mean --{}?", *meant) : "");
}

// CLI11 says "Could not convert: --at = soon", of numbers and of flags.
std::string conversion_text(const CLI::App& app, std::string_view message) {
  const std::size_t colon = message.find(": "), equals = message.find(" = ");
  if (colon == std::string_view::npos || equals == std::string_view::npos || equals < colon)
    return std::string(message);
  const std::string name(message.substr(colon + 2, equals - colon - 2));
  const CLI::Option* option = app.get_option_no_throw(name);
  if (option != nullptr && option->get_items_expected_max() == 0) return name + ": it takes no value";
  return fmt::format("{}: \"{}\" is not a number that it takes", name, message.substr(equals + 3));
}

// What is wrong, in words that name the option and what it takes.
std::string mistake_text(const CLI::App& app, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return unexpected_text(app);
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) return conversion_text(app, error.what());
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string_view message = error.what();
    const std::string_view option = message.substr(0, message.find(':'));
    if (message.ends_with(" missing")) return fmt::format("{}: its value is missing", option);
    if (message.find("At Most") != std::string_view::npos) return fmt::format("{}: it can be given only once", option);
  }
  return error.what();
}

}  // namespace

struct Usage::Parser {
  CLI::App app;
  std::vector<const CLI::Option*> unsigned_options;

  // CLI11 takes "-1" for an unsigned number, and makes a huge one of it; an empty word it takes for 0, or for nothing
  // where that may be. Empty: no option got one.
  std::string odd_number_text() const {
    for (const CLI::Option* option : unsigned_options) {
      for (const std::string& value : option->results()) {
        if (value.empty()) return option->get_name() + ": its value is missing";
        if (value.starts_with('-'))
          return fmt::format("{}: \"{}\" is not a number that it takes", option->get_name(), value);
      }
    }
    return "";
  }
};

Usage::Usage(std::string_view verb, std::string about)
    : parser_(
          new Parser{CLI::App(std::move(about), fmt::format("palloscope{}{}", verb.empty() ? "" : " ", verb)), {}}) {}

Usage::~Usage() = default;

Argument Usage::add(const std::string& names, Target target, const std::string& about) {
  const auto add_to_parser = [&](auto* place) {
    using T = std::remove_pointer_t<decltype(place)>;
    if constexpr (std::is_same_v<T, bool>) {
      return parser_->app.add_flag(names, *place, about);
    } else {
      CLI::Option* option = parser_->app.add_option(names, *place, about);
      if (std::is_unsigned_v<T> || std::is_same_v<T, std::optional<std::uint64_t>>)
        parser_->unsigned_options.push_back(option);
      return option;
    }
  };
  return Argument(std::visit(add_to_parser, target));
}

void Usage::footer(std::string text) { parser_->app.footer(std::move(text)); }

std::optional<int> Usage::parse(Arguments arguments, Streams io) {
  CLI::App& app = parser_->app;
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 takes them
  std::string mistake;
  try {
    app.parse(std::move(reversed));
    mistake = parser_->odd_number_text();
  } catch (const CLI::CallForHelp&) {
    io.out << app.help();
    return kExitGood;
  } catch (const CLI::ParseError& error) {
    mistake = mistake_text(app, error);
  }
  if (mistake.empty()) return std::nullopt;
  io.err << fmt::format("{0}: {1}\nSee: {0} --help\n", app.get_name(), mistake);
  return kExitBad;
}

bool Usage::given(const std::string& option) const { return parser_->app.count(option) != 0; }

Argument& Argument::required() {
  option_->required();
  return *this;
}

Argument& Argument::takes(std::string what) {
  option_->type_name(std::move(what));
  return *this;
}

Argument& Argument::shows_default() {
  option_->capture_default_str();
  return *this;
}

Argument& Argument::one_value_each() {
  option_->allow_extra_args(false);
  return *this;
}

Argument& Argument::excludes(const Argument& other) {
  option_->excludes(other.option_);
  return *this;
}

Argument& Argument::one_of(std::vector<std::string> words, bool listed_in_help) {
  const std::string shown = listed_in_help ? fmt::format("{{{}}}", fmt::join(words, ",")) : "";
  const auto check = [words = std::move(words)](const std::string& word) {
    if (std::find(words.begin(), words.end(), word) != words.end()) return std::string();
    return fmt::format("\"{}\": it takes one of {}", word, fmt::join(words, ", "));
  };
  option_->check(check, shown);
  return *this;
}

Argument& Argument::within(double least, double most) {
  const auto shown = [](double number) {
    return number == std::floor(number) ? fmt::format("{:.0f}", number) : fmt::format("{:.6g}", number);
  };
  const std::string range = fmt::format("{} to {}", shown(least), shown(most));
  const auto check = [=](const std::string& word) {
    char* end = nullptr;
    const double number = std::strtod(word.c_str(), &end);
    if (!word.empty() && *end == '\0' && number >= least && number <= most) return std::string();
    return fmt::format("\"{}\": it takes {}", word, range);
  };
  option_->check(check, "[" + range + "]");
  return *this;
}

int complain(std::string_view verb, std::string_view message, Streams io) {
  io.err << "palloscope " << verb << ": " << message << '\n';
  return kExitBad;
}

int complain(std::string_view verb, const core::Error& error, Streams io) {
  return complain(verb, std::string_view(error.message), io);
}

}  // namespace palloscope::gui::cli
