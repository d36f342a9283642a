// Reading and writing the bytes of trace files: little-endian fixed numbers, and numbers of variable length whose first
// byte tells the length (its lowest set bit), so that reading one takes no branch on its size:
//
//   xxxxxxx1                    7 bits        xxxxxx10 xxxxxxxx           14 bits    ... 8 bytes: 56 bits
//   00000000 and 8 bytes       64 bits
//
// Readers never pass their end: they stay there, remember that they failed, and answer 0.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace palloscope::trace {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

// A NumberReader may look at (not use) this many bytes behind its end; whoever owns the bytes provides them.
inline constexpr std::size_t kReadSlack = 16;

// Small magnitudes of either sign become small numbers: 0, -1, 1, -2, ...
constexpr std::uint64_t zigzag(std::uint64_t difference) { return (difference << 1) ^ (0 - (difference >> 63)); }
constexpr std::uint64_t unzigzag(std::uint64_t number) { return (number >> 1) ^ (0 - (number & 1)); }
// The same for differences of 32-bit slots, which wrap around.
constexpr std::uint64_t zigzag32(std::uint32_t difference) {
  return static_cast<std::uint32_t>((difference << 1) ^ (0u - (difference >> 31)));
}
constexpr std::uint32_t unzigzag32(std::uint64_t number) {
  auto low = static_cast<std::uint32_t>(number);
  return (low >> 1) ^ (0u - (low & 1));
}

template <class T>
T load_little(const std::uint8_t* at) {
  static_assert(std::endian::native == std::endian::little, "trace files are little-endian; add byte swaps here");
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <class T>
void append_little(Bytes& to, T value) {
  to.resize(to.size() + sizeof value);
  std::memcpy(to.data() + to.size() - sizeof value, &value, sizeof value);
}

// Writes the number at `to` (9 bytes of room) and answers how many bytes it took.
inline std::size_t put_number(std::uint8_t* to, std::uint64_t number) {
  if (number >> 56) [[unlikely]] {
    *to = 0;
    std::memcpy(to + 1, &number, 8);
    return 9;
  }
  unsigned bits = 64u - static_cast<unsigned>(std::countl_zero(number | 1));
  unsigned length = (bits + 6) / 7;
  std::uint64_t word = ((number << 1) | 1) << (length - 1);
  std::memcpy(to, &word, 8);
  return length;
}

// A column that grows. Space is made ahead of a number, so that writing one is a store and an addition.
class NumberWriter {
 public:
  NumberWriter() = default;
  NumberWriter(const NumberWriter&) = delete;
  NumberWriter& operator=(const NumberWriter&) = delete;

  [[gnu::always_inline]] void put(std::uint64_t number) {
    if (to_ >= full_) [[unlikely]]
      grow(0);
    to_ += put_number(to_, number);
  }
  [[gnu::always_inline]] void put_byte(std::uint8_t byte) {
    if (to_ >= full_) [[unlikely]]
      grow(0);
    *to_++ = byte;
  }
  void put_bytes(const void* from, std::size_t count) {
    if (full_ - to_ <= static_cast<std::ptrdiff_t>(count)) grow(count);
    if (count) std::memcpy(to_, from, count);
    to_ += count;
  }
  ByteSpan written() const { return {bytes_.data(), size()}; }
  std::size_t size() const { return static_cast<std::size_t>(to_ - bytes_.data()); }
  void clear() { to_ = bytes_.data(); }

 private:
  static constexpr std::size_t kSpare = 16;  // behind full_: room for the longest number

  [[gnu::noinline]] void grow(std::size_t by) {
    const std::size_t used = size();
    bytes_.resize((used + by) * 2 + 1024);
    to_ = bytes_.data() + used;
    full_ = bytes_.data() + bytes_.size() - kSpare;
  }

  Bytes bytes_;
  std::uint8_t* to_ = nullptr;  // into bytes_, where the next number goes
  std::uint8_t* full_ = nullptr;
};

class NumberReader {
 public:
  NumberReader() = default;
  // kReadSlack readable bytes must follow `bytes`.
  explicit NumberReader(ByteSpan bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[gnu::always_inline]] std::uint64_t get() {
    if (at_ >= end_) [[unlikely]]
      return fail();
    auto word = load_little<std::uint64_t>(at_);
    if ((word & 0xFF) == 0) [[unlikely]]
      return get_long();
    auto length = static_cast<unsigned>(std::countr_zero(word)) + 1;
    at_ += length;
    return (word >> length) & ((std::uint64_t{1} << (7 * length)) - 1);
  }
  std::uint8_t get_byte() {
    if (at_ >= end_) [[unlikely]]
      return static_cast<std::uint8_t>(fail());
    return *at_++;
  }
  // Empty, and failed, if there are not so many.
  ByteSpan get_bytes(std::uint64_t count) {
    if (at_ > end_ || count > static_cast<std::uint64_t>(end_ - at_)) {
      fail();
      return {};
    }
    at_ += count;
    return {at_ - count, static_cast<std::size_t>(count)};
  }

  // A number that begins before the end and ends behind it is seen here, not in get().
  bool failed() const { return at_ > end_; }
  std::size_t left() const { return at_ < end_ ? static_cast<std::size_t>(end_ - at_) : 0; }
  const std::uint8_t* at() const { return at_; }

 private:
  std::uint64_t fail() {
    at_ = end_ + 1;
    return 0;
  }
  std::uint64_t get_long() {
    auto number = load_little<std::uint64_t>(at_ + 1);
    at_ += 9;
    return number;
  }

  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;  // behind it are kReadSlack bytes: at_ may pass it, which means failure
};

}  // namespace palloscope::trace
