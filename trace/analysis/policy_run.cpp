#include "trace/analysis/policy_run.h"

#include <algorithm>
#include <type_traits>

#include "trace/analysis/event_slices.h"

namespace palloscope::trace {
namespace {

constexpr std::uint8_t kTags[] = {core::BufferPoolCreated::kTag, core::RingCreated::kTag,    core::PageRequested::kTag,
                                  core::BufferTagged::kTag,      core::BufferUntagged::kTag, core::BufferDirtied::kTag,
                                  core::BufferWritten::kTag};

bool concerns_buffers(const BlockSummary& summary) {
  return std::any_of(std::begin(kTags), std::end(kTags), [&](std::uint8_t tag) { return summary.has_kind(tag); });
}

}  // namespace

PolicyRun::PolicyRun(const Timeline& timeline, std::uint32_t buffers)
    : timeline_(&timeline), wanted_buffers_(buffers) {}

template <class E>
void PolicyRun::take(EventNumber n, const E& event) {
  if constexpr (std::is_same_v<E, core::BufferPoolCreated>) {
    if (event.backend || event.buffers == 0 || lab_) return;
    pool_ = event.pool;
    pool_first_ = event.first.value;
    pool_buffers_ = event.buffers;
    lab_ = std::make_unique<PolicyLab>(wanted_buffers_ != 0 ? wanted_buffers_ : event.buffers);
  } else if constexpr (std::is_same_v<E, core::RingCreated>) {
    if (lab_) lab_->ring_created(event.ring.value, event.slots);
  } else if constexpr (std::is_same_v<E, core::PageRequested>) {
    if (!lab_ || event.pool != pool_) return;
    lab_->access(event.tag, event.ring ? std::optional(event.ring.value) : std::nullopt);
    sample(n);
  } else if constexpr (requires { event.buffer; }) {
    if (!lab_ || event.buffer.value < pool_first_ || event.buffer.value - pool_first_ >= pool_buffers_) return;
    const std::size_t place = event.buffer.value - pool_first_;
    if (place >= tags_.size()) tags_.resize(place + 1);
    std::optional<core::PageTag>& tag = tags_[place];
    if constexpr (std::is_same_v<E, core::BufferTagged>) {
      tag = event.tag;
    } else if constexpr (std::is_same_v<E, core::BufferUntagged>) {
      if (tag && event.reason == core::UntagReason::Dropped) lab_->drop(*tag);
      tag.reset();
    } else if constexpr (std::is_same_v<E, core::BufferDirtied>) {
      if (tag) lab_->dirty(*tag);
    } else if constexpr (std::is_same_v<E, core::BufferWritten>) {
      const bool by_design = event.reason == core::WriteReason::Checkpoint || event.reason == core::WriteReason::Flush;
      if (tag && by_design) lab_->clean(*tag);
    }
  }
}

void PolicyRun::sample(EventNumber n) {
  const std::uint64_t requests = lab_->counts(ReplacementPolicy::Lru).requests;
  if (requests % stride_ != 0) return;
  if (curve_.size() == kMostSamples) {
    // Every second one goes: those that the doubled stride still hits stay.
    for (std::size_t i = 1; i < curve_.size(); i += 2) curve_[i / 2] = curve_[i];
    curve_.resize(curve_.size() / 2);
    stride_ *= 2;
    if (requests % stride_ != 0) return;
  }
  curve_.push_back({n, lab_->counts()});
}

bool PolicyRun::advance(std::size_t events) {
  return read_slice(*timeline_, next_, events, concerns_buffers,
                    [&](EventNumber n, const auto& event) { take(n, event); });
}

const PolicyCounts& PolicyRun::counts(ReplacementPolicy policy) const {
  static constexpr PolicyCounts kNone;
  return lab_ ? lab_->counts(policy) : kNone;
}

const PolicySample* PolicyRun::at(EventNumber event) const {
  const auto after = std::upper_bound(curve_.begin(), curve_.end(), event,
                                      [](EventNumber n, const PolicySample& sample) { return n < sample.event; });
  return after == curve_.begin() ? nullptr : &*(after - 1);
}

double PolicyRun::progress() const {
  const auto size = static_cast<double>(std::max<EventNumber>(1, timeline_->size()));
  return std::min(1.0, static_cast<double>(next_ - 1) / size);
}

}  // namespace palloscope::trace
