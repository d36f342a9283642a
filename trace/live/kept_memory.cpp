#include "trace/live/kept_memory.h"

#include <algorithm>
#include <cstring>

namespace palloscope::trace {

bool KeptMemory::add(core::Address at, std::span<const std::uint8_t> bytes) {
  if (bytes.size() > ~std::uint64_t{0} - at.value) return false;
  if (!pieces_.empty()) {
    Piece& last = pieces_.back();
    if (at < last.at + last.bytes) return false;
    if (at == last.at + last.bytes) {
      last.bytes += bytes.size();
      bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
      return true;
    }
  }
  pieces_.push_back({at, bytes.size(), bytes_.size()});
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return true;
}

bool KeptMemory::read(core::Address at, std::span<std::uint8_t> into) const {
  const auto behind = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                       [](core::Address a, const Piece& piece) { return a < piece.at; });
  if (behind == pieces_.begin()) return false;
  const Piece& piece = behind[-1];
  const std::uint64_t within = at - piece.at;
  if (within > piece.bytes || into.size() > piece.bytes - within) return false;
  if (!into.empty()) std::memcpy(into.data(), bytes_.data() + piece.offset + within, into.size());
  return true;
}

}  // namespace palloscope::trace
