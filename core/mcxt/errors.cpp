#include "core/mcxt/errors.h"

namespace palloscope::core {

std::string hex_text(std::uint64_t value) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[value & 15]);
    value >>= 4;
  } while (value != 0);
  return text;
}

Ereport invalid_size(Address context, std::uint64_t bytes) {
  return {"XX000", "invalid memory alloc request size " + std::to_string(bytes), "", context};
}

}  // namespace palloscope::core
