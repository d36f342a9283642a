// The policy laboratory over a trace: the accesses to the shared pool that were recorded (PageRequested, with their
// rings, what was dirtied, dropped and written by checkpoints) go through every policy, for the pool's own size or
// another one. Reads events without replaying them, in portions, so that a window can run it frame by frame; a trace
// that grows is followed. The rules are in policies.h.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "trace/analysis/policies.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// The counts after an access.
struct PolicySample {
  EventNumber event = 0;  // of the PageRequested
  std::array<PolicyCounts, kReplacementPolicyCount> counts;
};

class PolicyRun {
 public:
  static constexpr std::size_t kMostSamples = 1024;

  // The timeline must outlive it. `buffers` 0: as many as the trace's shared pool has.
  explicit PolicyRun(const Timeline& timeline, std::uint32_t buffers = 0);

  // Reads on, about so many events. True: nothing is left to read, until the stream grows.
  bool advance(std::size_t events = 200'000);

  std::uint32_t buffers() const { return lab_ ? lab_->buffers() : 0; }  // 0: no shared pool so far
  std::uint32_t pool_buffers() const { return pool_buffers_; }          // the trace's own
  const PolicyCounts& counts(ReplacementPolicy policy) const;           // of what was read so far
  // At most kMostSamples, evenly thinned, in order.
  std::span<const PolicySample> curve() const { return curve_; }
  // The last sample at or before the event; null: none.
  const PolicySample* at(EventNumber event) const;
  double progress() const;  // 0..1

 private:
  template <class E>
  void take(EventNumber n, const E& event);
  void sample(EventNumber n);

  const Timeline* timeline_;
  std::uint32_t wanted_buffers_;
  std::unique_ptr<PolicyLab> lab_;
  EventNumber next_ = 1;  // to be read

  // Of the shared pool.
  core::PoolSlot pool_;
  std::uint32_t pool_first_ = 0, pool_buffers_ = 0;
  std::vector<std::optional<core::PageTag>> tags_;  // by buffer

  std::vector<PolicySample> curve_;
  std::uint64_t stride_ = 1;  // a sample every so many accesses
};

}  // namespace palloscope::trace
