#include "gui/picture/png_writer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <string_view>

#include "gui/picture/deflate.h"

namespace palloscope::gui {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::array<std::uint8_t, 8> kSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

void put32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}
void put16(Bytes& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
      table[i] = c;
    }
    return table;
  }();
  std::uint32_t c = 0xFFFFFFFFU;
  for (const std::uint8_t byte : bytes) c = kTable[(c ^ byte) & 0xFF] ^ (c >> 8);
  return ~c;
}

void chunk(Bytes& out, std::string_view type, std::span<const std::uint8_t> data) {
  put32(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = out.size();
  out.insert(out.end(), type.begin(), type.end());
  out.insert(out.end(), data.begin(), data.end());
  put32(out, crc32(std::span(out).subspan(start)));
}

struct Part {
  int x = 0, y = 0, width = 0, height = 0;
};

// Three bytes a pixel, each row as the difference to the one above: most of a window is then zeros.
Bytes packed(const Picture& picture, Part part) {
  Bytes rows;
  const auto columns = static_cast<std::size_t>(part.width);
  rows.reserve((columns * 3 + 1) * static_cast<std::size_t>(part.height));
  const auto at = [&](int x, int y) {
    return picture.rgba.data() +
           (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) + static_cast<std::size_t>(x)) * 4;
  };
  for (int y = 0; y < part.height; ++y) {
    rows.push_back(2);  // filter: up
    for (int x = 0; x < part.width; ++x) {
      const std::uint8_t* here = at(part.x + x, part.y + y);
      const std::uint8_t* above = y == 0 ? nullptr : at(part.x + x, part.y + y - 1);
      for (int c = 0; c < 3; ++c)
        rows.push_back(static_cast<std::uint8_t>(here[c] - (above == nullptr ? 0 : above[c])));
    }
  }
  return zlib_packed(rows);
}

void head(Bytes& out, const Picture& picture, const std::string& text) {
  out.insert(out.end(), kSignature.begin(), kSignature.end());
  Bytes data;
  put32(data, static_cast<std::uint32_t>(picture.width));
  put32(data, static_cast<std::uint32_t>(picture.height));
  data.insert(data.end(), {8, 2, 0, 0, 0});  // 8 bits of red, green, blue
  chunk(out, "IHDR", data);
  if (text.empty()) return;
  constexpr std::string_view kKey("Comment\0", 8);
  Bytes said(kKey.begin(), kKey.end());
  for (const char c : text) said.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : static_cast<std::uint8_t>(c));
  chunk(out, "tEXt", said);
}

Part changed_part(const Picture& before, const Picture& after) {
  int left = after.width, right = -1, top = after.height, bottom = -1;
  for (int y = 0; y < after.height; ++y) {
    const std::size_t row = static_cast<std::size_t>(y) * static_cast<std::size_t>(after.width) * 4;
    for (int x = 0; x < after.width; ++x) {
      const std::size_t i = row + static_cast<std::size_t>(x) * 4;
      if (std::equal(&before.rgba[i], &before.rgba[i] + 3, &after.rgba[i])) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  if (right < 0) return {0, 0, 1, 1};  // a frame has at least a pixel
  return {left, top, right - left + 1, bottom - top + 1};
}

}  // namespace

Bytes png_bytes(const Picture& picture, const std::string& text) {
  Bytes out;
  head(out, picture, text);
  chunk(out, "IDAT", packed(picture, {0, 0, picture.width, picture.height}));
  chunk(out, "IEND", {});
  return out;
}

core::Status write_bytes(const std::filesystem::path& file, const Bytes& bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return core::Error{core::ErrorCode::Io, file.string() + ": " + std::strerror(errno)};
  return core::Done{};
}

core::Status write_stable_png(const std::filesystem::path& file, const Picture& picture, const std::string& text) {
  return write_bytes(file, png_bytes(picture, text));
}

ApngWriter::ApngWriter(std::filesystem::path file, std::uint32_t frames, std::uint16_t milliseconds,
                       const std::string& text)
    : file_(std::move(file)),
      out_(file_, std::ios::binary),
      frames_(frames),
      milliseconds_(milliseconds),
      text_(text) {}

core::Status ApngWriter::failed() const {
  return core::Error{core::ErrorCode::Io, file_.string() + ": " + std::strerror(errno)};
}

core::Status ApngWriter::add(const Picture& picture) {
  Bytes out;
  const bool is_first = !last_;
  Part part{0, 0, picture.width, picture.height};
  if (is_first) {
    head(out, picture, text_);
    Bytes control;
    put32(control, frames_);
    put32(control, 0);  // for ever
    chunk(out, "acTL", control);
  } else {
    if (last_->width != picture.width || last_->height != picture.height)
      return core::Error{core::ErrorCode::BadArgument, file_.string() + ": the pictures are not of one size"};
    part = changed_part(*last_, picture);
  }
  Bytes control;
  put32(control, sequence_++);
  for (const int value : {part.width, part.height, part.x, part.y}) put32(control, static_cast<std::uint32_t>(value));
  put16(control, milliseconds_);
  put16(control, 1000);
  control.insert(control.end(), {0, 0});  // stays, and replaces what is below
  chunk(out, "fcTL", control);
  const Bytes rows = packed(picture, part);
  if (is_first) {
    chunk(out, "IDAT", rows);
  } else {
    Bytes data;
    put32(data, sequence_++);
    data.insert(data.end(), rows.begin(), rows.end());
    chunk(out, "fdAT", data);
  }
  last_ = picture;
  out_.write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));
  return out_ ? core::Status(core::Done{}) : failed();
}

core::Status ApngWriter::finish() {
  Bytes out;
  chunk(out, "IEND", {});
  out_.write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));
  out_.close();
  return out_ ? core::Status(core::Done{}) : failed();
}

}  // namespace palloscope::gui
