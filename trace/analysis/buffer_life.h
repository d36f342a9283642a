// The biography of a buffer over a whole trace: for which page it was loaded and by whom, who pinned, dirtied and wrote
// it and why, when the clock hand counted it down, which ring used it, for which other page it had to go.
//
// Reads events from the start without replaying them (who acts, what is asked for and what rings hold must be known),
// passing over blocks that are not about buffers, in portions: a window can do it frame by frame. A stream that grows
// is followed.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trace/replay/timeline.h"

namespace palloscope::trace {

enum class BufferDeed : std::uint8_t {
  Loaded,       // a page came into it
  Pinned,       //
  Unpinned,     //
  Dirtied,      //
  Written,      // `reason`
  CountedDown,  // the hand came by: usage count one less
  PassedOver,   // the hand came by and found it pinned
  Swept,        // the hand chose it for another page
  Popped,       // the freelist gave it for a page
  Refused,      // it left the freelist, but was in use
  RingReused,   // its ring chose it for another page
  RingSpared,   // its ring came by, but it was in use, or would have needed WAL first
  RingJoined,   // it is in a slot of `ring` from now on
  RingLeft,     // and from now on no longer
  Evicted,      // the page left it for another one
  Dropped,      // the page left it with its relation or database
  Freed,        // it came onto the freelist
  Flagged,      // other bits of its state word changed
};
inline constexpr int kBufferDeedCount = 18;
std::string_view buffer_deed_name(BufferDeed deed);  // "counted down"

struct BufferEntry {
  static constexpr std::uint32_t kNobody = 0xFFFFFFFF;
  EventNumber event = 0;
  BufferDeed deed = BufferDeed::Loaded;
  core::WriteReason reason = core::WriteReason::Victim;  // Written
  std::uint32_t who = kNobody;                           // the backend that acted, for BufferLife::backend_name
  core::RingSlot ring;                                   // Ring...
  std::uint32_t word_before = 0, word = 0;               // the state word
  EventNumber request = 0;                               // the PageRequested before it, by the same backend; 0: none
  core::PageTag wanted;                                  // Evicted: the page that was asked for
  friend bool operator==(const BufferEntry&, const BufferEntry&) = default;
};

// One page's time in the buffer.
struct BufferStay {
  EventNumber first = 0, last = 0;  // from the event that brought the page to the one that took it away (0: not yet)
  core::PageTag tag;
  bool for_new = false;                      // it was made, not read
  bool dropped = false;                      // else evicted, for `wanted`
  core::PageTag wanted;                      // meaningful if it was evicted
  std::uint32_t who = BufferEntry::kNobody;  // brought it
  std::uint32_t pins = 0;                    // with those of who wrote it
  std::uint32_t dirtied = 0, counted_down = 0;
  std::uint32_t writes[core::kWriteReasonCount] = {};
  std::uint32_t most_usage = 0;
  friend bool operator==(const BufferStay&, const BufferStay&) = default;
};

class BufferLife {
 public:
  static constexpr std::size_t kEntries = 5'000;  // that are kept before the anchor, and as many after it

  // The timeline must outlive it.
  BufferLife(const Timeline& timeline, core::BufferSlot buffer, EventNumber anchor, std::size_t most = kEntries);

  // Reads on, about so many events. True: nothing is left to read, until the stream grows.
  bool advance(std::size_t events = 200'000);
  double progress() const;

  core::BufferSlot buffer() const { return buffer_; }
  const std::deque<BufferStay>& stays() const { return stays_; }       // in order
  const std::deque<BufferEntry>& entries() const { return entries_; }  // in order, of those stays and between them
  bool is_cut() const { return cut_before_ || stopped_; }              // there was more, before or after

  std::string_view backend_name(std::uint32_t who) const;          // empty: nobody's
  std::string_view relation_name(const core::PageTag& tag) const;  // empty: nobody said

 private:
  struct Relation {
    std::uint32_t tablespace, database, relation;
    std::string name;
  };

  template <class E>
  void take(EventNumber n, const E& event);
  template <class E>
  void take_of_buffer(EventNumber n, const E& event);
  BufferEntry& add(EventNumber n, BufferDeed deed, std::uint32_t word);
  void end_stay(EventNumber n, bool dropped);
  std::uint32_t name_of(core::BackendSlot slot) const;

  const Timeline* timeline_;
  core::BufferSlot buffer_;
  EventNumber anchor_;
  std::size_t most_;
  EventNumber next_ = 1;  // to be read
  bool cut_before_ = false, stopped_ = false;

  std::deque<BufferStay> stays_;
  std::deque<BufferEntry> entries_;
  std::size_t after_ = 0;  // entries behind the anchor

  // What is known at next_.
  std::vector<std::string> names_;            // of backends, in the order in which they started
  std::vector<std::uint32_t> backend_names_;  // by slot
  core::BackendSlot acting_;
  std::vector<Relation> relations_;
  std::vector<std::vector<core::BufferSlot>> rings_;  // by slot
  EventNumber request_ = 0;                           // under way; 0: none
  core::PageRequested asked_;
  std::uint32_t word_ = 0;
  bool has_page_ = false;
};

}  // namespace palloscope::trace
