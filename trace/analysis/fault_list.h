// The program's mistakes in a stream (FaultFound), collected as the stream is opened or grows: blocks of events that
// have none are skipped by their summaries, and a call reads only a few of the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct FoundFault {
  EventNumber event = 0;  // of the FaultFound
  core::FaultFound what;
  friend bool operator==(const FoundFault&, const FoundFault&) = default;
};

// Further ones are only counted.
inline constexpr std::size_t kKeptFoundFaults = 4096;

class FaultList {
 public:
  // Takes in what the stream has by now, reading at most `most_blocks` blocks of events. True: all of it is known.
  bool follow(const Timeline& timeline, std::size_t most_blocks = 16);

  bool is_whole(const Timeline& timeline) const { return seen_ >= timeline.size(); }

  std::span<const FoundFault> faults() const { return faults_; }  // in the order of their events
  std::uint64_t count() const { return count_; }
  // Those at or before the event.
  std::span<const FoundFault> until(EventNumber event) const;

 private:
  std::vector<FoundFault> faults_;
  std::uint64_t count_ = 0;
  EventNumber seen_ = 0;  // events 1..seen_ are taken in
};

// Does the mistake concern the bytes [at, at + bytes)? A bare pointer counts as one byte.
bool concerns(const core::FaultFound& fault, Address at, std::uint64_t bytes);

// Does it still matter in this state: is its memory malloc'ed as it was, and not handed out anew since? Then a map
// marks it. Answers the region; none: it no longer matters, or has not happened. Costs the number of regions and the
// chunks of that one.
BlockSlot matters_in(const FoundFault& fault, const MemoryState& state);

// The region that holds the address; none. Costs the number of regions.
BlockSlot region_at(const MemoryState& state, Address at);

}  // namespace palloscope::trace
