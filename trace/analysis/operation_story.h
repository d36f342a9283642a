// OperationStory: what one sort, hash join or hash aggregate said of itself, from its beginning to its end: its account
// after each change, and what went to disk and came back, part by part (run, batch, partition). Found by reading events
// on from its beginning, some at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct OperationPoint {
  core::EventNumber event = 0;
  core::OperationPhase phase = core::OperationPhase::Initial;
  core::OperationCounted counted;
  friend bool operator==(const OperationPoint&, const OperationPoint&) = default;
};

// What lies on disk of a part, at some moment.
struct OperationPart {
  std::uint32_t part = 0;
  std::uint64_t tuples = 0, bytes = 0;  // written so far
  std::uint64_t read_bytes = 0;         // read back so far
  friend bool operator==(const OperationPart&, const OperationPart&) = default;
};

class OperationStory {
 public:
  // The operation that OperationBegan number `born` began. The timeline must outlive it.
  OperationStory(const Timeline& timeline, core::EventNumber born);

  core::EventNumber born() const { return born_; }
  // Reads so many events more. True: nothing is left (until the stream grows; then it can be called again).
  bool advance(std::size_t events = 200'000);
  core::EventNumber known_to() const { return next_ - 1; }
  bool ended() const { return ended_ != 0; }
  core::EventNumber last() const { return ended_ != 0 ? ended_ : known_to(); }

  // Of no more than kMostPoints moments; when there are more, every second one of all is left out, again and again.
  std::span<const OperationPoint> points() const { return points_; }
  std::uint64_t highest_bytes() const { return highest_; }             // of used and limit
  const OperationPoint* at(core::EventNumber event) const;             // the last one at or before it; null: none
  std::vector<OperationPart> parts_at(core::EventNumber event) const;  // by part, those that had any

  static constexpr std::size_t kMostPoints = 1 << 17;

 private:
  struct Spill {
    core::EventNumber event = 0;
    core::OperationSpilled what;
  };
  void take(core::EventNumber event, const core::EventBody& body);
  void add(const OperationPoint& point);

  const Timeline* timeline_;
  core::EventNumber born_, next_, ended_ = 0;
  core::OperationSlot slot_;
  OperationPoint now_;
  std::vector<OperationPoint> points_;
  std::vector<Spill> spills_;
  std::size_t stride_ = 1, skipped_ = 0;
  std::uint64_t highest_ = 0;
};

}  // namespace palloscope::trace
