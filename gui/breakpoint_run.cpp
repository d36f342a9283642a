#include "gui/breakpoint_run.h"

#include <chrono>

#include "trace/query/condition_index.h"
#include "trace/query/condition_search.h"

namespace palloscope::gui {
namespace {

// Between two frames: a run is waited for, counts are not.
constexpr std::chrono::milliseconds kRunSlice{12}, kCountSlice{4};
constexpr std::size_t kBite = 20'000;  // events between looks at the clock

// Until it says that it is done, or the time is over. True: done.
template <class Work>
bool work_for(std::chrono::milliseconds slice, Work& work) {
  const auto until = std::chrono::steady_clock::now() + slice;
  while (!work.advance(kBite))
    if (std::chrono::steady_clock::now() >= until) return false;
  return true;
}

}  // namespace

BreakpointRun::BreakpointRun() = default;
BreakpointRun::BreakpointRun(BreakpointRun&&) noexcept = default;
BreakpointRun& BreakpointRun::operator=(BreakpointRun&&) noexcept = default;
BreakpointRun::~BreakpointRun() = default;

void BreakpointRun::forget_stream() {
  stop();
  forget_counts();
  index_.reset();
  index_wanted_ = false;
}

void BreakpointRun::want_index() {
  if (!index_) index_wanted_ = counts_wanted_ = true;
}

void BreakpointRun::forget_counts() {
  counting_.reset();
  counts_wanted_ = true;
  hit_.reset();
}

bool BreakpointRun::start(const trace::Timeline& timeline, std::span<const Breakpoint> breakpoints,
                          core::EventNumber from, int direction) {
  stop();
  searched_.clear();
  std::vector<trace::Condition> conditions;
  for (std::size_t i = 0; i < breakpoints.size(); ++i) {
    if (!breakpoints[i].on) continue;
    auto condition = trace::Condition::parse(breakpoints[i].condition);
    if (!condition) continue;
    conditions.push_back(std::move(*condition));
    searched_.push_back(i);
  }
  if (conditions.empty()) return false;
  search(timeline, std::move(conditions), from, direction);
  return true;
}

bool BreakpointRun::start_alone(const trace::Timeline& timeline, const std::string& condition, core::EventNumber from,
                                int direction) {
  stop();
  auto parsed = trace::Condition::parse(condition);
  if (!parsed) return false;
  searched_ = {kNone};
  search(timeline, {std::move(*parsed)}, from, direction);
  return true;
}

void BreakpointRun::search(const trace::Timeline& timeline, std::vector<trace::Condition> conditions,
                           core::EventNumber from, int direction) {
  direction_ = direction;
  const auto wanted = direction > 0 ? trace::SearchDirection::Forward : trace::SearchDirection::Back;
  search_ = std::make_unique<trace::ConditionSearch>(timeline, std::move(conditions),
                                                     trace::SearchWish{from, wanted, 1, false}, index_.get());
}

void BreakpointRun::stop() { search_.reset(); }

double BreakpointRun::progress() const { return search_ ? search_->progress() : 1; }

BreakpointRun::Outcome BreakpointRun::advance() {
  if (!search_ || !work_for(kRunSlice, *search_)) return Outcome::Goes;
  if (search_->hits().empty()) return Outcome::Nothing;
  const trace::ConditionHit hit = search_->hits().front();
  hit_ = Hit{hit.event, searched_[hit.condition]};
  stop();
  return Outcome::Found;
}

bool BreakpointRun::count(const trace::Timeline& timeline, std::span<const Breakpoint> breakpoints) {
  if (breakpoints.empty() && !index_wanted_) return counts_wanted_ = false;
  if (!index_) index_ = std::make_unique<trace::ConditionIndex>(timeline);
  if (!work_for(kCountSlice, *index_)) return true;
  index_wanted_ = false;
  if (breakpoints.empty()) return counts_wanted_ = false;
  if (!counting_) {
    std::vector<trace::Condition> conditions;
    for (const Breakpoint& breakpoint : breakpoints) {
      auto condition = trace::Condition::parse(breakpoint.condition);
      if (!condition) return counts_wanted_ = false;
      conditions.push_back(std::move(*condition));
    }
    counting_ = std::make_unique<trace::ConditionSearch>(
        timeline, std::move(conditions), trace::SearchWish{0, trace::SearchDirection::Forward, 0, true, true},
        index_.get());
  }
  counts_wanted_ = !work_for(kCountSlice, *counting_);
  return counts_wanted_;
}

double BreakpointRun::count_progress() const {
  if (counting_) return 0.5 + counting_->progress() / 2;
  return index_ ? index_->progress() / 2 : 0;
}

std::size_t BreakpointRun::index_bytes() const { return index_ ? index_->memory_bytes() : 0; }

std::optional<std::uint64_t> BreakpointRun::count_of(std::size_t breakpoint) const {
  if (!counting_ || breakpoint >= counting_->counts().size()) return std::nullopt;
  return counting_->counts()[breakpoint];
}

const trace::HitMarks* BreakpointRun::marks_of(std::size_t breakpoint) const {
  return counting_ && breakpoint < counting_->marks().size() ? &counting_->marks()[breakpoint] : nullptr;
}

}  // namespace palloscope::gui
