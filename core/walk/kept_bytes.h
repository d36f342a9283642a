// KeptBytes: hands a MemorySource on, and remembers what a walk looked at: those bytes are all that a snapshot file has
// to hold for the walk to find the same again. What a ByteWindow reads ahead, and nobody looks at, does not count:
// behind a chunk's header lies what people keep in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/walk/memory_source.h"

namespace palloscope::core {

class KeptBytes final : public MemorySource {
 public:
  struct Range {
    Address at;
    std::uint64_t bytes = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };

  explicit KeptBytes(const MemorySource& below) : below_(below) {}

  bool read(Address at, std::span<std::uint8_t> into) const override;
  // For who reads more than it looks at: read from below(), then say what was looked at. (Logically it is a reading
  // source; what it remembers is beside the point for who reads.)
  const MemorySource& below() const { return below_; }
  void note(Address at, std::size_t count) const {
    if (!ranges_.empty()) {
      Range& last = ranges_.back();
      const std::uint64_t end = last.at.value + last.bytes;
      if (at >= last.at && at.value <= end) {
        if (at.value + count > end) last.bytes = at.value + count - last.at.value;
        return;
      }
    }
    add(at, count);
  }

  // Sorted by address; none touches another.
  std::vector<Range> ranges() const;

 private:
  void add(Address at, std::size_t count) const;
  void tidy() const;

  const MemorySource& below_;  // outlives this
  mutable std::vector<Range> ranges_;
  mutable std::size_t tidy_at_ = std::size_t{1} << 16;
};

}  // namespace palloscope::core
