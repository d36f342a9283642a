// Checksums stop nearly every mutation of a file at the door: here they are made good, as a hostile writer would.
#pragma once

#include <algorithm>
#include <cstdint>

#include "trace/file/crc32c.h"
#include "trace/file/frame.h"

namespace palloscope::trace {

inline void put_crc(std::uint8_t* at, std::uint32_t crc) {
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&crc), sizeof crc, at);
}

// Of the head and the frames behind it.
inline void make_checksums_good(Bytes& file) {
  if (file.size() >= kFileHeadBytes) put_crc(&file[12], crc32c(ByteSpan(file).first(12)));
  auto at = kFileHeadBytes;
  while (at + kFrameHeadBytes <= file.size() && load_little<std::uint32_t>(&file[at]) == kFrameMagic) {
    std::size_t plain = load_little<std::uint16_t>(&file[at + 6]), stored = load_little<std::uint32_t>(&file[at + 24]);
    if (file.size() - at - kFrameHeadBytes < plain + stored) break;
    auto body = ByteSpan(file).subspan(at + kFrameHeadBytes);
    put_crc(&file[at + 28], crc32c(body.subspan(plain, stored)));
    put_crc(&file[at + 32], crc32c(body.first(plain), crc32c(ByteSpan(file).subspan(at, 32))));
    at += kFrameHeadBytes + plain + stored;
  }
}

}  // namespace palloscope::trace
