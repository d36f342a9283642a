#include "trace/exporters/printable.h"

#include <cstdint>

namespace palloscope::trace {

std::size_t utf8_character_bytes(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  // Overlong forms, surrogates and what is beyond U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF0 && byte(1) < 0x90) ||
      (lead == 0xF4 && byte(1) > 0x8F))
    return 0;
  return length;
}

std::string printable(std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto c = static_cast<unsigned char>(bytes.front());
    const std::size_t length = c < 0x20 || c == 0x7F ? 0 : utf8_character_bytes(bytes);
    if (length == 0) {
      text += "\\x";
      text += kHex[c >> 4];
      text += kHex[c & 15];
      bytes.remove_prefix(1);
    } else {
      text += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return text;
}

std::string valid_text(std::string_view bytes) {
  for (std::string_view left = bytes; !left.empty();) {
    const std::size_t length = utf8_character_bytes(left);
    if (length == 0) return printable(bytes);
    left.remove_prefix(length);
  }
  return std::string(bytes);
}

std::string printable_start(std::string_view bytes, std::size_t most_bytes) {
  if (bytes.size() <= most_bytes) return printable(bytes);
  std::size_t end = 0;
  while (true) {
    const std::size_t length = utf8_character_bytes(bytes.substr(end));
    const std::size_t step = length == 0 ? 1 : length;
    if (end + step > most_bytes) break;
    end += step;
  }
  return printable(bytes.substr(0, end)) + "...";
}

}  // namespace palloscope::trace
