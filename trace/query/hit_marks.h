// Where something held, for pictures of whole streams: the events themselves while they are few, else stretches of 2,
// 4, 8 ... events each of which has at least one. So it stays bounded, and a stretch without a hit is never marked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/ids.h"

namespace palloscope::trace {

class HitMarks {
 public:
  static constexpr std::size_t kMost = 8192;

  // In ascending order.
  void add(core::EventNumber event) {
    if (!stretches_.empty() && stretches_.back() == event >> shift_) return;
    if (stretches_.size() == kMost) {
      // At least halves them where hits are neighbours; else further on until it does.
      while (stretches_.size() > kMost / 2) {
        ++shift_;
        for (core::EventNumber& stretch : stretches_) stretch >>= 1;
        stretches_.erase(std::unique(stretches_.begin(), stretches_.end()), stretches_.end());
      }
      if (stretches_.back() == event >> shift_) return;
    }
    stretches_.push_back(event >> shift_);
  }
  // The stretches, first to last event, that reach into first..last, in order.
  template <class Visitor>
  void visit(core::EventNumber first, core::EventNumber last, Visitor&& visitor) const {
    for (auto at = std::lower_bound(stretches_.begin(), stretches_.end(), first >> shift_);
         at != stretches_.end() && *at << shift_ <= last; ++at)
      visitor(std::max<core::EventNumber>(*at << shift_, 1), ((*at + 1) << shift_) - 1);
  }
  std::size_t size() const { return stretches_.size(); }
  bool is_exact() const { return shift_ == 0; }

 private:
  std::vector<core::EventNumber> stretches_;  // event >> shift_
  unsigned shift_ = 0;
};

}  // namespace palloscope::trace
