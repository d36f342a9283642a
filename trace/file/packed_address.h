// Addresses as trace files hold them: as differences from what is expected.
#pragma once

#include <cstdint>

#include "trace/file/bytes.h"

namespace palloscope::trace {

// Addresses are mostly multiples of 8: eighths of the difference, and what remains in the three highest bits.
constexpr std::uint64_t pack_address(std::uint64_t address, std::uint64_t expected) {
  auto difference = static_cast<std::int64_t>(address - expected);
  auto rest = static_cast<std::uint64_t>(difference) & 7;
  return zigzag(static_cast<std::uint64_t>(difference >> 3)) | rest << 61;
}
constexpr std::uint64_t unpack_address(std::uint64_t packed, std::uint64_t expected) {
  return expected + unzigzag(packed & (~std::uint64_t{0} >> 3)) * 8 + (packed >> 61);
}

}  // namespace palloscope::trace
