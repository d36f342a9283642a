#include "trace/importers/json_line.h"

#include <cstdint>

namespace palloscope::trace {
namespace {

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view line) : rest_(line) {}

  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool string(std::string& text);
  bool value(std::string& text);
  bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  bool hex4(std::uint32_t& code);
  bool escape(std::string& text);
  bool skip_nested();

  std::string_view rest_;
};

bool Reader::hex4(std::uint32_t& code) {
  if (rest_.size() < 4) return false;
  code = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = rest_[static_cast<std::size_t>(i)];
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<std::uint32_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<std::uint32_t>(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      digit = static_cast<std::uint32_t>(c - 'A' + 10);
    else
      return false;
    code = code * 16 + digit;
  }
  rest_.remove_prefix(4);
  return true;
}

// Behind a backslash.
bool Reader::escape(std::string& text) {
  if (rest_.empty()) return false;
  const char c = rest_.front();
  rest_.remove_prefix(1);
  switch (c) {
    case 'b':
      text += '\b';
      return true;
    case 'f':
      text += '\f';
      return true;
    case 'n':
      text += '\n';
      return true;
    case 'r':
      text += '\r';
      return true;
    case 't':
      text += '\t';
      return true;
    case 'u':
      break;
    default:
      text += c;
      return true;
  }
  std::uint32_t code = 0, low = 0;
  if (!hex4(code)) return false;
  if (code >= 0xD800 && code < 0xDC00 && rest_.substr(0, 2) == "\\u") {
    rest_.remove_prefix(2);
    if (!hex4(low)) return false;
    if (low >= 0xDC00 && low < 0xE000) code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(text, code);
  return true;
}

bool Reader::string(std::string& text) {
  text.clear();
  if (!take('"')) return false;
  while (true) {
    const std::size_t stop = rest_.find_first_of("\"\\");
    if (stop == std::string_view::npos) return false;
    text.append(rest_.substr(0, stop));
    const char c = rest_[stop];
    rest_.remove_prefix(stop + 1);
    if (c == '"') return true;
    if (!escape(text)) return false;
  }
}

// An array or object: only passed over (jsonlog has none).
bool Reader::skip_nested() {
  std::string ignored;
  std::uint64_t depth = 0;
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (c == '"') {
      if (!string(ignored)) return false;
      continue;
    }
    rest_.remove_prefix(1);
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && --depth == 0) return true;
  }
  return false;
}

bool Reader::value(std::string& text) {
  skip_space();
  text.clear();
  if (rest_.empty()) return false;
  if (rest_.front() == '"') return string(text);
  if (rest_.front() == '[' || rest_.front() == '{') return skip_nested();
  const std::size_t end = rest_.find_first_of(",} \t");
  if (end == 0 || end == std::string_view::npos) return false;
  text = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return true;
}

}  // namespace

bool parse_json_log_line(std::string_view line, JsonLogLine& fields) {
  fields = {};
  Reader reader(line);
  if (!reader.take('{')) return false;
  if (reader.take('}')) return reader.at_end();
  std::string key, value;
  do {
    if (!reader.string(key) || !reader.take(':') || !reader.value(value)) return false;
    if (key == "timestamp")
      fields.timestamp = value;
    else if (key == "pid")
      fields.pid = value;
    else if (key == "message")
      fields.message = value;
  } while (reader.take(','));
  return reader.take('}') && reader.at_end();
}

}  // namespace palloscope::trace
