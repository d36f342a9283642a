// What breakpoints do between frames: the run to the next or back to the previous event at which one holds, and, when
// nothing else is to be done, how often each holds in the whole stream. In slices; a run can be stopped at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gui/notes.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {
class Condition;
class ConditionIndex;
class ConditionSearch;
class HitMarks;
}  // namespace palloscope::trace

namespace palloscope::gui {

class BreakpointRun {
 public:
  BreakpointRun();
  BreakpointRun(BreakpointRun&&) noexcept;
  BreakpointRun& operator=(BreakpointRun&&) noexcept;
  ~BreakpointRun();

  // The stream or the list is another one: what is known of the old is forgotten.
  void forget_stream();
  void forget_counts();

  // From the event on, or back from it, to where one of those that are on holds. False: none is on.
  bool start(const trace::Timeline& timeline, std::span<const Breakpoint> breakpoints, core::EventNumber from,
             int direction);
  // The same for one condition that is no breakpoint. False: it is none.
  bool start_alone(const trace::Timeline& timeline, const std::string& condition, core::EventNumber from,
                   int direction);
  void stop();
  bool is_running() const { return search_ != nullptr; }
  int direction() const { return direction_; }
  double progress() const;

  static constexpr std::size_t kNone = ~std::size_t{0};
  struct Hit {
    core::EventNumber event = 0;
    std::size_t breakpoint = 0;  // kNone: of start_alone
  };
  enum class Outcome : std::uint8_t { Goes, Found, Nothing };
  // A slice of the run. Nothing: a stream that grows may bring it later, if the run is not stopped.
  Outcome advance();
  std::optional<Hit> hit() const { return hit_; }  // the last one, as long as the list stays

  // Also without breakpoints the index is made.
  void want_index();
  const trace::ConditionIndex* index() const { return index_.get(); }  // as far as it is made; null: not begun
  // A slice of what needs not be at once: the index, then the counts. True: there is more to do.
  bool count(const trace::Timeline& timeline, std::span<const Breakpoint> breakpoints);
  bool is_counting() const { return counts_wanted_; }
  bool has_work(std::span<const Breakpoint> breakpoints) const {
    return counts_wanted_ && (index_wanted_ || !breakpoints.empty());
  }
  double count_progress() const;
  // How often that breakpoint holds, as far as is counted. None: not begun.
  std::optional<std::uint64_t> count_of(std::size_t breakpoint) const;
  std::size_t index_bytes() const;  // what the index takes
  // Where it holds, as far as is counted. Null: not begun.
  const trace::HitMarks* marks_of(std::size_t breakpoint) const;

 private:
  void search(const trace::Timeline& timeline, std::vector<trace::Condition> conditions, core::EventNumber from,
              int direction);

  std::unique_ptr<trace::ConditionIndex> index_;
  std::unique_ptr<trace::ConditionSearch> search_, counting_;
  std::vector<std::size_t> searched_;  // which breakpoints those are
  int direction_ = 1;
  std::optional<Hit> hit_;
  bool counts_wanted_ = true, index_wanted_ = false;
};

}  // namespace palloscope::gui
