// What this machine can do at most, measured in the same minute as what is compared with it.
#pragma once

#include <lz4.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/measured.h"

namespace palloscope::bench {

// Bytes per nanosecond.
inline double memcpy_rate() {
  static std::vector<char> from(std::size_t{64} << 20, 'x'), to(from.size());
  const double began = thread_ns();
  std::memcpy(to.data(), from.data(), from.size());
  return static_cast<double>(from.size()) / (thread_ns() - began);
}

inline double read_rate(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<char> room(std::size_t{1} << 20);
  double bytes = 0;
  const double began = thread_ns();
  while (bytes < 512e6 && (in.read(room.data(), static_cast<std::streamsize>(room.size())), in.gcount() > 0))
    bytes += static_cast<double>(in.gcount());
  return bytes / (thread_ns() - began);
}

// Of bytes that pack about as events do.
inline double unpack_rate() {
  static std::vector<char> packed, raw(std::size_t{4} << 20);
  if (packed.empty()) {
    std::mt19937 random(1);
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<char>(i % 32 < 26 ? i % 16 : random());
    packed.resize(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(raw.size()))));
    const int size =
        LZ4_compress_default(raw.data(), packed.data(), static_cast<int>(raw.size()), static_cast<int>(packed.size()));
    packed.resize(static_cast<std::size_t>(size));
  }
  const double began = thread_ns();
  LZ4_decompress_safe(packed.data(), raw.data(), static_cast<int>(packed.size()), static_cast<int>(raw.size()));
  return static_cast<double>(raw.size()) / (thread_ns() - began);
}

// Nanoseconds for an event applied to flat arrays by slot: an allocation stores a record, a free takes it back; so many
// live, the victim at random.
class FlatApply {
 public:
  explicit FlatApply(std::size_t live) : records_(live), order_(1 << 16) {
    std::mt19937_64 random(2);
    for (std::uint32_t& slot : order_) slot = static_cast<std::uint32_t>(random() % live);
  }
  double ns_each() {
    const double began = thread_ns();
    for (const std::uint32_t slot : order_) {
      Record& record = records_[slot];
      live_bytes_ -= record.bytes;
      record = {slot, slot & 1023u, at_ += 64, at_};
      live_bytes_ += record.bytes;
    }
    return (thread_ns() - began) / (2 * static_cast<double>(order_.size()));
  }
  std::uint64_t live_bytes() const { return live_bytes_; }

 private:
  struct Record {
    std::uint32_t slot = 0;
    std::uint64_t bytes = 0;
    std::uint64_t at = 0, born = 0;
  };
  std::vector<Record> records_;
  std::vector<std::uint32_t> order_;
  std::uint64_t at_ = 0, live_bytes_ = 0;
};

}  // namespace palloscope::bench
