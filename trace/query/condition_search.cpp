#include "trace/query/condition_search.h"

#include <algorithm>
#include <utility>

#include "trace/explain/profile_for.h"
#include "trace/query/condition_index.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kJournalBytes = 64 * 1024;  // it only goes forwards
constexpr std::size_t kSkipCost = 16;             // of a block that is passed over, in events read
constexpr std::size_t kStandCost = 32 * 1024;     // of a restored keyframe

}  // namespace

ConditionSearch::ConditionSearch(const Timeline& timeline, std::vector<Condition> conditions, SearchWish wish,
                                 const ConditionIndex* index)
    : timeline_(&timeline),
      store_(&timeline.events()),
      conditions_(std::move(conditions)),
      wish_(wish),
      index_(index),
      wanted_(conditions_.size()),
      walker_(timeline.events(), kJournalBytes),
      counts_(conditions_.size()) {
  if (wish_.mark_all) marks_.resize(conditions_.size());
  const core::VersionProfile* profile = &profile_for(timeline.description());
  for (const Condition& condition : conditions_) {
    watches_.emplace_back(condition, profile);
    by_state_ |= condition.needs_state();
  }
  if (wish_.direction == SearchDirection::Forward) {
    next_ = wish_.from + 1;
    last_ = timeline.size();
  } else {
    back_to_ = wish_.from == 0 ? 0 : std::min(wish_.from - 1, timeline.size());
  }
  if (conditions_.empty() || wish_.keep == 0) stopped_ = !wish_.count_all;
}

bool ConditionSearch::may_hold(std::size_t block) const {
  if (store_->is_open(block)) return true;
  return std::any_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
    return index_ ? index_->may_hold(condition, block) : condition.may_hold(*store_, block);
  });
}

double ConditionSearch::progress() const {
  if (is_over()) return 1;
  const auto share = [](EventNumber done, EventNumber all) {
    return all == 0 ? 1 : static_cast<double>(std::min(done, all)) / static_cast<double>(all);
  };
  if (wish_.direction == SearchDirection::Forward)
    return share(next_ - wish_.from - 1, last_ > wish_.from ? last_ - wish_.from : 0);
  const EventNumber all = std::min(wish_.from, timeline_->size() + 1) - 1;
  return share(all - std::min(all, back_to_), all);
}

EventNumber ConditionSearch::looked_to() const {
  if (is_over() && !stopped_) return hits_.back().event;
  if (wish_.direction == SearchDirection::Forward) return next_ - 1;
  // A span that is not through tells nothing yet.
  return next_ > last_ ? back_to_ + 1 : last_ + 1;
}

bool ConditionSearch::advance(std::size_t events) {
  if (wish_.direction == SearchDirection::Forward) last_ = timeline_->size();
  while (!is_over()) {
    if (next_ > last_ && !next_span()) return true;
    if (events == 0) return false;
    go_on(events);
  }
  return true;
}

// Backwards: from the keyframe before it on. Without a state, a block is enough.
bool ConditionSearch::next_span() {
  if (wish_.direction == SearchDirection::Forward || back_to_ == 0) return false;
  last_ = back_to_;
  next_ = by_state_ ? store_->keyframe_before(last_ - 1) + 1 : store_->first_event(store_->block_of(last_));
  back_to_ = next_ - 1;
  span_hits_.clear();
  return true;
}

void ConditionSearch::go_on(std::size_t& budget) {
  const std::size_t block = store_->block_of(next_);
  const EventNumber last = std::min(store_->first_event(block) + store_->event_count(block) - 1, last_);
  if (!may_hold(block)) {
    next_ = last + 1;
    budget -= std::min(budget, kSkipCost);
  } else if (!by_state_) {
    read_block(next_, last, block);
    budget -= std::min<std::size_t>(budget, last - next_ + 1);
    next_ = last + 1;
  } else {
    if (!stand_before(next_, budget)) return;
    budget -= std::min<std::size_t>(budget, last - next_ + 1);
    replay_block(last);
    next_ = last + 1;
  }
  if (next_ > last_) end_span();
}

// Brings the walker to the state before the event, as far as the budget goes.
bool ConditionSearch::stand_before(EventNumber event, std::size_t& budget) {
  const EventNumber wanted = event - 1;
  const EventNumber keyframe = store_->keyframe_before(wanted);
  bool good = true;
  if (walker_.at() > wanted || walker_.at() < keyframe) {
    budget -= std::min(budget, kStandCost);
    good = walker_.seek(keyframe, 0);
  }
  while (good && walker_.at() < wanted) {
    if (budget == 0) return false;
    const EventNumber here = walker_.at();
    good = walker_.seek(std::min<EventNumber>(wanted, here + budget), 0);
    budget -= std::min<std::size_t>(budget, walker_.at() - here);
  }
  if (!good) {
    problem_ = walker_.problem();
    next_ = last_ + 1;  // what lies behind the damage is not looked at
    end_span();
    return false;
  }
  if (watched_ != wanted)
    for (ConditionWatch& watch : watches_) watch.stand(walker_.state());
  watched_ = wanted;
  return true;
}

void ConditionSearch::replay_block(EventNumber last) {
  const bool good = walker_.advance(
      last,
      [&](const auto& event) {
        using E = std::decay_t<decltype(event)>;
        for (std::size_t i = 0; i < watches_.size(); ++i) {
          wanted_[i] = watches_[i].wants(E::kTag);
          if (wanted_[i]) watches_[i].before(walker_.at() + 1, event, walker_.state());
        }
      },
      [&] {
        std::size_t first = watches_.size();
        for (std::size_t i = watches_.size(); i-- != 0;) {
          if (!wanted_[i] || !watches_[i].after(walker_.state())) continue;
          count_hit(walker_.at(), i);
          first = i;
        }
        if (first != watches_.size()) found(walker_.at(), first);
      });
  watched_ = walker_.at();
  if (good) return;
  problem_ = walker_.problem();
  last_ = std::min(last_, walker_.at());
}

template <class E>
void ConditionSearch::judge(EventNumber number, const E& event) {
  std::size_t first = conditions_.size();
  for (std::size_t i = conditions_.size(); i-- != 0;) {
    if (!conditions_[i].holds(number, event)) continue;
    count_hit(number, i);
    first = i;
  }
  if (first != conditions_.size()) found(number, first);
}

void ConditionSearch::read_block(EventNumber first, EventNumber last, std::size_t block) {
  BlockEvents events;
  core::Status status = store_->begin(block, events);
  if (status) status = events.skip(static_cast<std::uint32_t>(first - store_->first_event(block)));
  EventNumber n = first;
  if (status)
    status = events.visit(static_cast<std::uint32_t>(last - first + 1), [&](const auto& event) { judge(n++, event); });
  if (!status && problem_.empty()) problem_ = status.error().message;
}

void ConditionSearch::found(EventNumber event, std::size_t condition) {
  if (wish_.direction == SearchDirection::Back) {
    span_hits_.push_back({event, condition});
    // Only the last ones can be wanted; the others go from time to time.
    const std::size_t wanted = wish_.keep - std::min(wish_.keep, hits_.size());
    if (span_hits_.size() >= 1024 && span_hits_.size() / 2 >= wanted)
      span_hits_.erase(span_hits_.begin(), span_hits_.end() - static_cast<std::ptrdiff_t>(wanted));
    ++count_;
    return;
  }
  // The rest of the block is read, but nobody asked for it.
  if (!wish_.count_all && hits_.size() >= wish_.keep) return;
  ++count_;
  if (hits_.size() < wish_.keep) hits_.push_back({event, condition});
}

void ConditionSearch::end_span() {
  if (wish_.direction == SearchDirection::Forward) return;
  while (!span_hits_.empty() && hits_.size() < wish_.keep) {
    hits_.push_back(span_hits_.back());
    span_hits_.pop_back();
  }
  span_hits_.clear();
}

}  // namespace palloscope::trace
