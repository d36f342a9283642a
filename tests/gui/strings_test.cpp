#include "gui/strings.h"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

#include "gui/command_table.h"
#include "gui/panels/panel_table.h"
#include "tests/support/catch.h"
#include "tests/support/source_tree.h"

using namespace palloscope::gui;
using palloscope::test::in_source_tree;
using palloscope::test::read_file;

namespace {

std::multiset<std::string> placeholders(std::string_view text) {
  std::multiset<std::string> found;
  const std::regex name("\\{([a-z_]+)\\}");
  for (std::cregex_iterator i(text.data(), text.data() + text.size(), name), end; i != end; ++i) found.insert((*i)[1]);
  return found;
}

}  // namespace

TEST_CASE("both languages have the same keys with the same placeholders, and no text is empty") {
  const Strings& english = strings_of(Language::English);
  const Strings& chinese = strings_of(Language::Chinese);
  REQUIRE(english.keys() == chinese.keys());
  for (const std::string_view key : english.keys()) {
    INFO(key);
    REQUIRE(*english(key) != 0);
    REQUIRE(*chinese(key) != 0);
    REQUIRE(placeholders(english(key)) == placeholders(chinese(key)));
  }
}

TEST_CASE("every command, panel and group has its words") {
  for (const Language language : {Language::English, Language::Chinese}) {
    const Strings& strings = strings_of(language);
    for (const Command& command : command_table())
      if (!command.id.starts_with("panel_")) REQUIRE(strings.has(command_title_key(command)));
    for (const PanelRow& panel : panel_table()) REQUIRE(strings.has(panel_title_key(panel.placement.id)));
  }
}

// Keys stand in the code as literals: strings("a.b"), strings.fill("a.b", ...), draw_empty(context, "a.b").
TEST_CASE("every key that the code asks for exists") {
  const Strings& strings = strings_of(Language::English);
  std::set<std::string> sections;
  for (const std::string_view key : strings.keys()) sections.insert(std::string(key.substr(0, key.find('.'))));
  const std::regex literal("\"([a-z_]+)(\\.[a-z_0-9]+)+\"");
  int asked = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(in_source_tree("gui"))) {
    const std::string path = entry.path().string();
    if (entry.path().extension() != ".cpp" || path.find("/cli/") != std::string::npos) continue;
    const std::string code = read_file(entry.path());
    for (std::sregex_iterator i(code.begin(), code.end(), literal), end; i != end; ++i) {
      if (sections.count((*i)[1]) == 0) continue;  // a file name or the like
      const std::string key = i->str().substr(1, i->str().size() - 2);
      INFO(path << ": " << key);
      REQUIRE(strings.has(key));
      ++asked;
    }
  }
  REQUIRE(asked > 10);
}

TEST_CASE("placeholders are filled by name") {
  const auto strings = Strings::parse(R"({"a": {"b": "{n} of {count}, {n}"}})");
  REQUIRE(strings);
  REQUIRE(strings->fill("a.b", {{"n", "1"}, {"count", "2"}}) == "1 of 2, 1");
}

TEST_CASE("a broken table is refused") {
  REQUIRE_FALSE(Strings::parse("{"));
  REQUIRE_FALSE(Strings::parse("[]"));
}
