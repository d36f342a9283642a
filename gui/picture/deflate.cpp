#include "gui/picture/deflate.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace palloscope::gui {
namespace {

constexpr std::size_t kWindow = 32768, kShortest = 3, kLongest = 258, kTries = 16;
constexpr std::size_t kHashBits = 15;

constexpr std::array<std::uint16_t, 29> kLengthBase = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                                       31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<std::uint8_t, 29> kLengthBits = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                      2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<std::uint16_t, 30> kDistanceBase = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                                         33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                                         1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

class BitWriter {
 public:
  explicit BitWriter(std::vector<std::uint8_t>& out) : out_(out) {}
  void bits(std::uint32_t value, unsigned count) {  // lowest first
    word_ |= std::uint64_t{value} << filled_;
    filled_ += count;
    for (; filled_ >= 8; filled_ -= 8, word_ >>= 8) out_.push_back(static_cast<std::uint8_t>(word_));
  }
  void code(std::uint32_t value, unsigned count) {  // highest first, as codes are written
    std::uint32_t turned = 0;
    for (unsigned i = 0; i < count; ++i) turned |= ((value >> i) & 1) << (count - 1 - i);
    bits(turned, count);
  }
  void literal(unsigned value) {
    if (value < 144)
      code(0x30 + value, 8);
    else if (value < 256)
      code(0x190 + value - 144, 9);
    else if (value < 280)
      code(value - 256, 7);
    else
      code(0xC0 + value - 280, 8);
  }
  void match(std::size_t length, std::size_t distance) {
    const auto at = static_cast<std::size_t>(std::upper_bound(kLengthBase.begin(), kLengthBase.end(), length) -
                                             kLengthBase.begin() - 1);
    literal(257 + static_cast<unsigned>(at));
    bits(static_cast<std::uint32_t>(length - kLengthBase[at]), kLengthBits[at]);
    const auto d = static_cast<std::size_t>(std::upper_bound(kDistanceBase.begin(), kDistanceBase.end(), distance) -
                                            kDistanceBase.begin() - 1);
    code(static_cast<std::uint32_t>(d), 5);
    bits(static_cast<std::uint32_t>(distance - kDistanceBase[d]), d < 4 ? 0 : static_cast<unsigned>(d / 2 - 1));
  }
  void finish() {
    if (filled_ > 0) bits(0, 8 - filled_ % 8);
  }

 private:
  std::vector<std::uint8_t>& out_;
  std::uint64_t word_ = 0;
  unsigned filled_ = 0;
};

std::uint32_t adler32(std::span<const std::uint8_t> bytes) {
  std::uint32_t a = 1, b = 0;
  for (std::size_t i = 0; i < bytes.size();) {
    for (const std::size_t end = std::min(bytes.size(), i + 5552); i < end; ++i) {
      a += bytes[i];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b << 16 | a;
}

}  // namespace

std::vector<std::uint8_t> zlib_packed(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> out = {0x78, 0x01};
  BitWriter writer(out);
  writer.bits(1, 1);  // the only block
  writer.bits(1, 2);  // fixed codes
  constexpr std::size_t kNone = ~std::size_t{0};
  std::vector<std::size_t> newest(std::size_t{1} << kHashBits, kNone), older(std::min(bytes.size(), kWindow), kNone);
  const auto hash = [&](std::size_t i) {
    const auto at = [&](std::size_t k) { return std::uint32_t{bytes[i + k]}; };
    const std::uint32_t three = at(0) | at(1) << 8 | at(2) << 16;
    return (three * 2654435761U) >> (32 - kHashBits);
  };
  const auto remember = [&](std::size_t i) {
    if (i + kShortest > bytes.size()) return;
    std::size_t& head = newest[hash(i)];
    older[i % kWindow] = head;
    head = i;
  };
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t length = 0, distance = 0;
    if (i + kShortest <= bytes.size()) {
      const std::size_t most = std::min(kLongest, bytes.size() - i);
      std::size_t at = newest[hash(i)];
      for (std::size_t tries = 0; tries < kTries && at != kNone && i - at <= kWindow - kLongest; ++tries) {
        std::size_t same = 0;
        while (same < most && bytes[at + same] == bytes[i + same]) ++same;
        if (same > length) length = same, distance = i - at;
        if (length == most) break;
        const std::size_t before = older[at % kWindow];
        at = before < at ? before : kNone;  // (overwritten entries are newer)
      }
    }
    if (length < kShortest) {
      writer.literal(bytes[i]);
      remember(i++);
      continue;
    }
    writer.match(length, distance);
    for (const std::size_t end = i + length; i < end; ++i) remember(i);
  }
  writer.literal(256);
  writer.finish();
  const std::uint32_t sum = adler32(bytes);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(sum >> shift));
  return out;
}

}  // namespace palloscope::gui
