// Where in a stream events of certain kinds are: searches that skip blocks by their summaries, and the ticks of the
// timeline's lanes. Needs no state.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "trace/replay/event_store.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

class TimelineMarks {
 public:
  explicit TimelineMarks(const EventStore& store) : store_(&store) {}

  // The nearest event of one of these kinds after / before `from`; `size`: the last event that counts.
  std::optional<EventNumber> next_of(std::span<const std::uint8_t> tags, EventNumber from, EventNumber size);
  std::optional<EventNumber> previous_of(std::span<const std::uint8_t> tags, EventNumber from);

  std::vector<TimelineMark> within(EventNumber first, EventNumber last, int limit);

 private:
  struct Entry {
    std::vector<TimelineMark> marks;
    std::uint64_t used = 0;
  };
  // The buffer that the latest event gave a state word.
  struct Worded {
    core::BufferSlot buffer;
    bool has_page = false;
  };
  template <class E>
  static void note(std::optional<Worded>& last, const E& e) {
    if constexpr (requires {
                    e.buffer;
                    e.word;
                  })
      last = Worded{e.buffer, (e.word & core::buffer_bits::kTagValid) != 0};
  }
  std::optional<Worded> last_worded(std::size_t block) const;

  // Calls found(n, e) for each event of the block / whose tag is in `tags`.
  template <class Found>
  void for_each(std::size_t block, BlockEvents& events, Found found) const;
  template <class Found>
  void for_each_of(std::size_t block, std::span<const std::uint8_t> tags, Found found);
  std::vector<TimelineMark> read(std::size_t block);

  const EventStore* store_;
  BlockEvents events_;
  std::map<std::size_t, Entry> known_;  // by block
  std::uint64_t clock_ = 0;
};

}  // namespace palloscope::trace
