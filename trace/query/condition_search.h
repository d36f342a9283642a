// Looks through a stream for events at which one of several conditions holds, forwards or backwards, in portions: a
// window does it between its frames and can stop at any time. Blocks of events at which none can hold are passed over.
//
// Backwards, the events between two keyframes are gone through forwards, and what was found last counts: a state is
// only known by replaying what led to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trace/query/condition_watch.h"
#include "trace/query/hit_marks.h"
#include "trace/replay/timeline.h"
#include "trace/replay/walker.h"

namespace palloscope::trace {

class ConditionIndex;

enum class SearchDirection : std::uint8_t { Forward, Back };

struct ConditionHit {
  EventNumber event = 0;
  std::size_t condition = 0;  // which of them held; if several did, the first
  friend bool operator==(const ConditionHit&, const ConditionHit&) = default;
};

struct SearchWish {
  EventNumber from = 0;  // forward: events after it; back: events before it
  SearchDirection direction = SearchDirection::Forward;
  std::size_t keep = 1;    // so many hits are kept, the nearest; then the search is over ...
  bool count_all = false;  // ... unless the others are to be counted
  bool mark_all = false;   // and where each condition holds is noted (marks); only forwards
};

class ConditionSearch {
 public:
  // The timeline and the index (null: there is none) must outlive it.
  ConditionSearch(const Timeline& timeline, std::vector<Condition> conditions, SearchWish wish,
                  const ConditionIndex* index = nullptr);
  ConditionSearch(const ConditionSearch&) = delete;
  ConditionSearch& operator=(const ConditionSearch&) = delete;

  // Searches on, reading about so many events. True: it is over (a stream that grew since is followed, forwards).
  bool advance(std::size_t events = 200'000);
  double progress() const;  // 0 to 1

  // In the order in which they were found: backwards, the last event first.
  const std::vector<ConditionHit>& hits() const { return hits_; }
  // All hits between where it began and this event, which was looked at too, are known.
  EventNumber looked_to() const;
  const std::vector<std::uint64_t>& counts() const { return counts_; }  // by condition, of what was looked through
  const std::vector<HitMarks>& marks() const { return marks_; }         // by condition; empty: they are not noted
  std::uint64_t count() const { return count_; }                        // of events at which one held
  const std::vector<Condition>& conditions() const { return conditions_; }
  const std::string& problem() const { return problem_; }  // why the rest cannot be read; empty: it can

 private:
  bool may_hold(std::size_t block) const;
  bool is_over() const { return stopped_ || (!wish_.count_all && hits_.size() >= wish_.keep); }
  bool next_span();
  void go_on(std::size_t& budget);
  bool stand_before(EventNumber event, std::size_t& budget);
  void read_block(EventNumber first, EventNumber last, std::size_t block);
  void replay_block(EventNumber last);
  void end_span();
  template <class E>
  void judge(EventNumber number, const E& event);
  void found(EventNumber event, std::size_t condition);
  void count_hit(EventNumber event, std::size_t condition) {
    ++counts_[condition];
    if (!marks_.empty()) marks_[condition].add(event);
  }

  const Timeline* timeline_;
  const EventStore* store_;
  std::vector<Condition> conditions_;
  SearchWish wish_;
  const ConditionIndex* index_;
  std::vector<ConditionWatch> watches_;
  std::vector<std::uint8_t> wanted_;  // by watch: of this event
  bool by_state_ = false;
  Walker walker_;
  EventNumber watched_ = ~EventNumber{0};  // the watches know what was up to this event; ~0: nothing

  // What is gone through forwards, now: events next_..last_. Backwards the spans before it follow.
  EventNumber next_ = 1, last_ = 0;
  std::vector<ConditionHit> span_hits_;  // backwards
  EventNumber back_to_ = 0;              // backwards: events 1..back_to_ are in no span yet
  bool stopped_ = false;

  std::vector<ConditionHit> hits_;
  std::vector<std::uint64_t> counts_;
  std::vector<HitMarks> marks_;
  std::uint64_t count_ = 0;
  std::string problem_;
};

}  // namespace palloscope::trace
