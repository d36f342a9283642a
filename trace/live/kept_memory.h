// Pieces of a process's memory that were kept, and nothing between them: what a snapshot file gives back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/walk/memory_source.h"

namespace palloscope::trace {

class KeptMemory final : public core::MemorySource {
 public:
  struct Piece {
    core::Address at;
    std::uint64_t bytes = 0;
    std::uint64_t offset = 0;  // in the bytes of all pieces
  };

  // Behind the last piece. False: it begins before that one's end, or ends behind the last address; left out then.
  bool add(core::Address at, std::span<const std::uint8_t> bytes);

  bool read(core::Address at, std::span<std::uint8_t> into) const override;

  std::uint64_t bytes() const { return bytes_.size(); }
  std::span<const Piece> pieces() const { return pieces_; }

 private:
  std::vector<Piece> pieces_;  // by address; none touches another
  std::vector<std::uint8_t> bytes_;
};

}  // namespace palloscope::trace
