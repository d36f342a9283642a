// The life of a place in memory over a whole trace: malloc'ed, a block of which context, handed out, grown, freed, used
// again by whom, lost in which reset or delete, given back. A chunk's life is that of its payload's first byte; where
// repalloc moved its contents, both halves name each other.
//
// The search reads events without replaying them and goes both ways from an anchor, the nearest first. Blocks of events
// that cannot concern the place are skipped by their summaries: whatever happens to a context's memory touches that
// context. So the work can be done in small portions, frame by frame, on a trace of any length.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trace/replay/timeline.h"

namespace palloscope::trace {

enum class LifeUse : std::uint8_t {
  Unmapped,  // not malloc'ed: nothing is there
  Plain,     // malloc'ed, in no context
  Header,    // of a context or a block
  Rest,      // in a block, never handed out since the block was made or emptied
  Live,
  Free,      // a freed or carved chunk
  Recycled,  // part of a deleted context that waits to be used again
};
inline constexpr int kLifeUseCount = 7;

// What ended one stretch of a life and began the next.
enum class LifeCause : std::uint8_t {
  Start,           // the stream begins so
  Malloc,          //
  Realloc,         // realloc moved something here, or away
  MallocFree,      // free(): the region went back to malloc
  ContextCreated,  // a context's header was laid out here
  BlockAdded,      //
  BlockLeft,       // the block left its context
  BlockEmptied,    // its chunks are gone, the block stayed
  Allocated,       // from the block's rest, or with a block of its own
  Reused,          // a free chunk handed out again
  Carved,          // cut out of a block's rest
  Resized,         // repalloc in place
  Freed,           //
  Reset,           // lost with the reset of its context
  Deleted,         // ... with the end of its context
  Recycled,        // the deleted context was kept for the next one
};
inline constexpr int kLifeCauseCount = 16;

// From one event that changed what the place is used for to the next.
struct LifeSegment {
  EventNumber first = 0;  // the event that began it; 0: it was so at the start
  EventNumber last = 0;   // the last event before the next one; 0: to the end of the stream
  LifeUse use = LifeUse::Unmapped;
  LifeCause cause = LifeCause::Start;
  BlockSlot block;
  ContextKey context;        // that has the memory; none: malloc alone
  std::string context_name;  // its name, or (Reset, Deleted, Freed with its block) of the one that had it
  ChunkSlot chunk;           // Live, Free
  EventNumber born = 0;      // the event that handed it out (never used: that carved it)
  Address at;                // payload
  std::uint64_t requested_bytes = 0, granted_bytes = 0;  // requested 0: not known, or never used
  // repalloc or realloc moved the contents: where the other half is told, 0: they did not move. Of a segment that
  // begins with the move (Allocated, Reused, Realloc to here): `from` the old place; else `to` the new one.
  EventNumber moved = 0;
  EventNumber end_event() const { return last == 0 ? ~EventNumber{0} : last; }
  friend bool operator==(const LifeSegment&, const LifeSegment&) = default;
};

// Something that happened within a segment.
struct LifeMark {
  EventNumber event = 0;
  std::optional<core::FaultKind> fault;  // none: the program wrote there
  friend bool operator==(const LifeMark&, const LifeMark&) = default;
};

class ChunkLife {
 public:
  // Around event `anchor`, at most so many segments either way; more() goes on from there.
  static constexpr std::size_t kSegments = 200;
  ChunkLife(const Timeline& timeline, Address at, EventNumber anchor, std::size_t segments_each_way = kSegments);
  ChunkLife(ChunkLife&&) noexcept;
  ChunkLife& operator=(ChunkLife&&) noexcept;
  ~ChunkLife();

  // Searches on, reading about so many events. True: nothing is left to do (until the stream grows).
  bool advance(std::size_t events = 200'000);
  void more(std::size_t segments_each_way);

  Address at() const;
  // In order, without gaps; the first may have begun earlier, and the last go on, while the search is not complete.
  std::vector<LifeSegment> segments() const;
  std::vector<LifeMark> marks() const;  // in order, of the segments known
  // Everything before / after the segments is known to be... nothing more: they reach to the start / the end.
  bool reaches_start() const;
  bool reaches_end() const;
  bool stopped_early() const;  // because there were enough segments
  // How much of the stream has been looked at, 0..1.
  double progress() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The same, for people: what lasts only while one operation is under way (a region that becomes a block at once, a
// block on its way back to malloc) is left out.
std::vector<LifeSegment> without_transit(std::vector<LifeSegment> segments);

// The chunk's payload now or when it was last there; the address of a thing that is selected by slot and birth.
std::optional<Address> address_of_chunk(const Timeline& timeline, ChunkSlot chunk, EventNumber born);

// Where the other half of a move lies: the address that the contents came from or went to. Looks at the state there.
std::optional<Address> other_half(const Timeline& timeline, const LifeSegment& segment);

// The line of the script that was running at the event; line 0: not known.
struct LifeSource {
  std::uint32_t file = 0, line = 0;
};
LifeSource source_of(const Timeline& timeline, EventNumber event);

std::string_view life_use_name(LifeUse use);        // "live"
std::string_view life_cause_name(LifeCause cause);  // "allocated"

}  // namespace palloscope::trace
