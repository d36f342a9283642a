// Growth: what the contexts of one moment hold beside those of the moment before, by path, and in a second. Shared by
// `palloscope top` and the panel of the process; works for every stream that has moments (snapshots, dumps).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/events/event.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// The contexts of one path (names from the top context down) at one moment: their own memory, not that of those below.
struct PathHold {
  std::uint32_t path = 0;  // index into MomentHistory::paths()
  ContextKey first = {};   // one of them
  std::uint64_t contexts = 0, total_bytes = 0, used_bytes = 0;
};

struct MomentUse {
  EventNumber event = 0;  // the moment is complete here
  std::string label;      // its time, as the stream has it; may be empty
  std::uint32_t pid = 0;
  std::string problem;                        // what did not add up; empty: nothing
  std::optional<double> at_s;                 // seconds since 1970, where the label is a time
  std::optional<core::ProcessReported> told;  // of the process; dumps say nothing of it
  std::vector<PathHold> uses;                 // ascending by path
  std::uint64_t total_bytes = 0, used_bytes = 0;
};

// The moments of a stream, taken in as they come.
class MomentHistory {
 public:
  // Takes in moments that are not known yet, at most so many; true: all are. The same timeline each time.
  bool follow(const Timeline& timeline, std::size_t most);
  // One that is told otherwise.
  void add(MomentUse moment, const MemoryState& state, const core::StreamDescription& description);
  // Older moments than the last `count` are forgotten.
  void keep_last(std::size_t count);

  const std::vector<MomentUse>& moments() const { return moments_; }
  const std::vector<std::string>& paths() const { return paths_; }  // "TopMemoryContext > CacheMemoryContext"
  // The last moment that is complete at this event; none: there is no such.
  std::optional<std::size_t> at(EventNumber event) const;

 private:
  std::uint32_t path_number(const std::string& path);

  EventNumber followed_to_ = 0;
  std::vector<MomentUse> moments_;
  std::vector<std::string> paths_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

struct GrowthRow {
  std::uint32_t path = 0;
  ContextKey first = {};  // one of its contexts; of a path that is gone one of those that were
  std::uint64_t contexts = 0, total_bytes = 0, used_bytes = 0;  // now
  std::int64_t change_bytes = 0;                                // of total_bytes
  std::optional<double> per_second;                             // none: no moment before, or the time is not known
};

// A row for each path of either moment. `before` null: there is none.
std::vector<GrowthRow> growth_between(const MomentUse* before, const MomentUse& now);

enum class GrowthOrder : std::uint8_t { Total, Growth };
// Largest first; of equal ones the larger total, then the earlier path.
void sort_growth(std::vector<GrowthRow>& rows, GrowthOrder order);

// "2026-11-22T08:40:01.123Z", also with a space and a zone's name (taken as UTC): seconds since 1970.
std::optional<double> seconds_of_label(std::string_view label);

// "08:40:01.1" of such a label; any other as it is.
std::string clock_of(std::string_view label);

}  // namespace palloscope::trace
