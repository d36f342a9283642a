#include "gui/layout/text_wrap.h"

namespace palloscope::gui {
namespace {

struct Sign {
  char32_t code = 0;
  std::size_t bytes = 0;
};

// Broken UTF-8 counts byte by byte.
Sign sign_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const std::size_t bytes = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (bytes == 1 || at + bytes > text.size()) return {lead, 1};
  char32_t code = lead & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {lead, 1};
    code = (code << 6) | (byte(at + i) & 0x3Fu);
  }
  return {code, bytes};
}

// Ideographs, kana, full-width forms: a line may break beside them.
bool is_wide(char32_t code) {
  return (code >= 0x2E80 && code <= 0x9FFF) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFF00 && code <= 0xFF60) || (code >= 0x20000 && code <= 0x3FFFF);
}

bool is_closing(char32_t code) {
  return std::u32string_view(U"，。、；：？！）》】」』”’…—·,.;:?!)]}%").find(code) != std::u32string_view::npos;
}

bool is_opening(char32_t code) {
  return std::u32string_view(U"（《【「『“‘([{").find(code) != std::u32string_view::npos;
}

bool may_break_between(char32_t before, char32_t after) {
  if (after == ' ' || is_closing(after) || is_opening(before)) return false;
  return before == ' ' || is_wide(before) || is_wide(after);
}

std::string_view without_blanks(std::string_view line) {
  while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
  return line;
}

}  // namespace

std::vector<std::string_view> wrap_text(std::string_view text, float width,
                                        const std::function<float(char32_t)>& advance) {
  std::vector<std::string_view> lines;
  std::size_t start = 0, may_break = 0;  // may_break > start: the last good place
  float used = 0, used_at_break = 0;
  char32_t before = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Sign sign = sign_at(text, at);
    if (sign.code == '\n') {
      lines.push_back(without_blanks(text.substr(start, at - start)));
      start = may_break = at + 1;
      used = used_at_break = 0;
      before = 0;
      at += 1;
      continue;
    }
    if (at > start && may_break_between(before, sign.code)) {
      may_break = at;
      used_at_break = used;
    }
    const float needs = advance(sign.code);
    // A blank may hang over the edge: it is not drawn there.
    while (used + needs > width && at > start && sign.code != ' ') {
      const bool is_good = may_break > start;
      const std::size_t end = is_good ? may_break : at;
      lines.push_back(without_blanks(text.substr(start, end - start)));
      used = is_good ? used - used_at_break : 0;
      start = may_break = end;
      used_at_break = 0;
    }
    used += needs;
    before = sign.code;
    at += sign.bytes;
  }
  lines.push_back(without_blanks(text.substr(start)));
  return lines;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Sign sign = sign_at(text, at);
    columns += is_wide(sign.code) ? 2 : 1;
    at += sign.bytes;
  }
  return columns;
}

}  // namespace palloscope::gui
