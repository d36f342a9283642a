// Deflate (RFC 1951) in a zlib wrapper (RFC 1950), by ourselves: what a library's next version would pack differently
// stays the same byte for byte, on every machine. Fixed codes and matches near by; pictures of windows need no more.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace palloscope::gui {

std::vector<std::uint8_t> zlib_packed(std::span<const std::uint8_t> bytes);

}  // namespace palloscope::gui
