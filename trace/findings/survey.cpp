#include "trace/findings/survey.h"

#include <algorithm>
#include <utility>

#include "trace/query/condition_watch.h"
#include "trace/replay/walker.h"

namespace palloscope::trace {

Survey::Survey(const Timeline& timeline, std::optional<RoundRule> rounds)
    : profile_(core::find_profile(timeline.description().pg_major, timeline.description().checking)),
      size_(timeline.size()),
      is_dump_(core::has_moments(timeline.description().source)),
      walker_(std::make_unique<Walker>(timeline.events(), 0)),
      hoards_(size_),
      sample_every_(std::max<EventNumber>(1, (size_ + kSamples - 1) / kSamples)) {
  if (rounds)
    rule_ = std::move(*rounds);
  else
    finder_ = std::make_unique<RoundFinder>(timeline);
  if (!rule_.condition) return;
  marker_ = std::make_unique<ConditionWatch>(*rule_.condition, profile_);
  marker_->stand(walker_->state());
}

Survey::~Survey() = default;

template <class E>
void Survey::before(const E& e) {
  const MemoryState& state = walker_->state();
  const EventNumber n = state.event_number() + 1;
  if constexpr (std::is_same_v<E, core::ContextReparented>) paths_.forget(state, e.context);
  if constexpr (std::is_same_v<E, core::ContextCreated>) created_ = e.context;
  growth_.before(n, e, state, paths_);
  hoards_.before(n, e, state, paths_);
  lifetimes_.before(n, e, state, paths_);
  churn_.before(n, e, state, paths_);
  ends_round_ = ends_round(rule_, e, state);
  if constexpr (std::is_same_v<E, core::SnapshotEnded>) ends_dump_ = true;
  if (!marker_ || !marker_->wants(E::kTag)) return;
  marker_->before(n, e, state);
  asks_marker_ = true;
}

void Survey::after() {
  const MemoryState& state = walker_->state();
  const EventNumber n = state.event_number();
  if (created_) {
    churn_.created(n, created_, state, paths_);
    created_ = {};
  }
  if (std::exchange(asks_marker_, false)) ends_round_ = marker_->after(state);
  if (ends_round_) growth_.end_round(n, state, paths_);
  // While a dump is read the state is no moment of the server's.
  const bool is_moment = !is_dump_ || std::exchange(ends_dump_, false) || n == size_;
  if (!is_moment) return;
  // Where all that was malloc'ed has become some context's.
  const HeapTotals& totals = state.totals();
  if (totals.malloc_bytes > peak_.malloc_bytes ||
      (totals.malloc_bytes == peak_.malloc_bytes && totals.context_bytes > peak_context_bytes_)) {
    peak_.malloc_bytes = totals.malloc_bytes;
    peak_context_bytes_ = totals.context_bytes;
    peak_.event = n;
  }
  if (is_dump_ || n % sample_every_ == 0 || n == size_) sample();
}

void Survey::sample() {
  const MemoryState& state = walker_->state();
  if (!samples_.empty() && samples_.back().event == state.event_number()) return;
  if (samples_.size() == 2 * kSamples) {  // a log with very many dumps
    for (std::size_t i = 0; i < kSamples; ++i) samples_[i] = std::move(samples_[2 * i]);
    samples_.resize(kSamples);
  }
  SurveySample sample{state.event_number(), state.totals().malloc_bytes, {}, {}};
  for (const PathWaste& held : waste_by_path(state, profile_, paths_)) {
    sample.waste += held.waste;
    if (sample.parts.size() < kMostSampledPaths) sample.parts.push_back({held.path, held.waste});
  }
  samples_.push_back(std::move(sample));
}

std::vector<SurveySample> Survey::samples_of(PathNumber path) const {
  std::vector<SurveySample> samples;
  for (const SurveySample& whole : samples_) {
    SurveySample& sample = samples.emplace_back(SurveySample{whole.event, 0, {}, {}});
    const auto part = std::find_if(whole.parts.begin(), whole.parts.end(),
                                   [&](const SurveySample::Part& one) { return one.path == path; });
    if (part != whole.parts.end()) sample.waste = part->waste;
  }
  return samples;
}

bool Survey::advance(std::size_t events) {
  if (done_) return true;
  if (finder_) {
    if (!finder_->advance(events)) return false;
    rule_ = finder_->found();
    choices_ = finder_->choices();
    finder_.reset();
    return false;
  }
  const EventNumber to = std::min<EventNumber>(size_, walker_->at() + events);
  const bool whole = walker_->advance(
      to, [&](const auto& e) { before(e); }, [&] { after(); });
  if (!whole) problem_ = walker_->problem();
  if (whole && to < size_) return false;
  finish();
  return true;
}

double Survey::progress() const {
  if (done_ || size_ == 0) return 1;
  constexpr double kFinderShare = 0.15;
  if (finder_) return finder_->progress() * kFinderShare;
  return kFinderShare + (1 - kFinderShare) * static_cast<double>(walker_->at()) / static_cast<double>(size_);
}

void Survey::finish() {
  const MemoryState& state = walker_->state();
  growth_.finish(state, paths_);
  hoards_.finish(walker_->at(), state, paths_);
  find_peak();
  findings_ = findings_of(*this);
  done_ = true;
}

void Survey::find_peak() {
  if (!walker_->seek(peak_.event, 0)) return;
  const MemoryState& state = walker_->state();
  peak_.holders = waste_by_path(state, profile_, paths_);
  for (const PathWaste& holder : peak_.holders) peak_.waste += holder.waste;
  for (const BlockRecord& block : state.blocks()) {
    if (block.born == 0) continue;
    if (block.role == core::BlockRole::Recycled) peak_.recycled_bytes += block.bytes;
    if (block.role == core::BlockRole::Plain) peak_.plain_bytes += block.bytes;
  }
}

}  // namespace palloscope::trace
