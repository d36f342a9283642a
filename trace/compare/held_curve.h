// Memory held over the events of the recording, in at most kMostPieces pieces of equal width: the greatest value of
// each. The width doubles when the stream outgrows them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/ids.h"

namespace palloscope::trace {

class HeldCurve {
 public:
  static constexpr std::size_t kMostPieces = 4096;

  // From event `event` on (never before the last one told) so much is held.
  void add(core::EventNumber event, std::uint64_t held_bytes) {
    while (event / width_ >= kMostPieces) halve();
    const auto piece = static_cast<std::size_t>(event / width_);
    while (pieces_.size() <= piece) pieces_.push_back(last_);
    pieces_[piece] = std::max(pieces_[piece], held_bytes);
    last_ = held_bytes;
  }
  // Events n with n / width() == i belong to piece i; behind the last piece nothing has changed any more.
  const std::vector<std::uint64_t>& pieces() const { return pieces_; }
  core::EventNumber width() const { return width_; }
  std::uint64_t last() const { return last_; }

 private:
  void halve() {
    const std::size_t half = (pieces_.size() + 1) / 2;
    for (std::size_t i = 0; i < half; ++i)
      pieces_[i] = std::max(pieces_[2 * i], 2 * i + 1 < pieces_.size() ? pieces_[2 * i + 1] : 0);
    pieces_.resize(half);
    width_ *= 2;
  }

  std::vector<std::uint64_t> pieces_;
  core::EventNumber width_ = 1;
  std::uint64_t last_ = 0;
};

}  // namespace palloscope::trace
