#include "trace/file/frame.h"

#include <fmt/format.h>

#include <algorithm>

#include "trace/file/crc32c.h"

namespace palloscope::trace {

using core::Error;
using core::ErrorCode;

namespace {
constexpr std::uint32_t kFootMagic = 0x6E655350;  // "PSen"
}

void append_file_head(Bytes& to) {
  auto start = to.size();
  to.insert(to.end(), std::begin(kFileMagic), std::end(kFileMagic));
  append_little(to, kFormatMajor);
  append_little(to, kFormatMinor);
  append_little(to, crc32c(ByteSpan(to).subspan(start)));
}

core::Result<std::uint16_t> read_file_head(ByteSpan file, const std::string& name) {
  auto magic_bytes = std::min(file.size(), sizeof kFileMagic);
  if (file.empty()) return Error{ErrorCode::Truncated, fmt::format("{}: the file is empty", name)};
  if (!std::equal(kFileMagic, kFileMagic + magic_bytes, file.begin()))
    return Error{ErrorCode::BadFormat, fmt::format("{}: not a Palloscope trace (its first bytes are others)", name)};
  if (file.size() < kFileHeadBytes)
    return Error{ErrorCode::Truncated,
                 fmt::format("{}: cut at byte {}, within its first {} bytes: nothing was recorded yet", name,
                             file.size(), kFileHeadBytes)};
  if (load_little<std::uint32_t>(&file[12]) != crc32c(file.first(12)))
    return Error{ErrorCode::BadFormat, fmt::format("{}: bytes 0 to 15 are damaged", name)};
  auto major = load_little<std::uint16_t>(&file[8]), minor = load_little<std::uint16_t>(&file[10]);
  if (major != kFormatMajor)
    return Error{ErrorCode::Unsupported,
                 fmt::format("{}: written in format {}.{}, this version of Palloscope reads format {}: {}", name, major,
                             minor, kFormatMajor, major > kFormatMajor ? "use a newer one" : "use an older one")};
  return minor;
}

// magic, type, compression, plain_bytes, first_event, event_count, raw_bytes, stored_bytes, stored_crc, head_crc
void append_frame(Bytes& to, FrameHead head, ByteSpan plain, ByteSpan raw, Compression wish, Bytes& room) {
  core::check(plain.size() <= kMaxPlainBytes, "the plain part of a frame is small");
  auto packed = compress(raw, wish, room);
  auto start = to.size();
  append_little(to, kFrameMagic);
  append_little(to, head.type);
  append_little(to, static_cast<std::uint8_t>(packed.how));
  append_little(to, static_cast<std::uint16_t>(plain.size()));
  append_little(to, head.first_event);
  append_little(to, head.event_count);
  append_little(to, static_cast<std::uint32_t>(raw.size()));
  append_little(to, static_cast<std::uint32_t>(packed.bytes.size()));
  append_little(to, crc32c(packed.bytes));
  append_little(to, crc32c(plain, crc32c(ByteSpan(to).subspan(start))));
  to.insert(to.end(), plain.begin(), plain.end());
  to.insert(to.end(), packed.bytes.begin(), packed.bytes.end());
}

std::optional<Frame> frame_at(ByteSpan file, std::uint64_t offset) {
  if (offset > file.size() || file.size() - offset < kFrameHeadBytes) return std::nullopt;
  const auto* at = file.data() + offset;
  if (load_little<std::uint32_t>(at) != kFrameMagic) return std::nullopt;
  FrameHead head;
  head.type = at[4];
  head.compression = static_cast<Compression>(at[5]);
  head.plain_bytes = load_little<std::uint16_t>(at + 6);
  head.first_event = load_little<std::uint64_t>(at + 8);
  head.event_count = load_little<std::uint32_t>(at + 16);
  head.raw_bytes = load_little<std::uint32_t>(at + 20);
  head.stored_bytes = load_little<std::uint32_t>(at + 24);
  head.stored_crc = load_little<std::uint32_t>(at + 28);
  if (head.plain_bytes > kMaxPlainBytes || file.size() - offset < head.frame_bytes()) return std::nullopt;
  auto plain = file.subspan(offset + kFrameHeadBytes, head.plain_bytes);
  if (crc32c(plain, crc32c({at, 32})) != load_little<std::uint32_t>(at + 32)) return std::nullopt;
  return Frame{head, plain, file.subspan(offset + kFrameHeadBytes + head.plain_bytes, head.stored_bytes)};
}

bool stored_is_whole(const Frame& frame) { return crc32c(frame.stored) == frame.head.stored_crc; }

bool unpack(const Frame& frame, std::span<std::uint8_t> raw) {
  return raw.size() == frame.head.raw_bytes && frame.head.raw_bytes <= most_raw_bytes(frame.head.stored_bytes) &&
         stored_is_whole(frame) && decompress(frame.head.compression, frame.stored, raw);
}

// index_offset, magic, crc
void append_file_foot(Bytes& to, std::uint64_t index_offset) {
  auto start = to.size();
  append_little(to, index_offset);
  append_little(to, kFootMagic);
  append_little(to, crc32c(ByteSpan(to).subspan(start)));
}

std::optional<std::uint64_t> read_file_foot(ByteSpan file) {
  if (file.size() < kFileHeadBytes + kFootBytes) return std::nullopt;
  auto foot = file.last(kFootBytes);
  if (load_little<std::uint32_t>(&foot[8]) != kFootMagic) return std::nullopt;
  if (load_little<std::uint32_t>(&foot[12]) != crc32c(foot.first(12))) return std::nullopt;
  return load_little<std::uint64_t>(&foot[0]);
}

}  // namespace palloscope::trace
