// The embedded fonts hold every character that the program's texts use, with an outline that ImGui's rasteriser reads.
#include "generated/fonts.h"

#include <filesystem>
#include <string>

#include "generated/assets.h"
#include "tests/support/catch.h"
#include "tests/support/source_tree.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <imstb_truetype.h>
#pragma GCC diagnostic pop

using namespace palloscope;

namespace {

// One face, ready to be asked for glyphs.
stbtt_fontinfo open_font(std::span<const unsigned char> bytes) {
  stbtt_fontinfo font{};
  REQUIRE(stbtt_InitFont(&font, bytes.data(), 0) != 0);
  return font;
}

bool has_outline(const stbtt_fontinfo& font, char32_t character) {
  const int glyph = stbtt_FindGlyphIndex(&font, static_cast<int>(character));
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  return glyph != 0 && stbtt_GetGlyphBox(&font, glyph, &x0, &y0, &x1, &y1) != 0 && x1 > x0;
}

// Decodes valid UTF-8; the tests' texts are our own files.
std::u32string characters_of(std::string_view utf8) {
  std::u32string characters;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const std::size_t length = lead < 0x80 ? 1u : lead < 0xE0 ? 2u : lead < 0xF0 ? 3u : 4u;
    char32_t character = length == 1 ? lead : lead & (0x7Fu >> length);
    for (std::size_t next = 1; next < length; ++next)
      character = (character << 6) | (static_cast<unsigned char>(utf8[at + next]) & 0x3Fu);
    characters.push_back(character);
    at += length;
  }
  return characters;
}

bool is_chinese(char32_t c) {
  return (c >= 0x2E80 && c < 0xA000) || (c >= 0xF900 && c < 0xFB00) || (c >= 0xFF00 && c < 0xFFF0);
}

}  // namespace

TEST_CASE("every printable ASCII character has a glyph in the text and number fonts") {
  for (auto bytes :
       {generated::font_inter_regular(), generated::font_inter_semibold(), generated::font_jetbrains_mono()}) {
    const stbtt_fontinfo font = open_font(bytes);
    for (char32_t c = U'!'; c <= U'~'; ++c) CHECK(has_outline(font, c));
  }
}

TEST_CASE("arrows and the multiplication sign are in the text font") {
  const stbtt_fontinfo font = open_font(generated::font_inter_regular());
  for (char32_t c : std::u32string(U"←→↑↓×…–—·≤≥")) CHECK(has_outline(font, c));
}

TEST_CASE("the icon font holds the icons for play, pause and folder") {
  const stbtt_fontinfo font = open_font(generated::font_awesome());
  for (char32_t c : {0xF04Bu, 0xF04Cu, 0xF07Cu}) CHECK(has_outline(font, c));
}

TEST_CASE("every Chinese character of the strings, scenarios and sources is in the Chinese subset") {
  const stbtt_fontinfo font = open_font(generated::font_noto_sans_sc());
  std::size_t seen = 0;
  auto check_text = [&](std::string_view name, std::string_view text) {
    for (char32_t c : characters_of(text)) {
      if (!is_chinese(c) || c == 0x3000) continue;
      ++seen;
      if (!has_outline(font, c))
        FAIL_CHECK(name << ": U+" << std::hex << static_cast<std::uint32_t>(c) << " has no glyph");
    }
  };
  for (std::string_view path : generated::embedded_paths())
    if (path.starts_with("assets/")) check_text(path, generated::embedded(path));
  for (const char* layer : {"core", "trace", "gui"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(test::in_source_tree(layer)))
      if (entry.path().extension() == ".cpp" || entry.path().extension() == ".h")
        check_text(entry.path().string(), test::read_file(entry.path()));
  for (char32_t c : std::u32string(U"，。：；（）")) CHECK(has_outline(font, c));
  CHECK(seen > 1000);
}

TEST_CASE("an embedded file is found by its path and equals the file in the clone") {
  CHECK(generated::embedded("assets/no such file").data() == nullptr);
  std::size_t compared = 0;
  for (std::string_view path : generated::embedded_paths()) {
    if (path.starts_with("licences/")) continue;
    CHECK(generated::embedded(path) == test::read_file(test::in_source_tree(path)));
    ++compared;
  }
  CHECK(generated::embedded("licences/palloscope.txt") == test::read_file(test::in_source_tree("LICENSE")));
  INFO(compared << " files compared");
}
