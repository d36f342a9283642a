#include "core/walk/kept_bytes.h"

#include <algorithm>

namespace palloscope::core {

bool KeptBytes::read(Address at, std::span<std::uint8_t> into) const {
  if (!below_.read(at, into)) return false;
  note(at, into.size());
  return true;
}

void KeptBytes::add(Address at, std::size_t count) const {
  if (ranges_.size() >= tidy_at_) {
    tidy();
    tidy_at_ = std::max(tidy_at_, 2 * ranges_.size());
  }
  ranges_.push_back({at, count});
}

void KeptBytes::tidy() const {
  std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.at < b.at; });
  std::size_t kept = 0;
  for (const Range& range : ranges_) {
    if (kept != 0) {
      Range& last = ranges_[kept - 1];
      if (range.at - last.at <= last.bytes) {
        last.bytes = std::max(last.bytes, (range.at - last.at) + range.bytes);
        continue;
      }
    }
    ranges_[kept++] = range;
  }
  ranges_.resize(kept);
}

std::vector<KeptBytes::Range> KeptBytes::ranges() const {
  tidy();
  return ranges_;
}

}  // namespace palloscope::core
