// LZ4 and zstd behind one face, with sizes bounded before anything is allocated.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/result.h"
#include "trace/file/bytes.h"

namespace palloscope::trace {

enum class Compression : std::uint8_t { None, Lz4, Zstd };  // the numbers are in files

// No frame holds more.
inline constexpr std::uint64_t kMaxRawBytes = 256 << 20;
// What `stored` bytes may unpack to: a lying size cannot make us allocate much more than the file is long.
constexpr std::uint64_t most_raw_bytes(std::uint64_t stored) {
  auto most = stored * 256 + 1024;
  return most < kMaxRawBytes ? most : kMaxRawBytes;
}

struct Compressed {
  Compression how = Compression::None;
  ByteSpan bytes;
};

// Packs as wished, or less if that would not be smaller (or too much smaller for most_raw_bytes). `room` holds the
// result, which is `raw` itself with None.
Compressed compress(ByteSpan raw, Compression wish, Bytes& room);

// Unpacks into `raw`, which must come out exactly full. False if it does not.
bool decompress(Compression how, ByteSpan stored, std::span<std::uint8_t> raw);

}  // namespace palloscope::trace
