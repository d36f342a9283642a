// The hash that PostgreSQL's tables use for keys of bytes (hash_bytes): Bob Jenkins' lookup3 of 2006, from the public
// algorithm, with PostgreSQL's start value. Little-endian.
#pragma once

#include <cstdint>
#include <span>

namespace palloscope::core {

std::uint32_t hash_bytes(std::span<const std::uint8_t> key);

}  // namespace palloscope::core
