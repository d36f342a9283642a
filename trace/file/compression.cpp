#include "trace/file/compression.h"

#include <lz4.h>
#include <zstd.h>

#include <memory>

namespace palloscope::trace {
namespace {

constexpr int kZstdLevel = 1;

std::size_t compress_lz4(ByteSpan raw, Bytes& room) {
  room.resize(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(raw.size()))));
  return static_cast<std::size_t>(LZ4_compress_default(reinterpret_cast<const char*>(raw.data()),
                                                       reinterpret_cast<char*>(room.data()),
                                                       static_cast<int>(raw.size()), static_cast<int>(room.size())));
}

std::size_t compress_zstd(ByteSpan raw, Bytes& room) {
  thread_local std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  room.resize(ZSTD_compressBound(raw.size()));
  auto size = ZSTD_compressCCtx(context.get(), room.data(), room.size(), raw.data(), raw.size(), kZstdLevel);
  return ZSTD_isError(size) ? 0 : size;
}

}  // namespace

Compressed compress(ByteSpan raw, Compression wish, Bytes& room) {
  core::check(raw.size() <= kMaxRawBytes, "no frame of a trace file is larger than is accepted");
  if (raw.size() >= 32) {
    for (auto how : {wish, Compression::Lz4}) {
      if (how == Compression::None) break;
      auto size = how == Compression::Zstd ? compress_zstd(raw, room) : compress_lz4(raw, room);
      if (size > 0 && size < raw.size() && raw.size() <= most_raw_bytes(size)) return {how, {room.data(), size}};
    }
  }
  return {Compression::None, raw};
}

bool decompress(Compression how, ByteSpan stored, std::span<std::uint8_t> raw) {
  switch (how) {
    case Compression::None:
      if (stored.size() != raw.size()) return false;
      if (!raw.empty()) std::memcpy(raw.data(), stored.data(), raw.size());
      return true;
    case Compression::Lz4: {
      auto size = LZ4_decompress_safe(reinterpret_cast<const char*>(stored.data()), reinterpret_cast<char*>(raw.data()),
                                      static_cast<int>(stored.size()), static_cast<int>(raw.size()));
      return size >= 0 && static_cast<std::size_t>(size) == raw.size();
    }
    case Compression::Zstd: {
      thread_local std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
      auto size = ZSTD_decompressDCtx(context.get(), raw.data(), raw.size(), stored.data(), stored.size());
      return !ZSTD_isError(size) && size == raw.size();
    }
  }
  return false;
}

}  // namespace palloscope::trace
