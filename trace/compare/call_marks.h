// Which event a call ended with, and how many calls an event has behind it: for one stream, both ways. ProgramCall 0 is
// before everything; after call n means that the first n calls are done.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/ids.h"

namespace palloscope::trace {

class CallMarks {
 public:
  static constexpr core::EventNumber kMostEvents = 0xFFFFFFFF;

  std::uint64_t size() const { return ends_.size(); }
  void add(core::EventNumber last) { ends_.push_back(static_cast<std::uint32_t>(last)); }
  void extend(core::EventNumber last) { ends_.back() = static_cast<std::uint32_t>(last); }

  // The last event of call n (the stream's state after n calls); calls that are not there: the last one that is.
  core::EventNumber event_of(std::uint64_t call) const {
    if (call == 0 || ends_.empty()) return 0;
    return ends_[std::min<std::uint64_t>(call, ends_.size()) - 1];
  }
  // How many calls are done after this event.
  std::uint64_t call_of(core::EventNumber event) const {
    const auto next = std::upper_bound(ends_.begin(), ends_.end(), event);
    return static_cast<std::uint64_t>(next - ends_.begin());
  }

 private:
  std::vector<std::uint32_t> ends_;  // never descending
};

}  // namespace palloscope::trace
