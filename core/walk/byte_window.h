// ByteWindow: reads small pieces of a MemorySource through one buffer that runs ahead, so that a walk along the
// chunks of a block costs a few large reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/version/version_profile.h"
#include "core/walk/kept_bytes.h"
#include "core/walk/memory_source.h"

namespace palloscope::core {

// Little-endian, 1 to 8 bytes.
inline std::uint64_t little_endian(const std::uint8_t* bytes, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
  return value;
}

// Some bytes of a struct; valid until the window moves.
struct StructView {
  const std::uint8_t* bytes = nullptr;
  explicit operator bool() const { return bytes != nullptr; }
  std::uint64_t get(Field field) const { return little_endian(bytes + field.offset, field.width); }
  Address pointer(Field field) const { return {get(field)}; }
  std::int64_t signed32(Field field) const { return static_cast<std::int32_t>(get(field)); }
};

class ByteWindow {
 public:
  explicit ByteWindow(const MemorySource& memory)
      : kept_(dynamic_cast<const KeptBytes*>(&memory)), memory_(kept_ ? kept_->below() : memory) {}

  // The `count` bytes at `at`, or null if they cannot be read. Bytes up to `ahead_to` are worth reading as well.
  StructView view(Address at, std::size_t count, Address ahead_to = {}) {
    const bool here =
        at.value >= begin_.value && at.value - begin_.value <= filled_ && filled_ - (at - begin_) >= count;
    if (!here && !fill(at, count, ahead_to)) return {};
    if (kept_) kept_->note(at, count);
    return {buffer_.data() + (at - begin_)};
  }

 private:
  static constexpr std::size_t kAhead = 4096;

  bool fill(Address at, std::size_t count, Address ahead_to) {
    std::size_t wanted = count;
    if (ahead_to > at && ahead_to - at > count) {
      wanted = ahead_to - at < kAhead ? static_cast<std::size_t>(ahead_to - at) : (count > kAhead ? count : kAhead);
    }
    if (buffer_.size() < wanted) buffer_.resize(wanted);
    begin_ = at;
    filled_ = 0;
    if (at.value > ~std::uint64_t{0} - wanted) return false;
    if (!memory_.read(at, {buffer_.data(), wanted})) {
      if (wanted == count || !memory_.read(at, {buffer_.data(), count})) return false;
      wanted = count;
    }
    filled_ = wanted;
    return true;
  }

  const KeptBytes* kept_;  // null: nobody wants to know what was looked at
  const MemorySource& memory_;
  std::vector<std::uint8_t> buffer_;
  Address begin_;
  std::size_t filled_ = 0;
};

}  // namespace palloscope::core
