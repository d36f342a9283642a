// The events that a filter lets through, nearest to some event first, both ways: by kind, by context, and by words in
// names, idents, notes and texts, or sizes and addresses, or by a condition. Found in portions, so that a list can show
// what there is so far; keeps a bounded number of them around the place where the search began.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct EventFilter {
  std::string words;                     // "Executor", "8192", "0x55d0c0de1000"; empty: any
  std::string condition;                 // "alloc and size > 1MB" (trace/query); then there are no words; empty: any
  std::array<std::uint64_t, 4> kinds{};  // bit `tag`; none: any
  ContextKey context;                    // no slot: any

  bool empty() const {
    return words.empty() && condition.empty() && kinds == std::array<std::uint64_t, 4>{} && !context.slot;
  }
  friend bool operator==(const EventFilter&, const EventFilter&) = default;
};

class ConditionIndex;

class EventSearch {
 public:
  static constexpr std::size_t kMostFound = 10'000;  // either way

  // The timeline must outlive it; it may grow. So must the index, of which a condition makes use; null: there is none.
  EventSearch(const Timeline& timeline, EventFilter filter, EventNumber anchor, std::size_t most_found = kMostFound,
              const ConditionIndex* index = nullptr);
  ~EventSearch();
  EventSearch(EventSearch&&) noexcept;
  EventSearch& operator=(EventSearch&&) noexcept;

  // Looks at some thousands of events more. False: nothing is left to do (until the stream grows).
  bool advance();

  const EventFilter& filter() const;
  std::size_t found() const;
  EventNumber operator[](std::size_t i) const;      // in the order of the stream
  std::size_t first_from(EventNumber event) const;  // index of the first at or after it; found(): none so far
  EventNumber looked_first() const;                 // of what was looked at; there is nothing else in between
  EventNumber looked_last() const;
  // Where the search would have to begin anew to see what lies around the event.
  bool reaches(EventNumber event) const;
  double progress() const;  // of the stream that was looked at, 0..1

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace palloscope::trace
