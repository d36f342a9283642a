// PlaceTracker: what one address is used for, followed event by event without replaying the heap: the region that holds
// it, the context that has the region, the chunk there. The worker of ChunkLife.
//
// It may be led past events that cannot concern the place (can_skip): whatever changes memory of a context touches that
// context, and memory in no context changes hands only by a few rare kinds of events.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "core/version/version_profile.h"
#include "trace/analysis/chunk_life.h"
#include "trace/file/block_summary.h"

namespace palloscope::trace {

class PlaceTracker {
 public:
  // `finished`: called with each segment that ended. `marked`: with what happened within one.
  PlaceTracker(const Timeline& timeline, Address at, std::function<void(LifeSegment)> finished,
               std::function<void(LifeMark)> marked);

  // Stands after event n, whose state this is. Nothing is finished by it.
  void stand(EventNumber n, const MemoryState& state);
  // Stands before the stream's first event, or where nothing is malloc'ed.
  void stand_unmapped(EventNumber n);

  // The next event; those between the last one and this one were skipped rightly.
  template <class E>
  void operator()(EventNumber n, const E& event);

  bool can_skip(const BlockSummary& summary) const;
  void skip(const BlockSummary& summary);

  const LifeSegment& now() const { return now_; }
  LifeSegment& now() { return now_; }

 private:
  struct Owner {
    ContextKey key;
    std::string name;
    std::uint64_t header_bytes = 0;  // of its chunks
  };
  struct Region {
    BlockSlot slot;  // none: unmapped
    Address at;
    std::uint64_t bytes = 0;
    core::BlockRole role = core::BlockRole::Plain;
    Address header, free_start;
    Owner owner;
  };
  // The chunk whose payload or header holds the place, or the only one of the dedicated block that does.
  struct Chunk {
    ChunkSlot slot;
    Address at;
    std::uint64_t requested_bytes = 0, granted_bytes = 0;
    EventNumber born = 0;
    bool live = false;
  };

  void read(const MemoryState& state);
  bool in(Address at, std::uint64_t bytes) const { return at_ >= at && at_ - at < bytes; }
  bool in_chunk(Address at, std::uint64_t granted_bytes) const;
  LifeUse use() const;
  void change(EventNumber n, LifeCause cause, std::string name = {});
  void leave_context(EventNumber n, LifeCause cause);
  Owner owner_at(EventNumber n, ContextSlot slot);
  void mark(LifeMark mark, Address at, std::uint64_t bytes, bool about_chunk);

  void see(EventNumber n, const core::Malloc& e);
  void see(EventNumber n, const core::Realloc& e);
  void see(EventNumber n, const core::Free& e);
  void see(EventNumber n, const core::ContextCreated& e);
  void see(EventNumber n, const core::ContextReset& e);
  void see(EventNumber n, const core::ContextDeleted& e);
  void see(EventNumber n, const core::ContextRecycled& e);
  void see(EventNumber n, const core::BlockAdded& e);
  void see(EventNumber n, const core::BlockRemoved& e);
  void see(EventNumber n, const core::BlockEmptied& e);
  void see(EventNumber n, const core::ChunkAllocated& e);
  void see(EventNumber n, const core::ChunkFreed& e);
  void see(EventNumber n, const core::ChunkCarved& e);
  void see(EventNumber n, const core::ChunkResized& e);
  void see(EventNumber n, const core::MemoryWritten& e);
  void see(EventNumber n, const core::FaultFound& e);

  const Timeline* timeline_;
  const core::VersionProfile* profile_;  // null: not known
  Address at_;
  std::function<void(LifeSegment)> finished_;
  std::function<void(LifeMark)> marked_;
  std::unordered_map<ContextSlot, Owner> known_;
  Region region_;
  Chunk chunk_;
  LifeSegment now_;
  EventNumber moving_ = 0;      // the last ChunkAllocated of a repalloc
  bool awaits_source_ = false;  // now_ began with one, and what it was moved from is told by the next ChunkFreed
};

template <class E>
void PlaceTracker::operator()(EventNumber n, const E& event) {
  if constexpr (requires { see(n, event); }) see(n, event);
}

}  // namespace palloscope::trace
