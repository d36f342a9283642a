// CRC32C (Castagnoli), the checksum of trace files: the processor's instruction where it has one, else a table.
#pragma once

#include <cstdint>

#include "trace/file/bytes.h"

namespace palloscope::trace {

// `before`: the checksum of what came before, to checksum in parts.
std::uint32_t crc32c(ByteSpan bytes, std::uint32_t before = 0);

// The table's way, for the test that both agree.
std::uint32_t crc32c_by_table(ByteSpan bytes, std::uint32_t before = 0);

}  // namespace palloscope::trace
