#include "gui/layout/text_wrap.h"

#include <random>
#include <string>

#include "tests/support/catch.h"

using namespace palloscope::gui;

namespace {

// Latin letters are one unit wide, everything else two.
float units(char32_t code) { return code < 0x80 ? 1.0f : 2.0f; }

std::vector<std::string> wrap(std::string_view text, float width) {
  std::vector<std::string> lines;
  for (const std::string_view line : wrap_text(text, width, units)) lines.emplace_back(line);
  return lines;
}

}  // namespace

TEST_CASE("Latin text breaks at blanks, which vanish at the ends of lines") {
  REQUIRE(wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
  REQUIRE(wrap("one two three", 8) == std::vector<std::string>{"one two", "three"});
  REQUIRE(wrap("", 8) == std::vector<std::string>{""});
}

TEST_CASE("Chinese text breaks anywhere, but no line begins with a closing mark") {
  REQUIRE(wrap("谁切换谁切换回来", 8) == std::vector<std::string>{"谁切换谁", "切换回来"});
  REQUIRE(wrap("谁切换回，来", 8) == std::vector<std::string>{"谁切换", "回，来"});
  REQUIRE(wrap("看（甲乙）", 4) == std::vector<std::string>{"看", "（甲", "乙）"});
}

TEST_CASE("a Latin word beside Chinese stays whole and joins the line it fits on") {
  REQUIRE(wrap("用PG_TRY来", 8) == std::vector<std::string>{"用PG_TRY", "来"});
}

TEST_CASE("a word that is wider than the line is broken, and newlines are kept") {
  REQUIRE(wrap("abcdefgh", 3) == std::vector<std::string>{"abc", "def", "gh"});
  REQUIRE(wrap("a\n\nb", 9) == std::vector<std::string>{"a", "", "b"});
}

TEST_CASE("no sign is lost and no line is too wide, whatever the text") {
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {"a", "bc", " ", "字", "，", "（", "\n", "\xE5", "…"};
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += pieces[random() % pieces.size()];
    std::string joined, wanted;
    for (const std::string& line : wrap(text, 9)) {
      float width = 0;
      for (std::size_t i = 0; i < line.size(); ++i)
        if ((line[i] & 0xC0) != 0x80) width += units(static_cast<unsigned char>(line[i]));
      REQUIRE(width <= 9);
      joined += line;
    }
    for (const char c : text)
      if (c != ' ' && c != '\n') wanted += c;
    std::string without;
    for (const char c : joined)
      if (c != ' ') without += c;
    REQUIRE(without == wanted);
  }
}

TEST_CASE("columns of a terminal: ideographs and full-width signs take two, all else one") {
  CHECK(columns_of("") == 0);
  CHECK(columns_of("plain 8 kB") == 10);
  CHECK(columns_of("上下文") == 6);
  CHECK(columns_of("（a）") == 5);
  CHECK(columns_of("é→…") == 3);
  CHECK(columns_of("\xE4\xB8") == 2);  // broken: byte by byte
}
