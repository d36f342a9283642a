#include "gui/key_chord.h"

#include "gui/command_table.h"
#include "tests/support/catch.h"

using namespace palloscope::gui;

TEST_CASE("every key of every command can be written and read back") {
  for (const Command& command : command_table())
    for (const KeyChord chord : command.keys) {
      if (chord.key == Key::None) continue;
      REQUIRE(parse_key_chord(format(chord)) == chord);
      REQUIRE_FALSE(format_for_people(chord).empty());
    }
}

TEST_CASE("people read keys as they write them, with a + between") {
  CHECK(format_for_people({Key::M, kCtrl}) == "Ctrl+M");
  CHECK(format_for_people({Key::F8, kCtrl | kShift}) == "Ctrl+Shift+F8");
  CHECK(format_for_people({Key::Slash, kShift}) == "?");
}

TEST_CASE("chords that make no sense are refused") {
  for (const char* text : {"", "Ctrl+", "Hyper+A", "Foo", "Ctrl+Ctrl"})
    REQUIRE_FALSE(parse_key_chord(text).has_value());
}

TEST_CASE("letters and arrows stay with the text field, Ctrl+K does not") {
  REQUIRE_FALSE(fires_while_typing({Key::B}));
  REQUIRE_FALSE(fires_while_typing({Key::Left, kCtrl}));
  REQUIRE_FALSE(fires_while_typing({Key::C, kCtrl}));
  REQUIRE(fires_while_typing({Key::K, kCtrl}));
  REQUIRE(fires_while_typing({Key::F1}));
}

TEST_CASE("a person's own keys replace the table's") {
  Preferences preferences;
  preferences.keys["forward"] = "Down, Ctrl+N";
  const auto keys = keys_of(*find_command("forward"), preferences);
  REQUIRE(keys == std::vector<KeyChord>{{Key::Down}, {Key::N, kCtrl}});
}
