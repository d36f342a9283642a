#include "trace/importers/psql_cells.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace palloscope::trace {
namespace {

// What takes two columns of the screen, and what takes none, as terminals have it (and psql, which aligns for them).
constexpr std::pair<char32_t, char32_t> kWide[] = {
    {0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},  {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
constexpr std::pair<char32_t, char32_t> kNarrowest[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x200B, 0x200F},
                                                        {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

template <std::size_t N>
bool lies_in(const std::pair<char32_t, char32_t> (&ranges)[N], char32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [c](const auto& range) { return c >= range.first && c <= range.second; });
}

std::size_t width_of(char32_t c) {
  if (lies_in(kNarrowest, c)) return 0;
  return lies_in(kWide, c) ? 2 : 1;
}

// The next character; a byte that is no UTF-8 stands for itself. Nothing is assumed but that the text is not empty.
char32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t c = length == 1 ? first : first & (0xFFU >> (length + 1));
  std::size_t taken = 1;
  for (; taken < length && taken < text.size() && (byte(taken) & 0xC0) == 0x80; ++taken)
    c = c << 6 | (byte(taken) & 0x3F);
  text.remove_prefix(taken);
  return taken == length ? c : U'?';
}

bool is_dash(char32_t c) { return c == U'-' || c == U'─'; }
bool is_bar(char32_t c) { return c == U'|' || c == U'│'; }
bool is_joint(char32_t c) {
  constexpr std::u32string_view kJoints = U"+┼├┤┬┴┌┐└┘";
  return kJoints.find(c) != std::u32string_view::npos;
}

CellGoesOn mark_of(char32_t c) {
  if (c == U'+' || c == U'↵') return CellGoesOn::NewLine;
  return c == U'.' || c == U'…' ? CellGoesOn::Wrapped : CellGoesOn::No;
}

struct Glyph {
  char32_t c = 0;
  std::size_t column = 0, at = 0, length = 0;  // of the screen; bytes
};

std::vector<Glyph> glyphs_of(std::string_view line) {
  std::vector<Glyph> glyphs;
  std::size_t column = 0;
  for (std::string_view rest = line; !rest.empty();) {
    const std::size_t at = line.size() - rest.size();
    const char32_t c = take_character(rest);
    glyphs.push_back({c, column, at, line.size() - rest.size() - at});
    column += width_of(c);
  }
  return glyphs;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) width += width_of(take_character(text));
  return width;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.-") == std::string_view::npos;
}

std::string_view without_end_spaces(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);  // npos + 1: nothing but spaces
}

// Numbers stand at the right; of a text its own leading spaces are kept. What is wrapped fills its cell.
std::string text_in_cell(std::string_view text, CellGoesOn goes_on) {
  if (goes_on == CellGoesOn::Wrapped) return std::string(text);
  return std::string(is_number(trimmed(text)) ? trimmed(text) : without_end_spaces(text));
}

// The line less its last character.
std::string_view less_last(std::string_view line, const std::vector<Glyph>& glyphs) {
  return glyphs.empty() ? line : line.substr(0, glyphs.back().at);
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  text = without_end_spaces(text);
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

std::optional<std::vector<CellSpan>> parse_psql_rule(std::string_view line) {
  std::vector<CellSpan> spans;
  bool in_span = false;
  std::size_t column = 0;
  for (std::string_view rest = line; !rest.empty(); ++column) {
    const char32_t c = take_character(rest);
    if (is_dash(c)) {
      if (!in_span) spans.push_back({column, column});
      spans.back().end = column + 1;
      in_span = true;
    } else if (is_joint(c)) {
      in_span = false;
    } else {
      return std::nullopt;
    }
  }
  const bool has_margins =
      std::all_of(spans.begin(), spans.end(), [](const CellSpan& s) { return s.end - s.begin >= 3; });
  if (spans.empty() || !has_margins) return std::nullopt;
  return spans;
}

std::optional<std::vector<PsqlCell>> split_psql_row(std::string_view line, std::span<const CellSpan> spans) {
  const std::vector<Glyph> glyphs = glyphs_of(line);
  std::vector<PsqlCell> cells;
  auto glyph = glyphs.begin();
  for (const CellSpan& span : spans) {
    // A bar before every cell but the first one of border 1.
    if (span.begin > 0) {
      if (glyph == glyphs.end() || glyph->column != span.begin - 1 || !is_bar(glyph->c)) return std::nullopt;
      ++glyph;
    }
    if (glyph == glyphs.end()) return std::nullopt;
    const std::size_t first = glyph->at + glyph->length;  // behind the left margin
    ++glyph;
    PsqlCell cell;
    std::size_t end = first;
    for (; glyph != glyphs.end() && glyph->column < span.end; ++glyph) {
      if (glyph->column == span.end - 1 && width_of(glyph->c) == 1) {
        cell.goes_on = mark_of(glyph->c);
        if (cell.goes_on == CellGoesOn::No && glyph->c != U' ') return std::nullopt;
      } else {
        end = glyph->at + glyph->length;
      }
    }
    cell.text = text_in_cell(line.substr(first, end - first), cell.goes_on);
    cells.push_back(std::move(cell));
  }
  const bool is_at_end = glyph == glyphs.end() || (is_bar(glyph->c) && glyph + 1 == glyphs.end());
  if (!is_at_end) return std::nullopt;
  return cells;
}

std::optional<RecordRule> parse_record_rule(std::string_view line) {
  RecordRule rule;
  std::string_view rest = line;
  if (rest.empty()) return std::nullopt;
  char32_t c = take_character(rest);
  if (is_joint(c) && !rest.empty()) {
    rule.has_border = true;
    c = take_character(rest);
  }
  if (!is_dash(c) || rest.substr(0, 2) != "[ ") return std::nullopt;
  const std::size_t end = rest.find(" ]");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view words = rest.substr(2, end - 2);
  const std::size_t digits = words.find_last_not_of("0123456789");
  rule.number = digits == std::string_view::npos ? words : words.substr(digits + 1);
  for (rest.remove_prefix(end + 2); !rest.empty();)
    if (const char32_t mark = take_character(rest); !is_dash(mark) && !is_joint(mark)) return std::nullopt;
  if (rule.number.empty()) return std::nullopt;
  rule.width = width_of(line);
  return rule;
}

std::optional<RecordLine> split_record_line(std::string_view line, const RecordRule& rule) {
  std::vector<Glyph> glyphs = glyphs_of(line);
  if (rule.has_border) {
    if (glyphs.size() < 2 || !is_bar(glyphs.front().c) || !is_bar(glyphs.back().c)) return std::nullopt;
    line = less_last(line, glyphs);
    glyphs.pop_back();
    glyphs.erase(glyphs.begin());
  }
  const auto bar = std::find_if(glyphs.begin(), glyphs.end(), [](const Glyph& g) { return is_bar(g.c); });
  if (bar == glyphs.end()) return std::nullopt;
  RecordLine record;
  const std::size_t start = glyphs.front().at;
  record.name = trimmed(line.substr(start, bar->at - start));

  // The mark of a value that goes on stands right of the widest one.
  const std::size_t mark_column = rule.has_border ? rule.width - 2 : rule.width;
  if (glyphs.back().column == mark_column) {
    record.value.goes_on = mark_of(glyphs.back().c);
    if (record.value.goes_on != CellGoesOn::No || glyphs.back().c == U' ') line = less_last(line, glyphs);
  }
  const std::size_t first = bar + 1 == glyphs.end() ? line.size() : (bar + 1)->at + (bar + 1)->length;
  record.value.text = text_in_cell(line.substr(std::min(first, line.size())), record.value.goes_on);
  return record;
}

}  // namespace palloscope::trace
