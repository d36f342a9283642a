// ShadowMemory: what a debugger knows of memory outside the simulated bytes, from events alone: which pieces are handed
// out, by which event, how many bytes were asked for, and how their lives ended. Past lives are remembered until other
// memory takes their place, and by their number for longer; both are bounded. It judges nothing: FaultWatch does.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/events/event.h"
#include "core/version/version_profile.h"

namespace palloscope::core {

// One life of a piece of memory: a chunk, or what C's own malloc handed out.
struct ShadowLife {
  // Lost: the allocator, led astray, gave its memory to somebody else. The owner knows nothing of that.
  enum class End : std::uint8_t { None, Freed, Reset, Deleted, Lost };

  EventNumber born = 0;  // its name: an event begins one life at most
  EventNumber ended = 0;
  End end = End::None;
  Address at;
  std::uint64_t requested_bytes = 0, granted_bytes = 0;
  std::uint64_t header_bytes = 0;  // in front of `at`
  ContextSlot context;             // none: malloc's
  ContextKind kind = ContextKind::Unknown;
  EventNumber context_born = 0;
  ChunkSlot chunk;
  BlockSlot block;
  // What the words in front stood at when it was handed out or resized: FaultWatch reads them.
  std::optional<std::uint64_t> first_word, last_word;

  bool live() const { return end == End::None; }
  bool holds(Address from, std::uint64_t bytes) const {
    return from >= at && from - at <= requested_bytes && bytes <= requested_bytes - (from - at);
  }
};

// What an event did to lives, beyond what it says.
struct ShadowEffect {
  EventNumber began = 0;         // this life
  EventNumber resized = 0;       // this one has new bounds
  EventNumber handed_twice = 0;  // this live one lost its place to the one that began
  EventNumber lost = 0;          // this live one went with its block, though nobody freed it
  bool unknown_chunk = false;    // a chunk was handed out where no block of a context is
};

class ShadowMemory {
 public:
  explicit ShadowMemory(const VersionProfile& profile) : profile_(profile) {}

  ShadowEffect apply(const EventBody& event, EventNumber number);

  const ShadowLife* find(EventNumber born) const;
  ShadowLife* find(EventNumber born);
  // The latest life that has this byte, in its header, payload or rounding; null: none known.
  const ShadowLife* covering(Address at) const;
  // The latest life whose payload begins there.
  const ShadowLife* beginning_at(Address at) const;
  // The last chunk that begins at or before this address in the same malloc'ed region (or right behind its end).
  const ShadowLife* nearest_before(Address at) const;
  // The memory behind this pointer is an aligned piece of the chunk that was handed out (spec 7.11).
  void narrow_to(Address aligned, std::uint64_t requested_bytes);

  struct Context {
    EventNumber born = 0, ended = 0;
    Address at;
    ContextKind kind = ContextKind::Unknown;
    bool allow_in_crit_section = false;
  };
  const Context* context(ContextSlot slot) const;        // null: no such context now
  const Context* context_at(Address at) const;           // live or, where none lives, the last that was deleted there
  ContextSlot slot_at(Address at) const;                 // of a live context
  ContextSlot context_of_region_with(Address at) const;  // whose block lies there; none: nobody's

 private:
  struct Region {
    Address at;
    std::uint64_t bytes = 0;
    ContextSlot context;           // that a block in it belongs to, or whose header it holds
    EventNumber context_born = 0;  // slots are used again
    EventNumber life = 0;          // while it is malloc's own
    EventNumber last_chunk = 0;    // life that began last in it
    std::uint64_t live_chunks = 0;
  };
  struct Span {
    std::uint64_t end = 0;
    EventNumber life = 0;
  };

  void begin_life(ShadowLife life, ShadowEffect& effect);
  void end_life(EventNumber born, ShadowLife::End end, EventNumber number);
  void end_context(ContextSlot slot, ShadowLife::End end, EventNumber number);
  void own_region(BlockSlot block, ContextSlot context);
  void move_region(BlockSlot block, const Realloc& event, EventNumber number, ShadowEffect& effect);
  EventNumber end_chunks_in(BlockSlot block, EventNumber number);
  void place(const ShadowLife& life);
  void clear(std::uint64_t from, std::uint64_t to);
  void forget_oldest();
  std::uint64_t header_bytes(ContextKind kind) const;
  Region& region(BlockSlot block);
  const Region* region_around(Address at) const;

  const VersionProfile& profile_;
  std::unordered_map<EventNumber, ShadowLife> lives_;
  std::deque<EventNumber> past_;                           // ended lives, oldest first
  std::map<std::uint64_t, Span> spans_;                    // by start; they do not overlap
  std::unordered_map<std::uint64_t, EventNumber> starts_;  // payload address -> latest life
  std::vector<EventNumber> chunk_lives_;                   // by ChunkSlot
  std::vector<Context> contexts_;                          // by ContextSlot; born 0: none
  std::vector<std::vector<EventNumber>> context_lives_;    // by ContextSlot; ended ones are swept now and then
  std::unordered_map<Address, ContextSlot> live_contexts_;
  std::unordered_map<Address, Context> deleted_contexts_;
  std::vector<Region> regions_;                      // by BlockSlot
  std::map<std::uint64_t, BlockSlot> live_regions_;  // by start
};

}  // namespace palloscope::core
