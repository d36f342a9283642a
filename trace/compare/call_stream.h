// CallStream: the calls behind a recorded stream, read event by event: create, reset, delete, reparent, palloc,
// repalloc, pfree, and C's own malloc, each with the event that told of it. Whatever the recording's allocator did to
// answer them (blocks, freelists, carving, recycling) is left out.
//
// A stream whose heap is known only in part (dumps) is refused. It stops, with words, at the first event after which
// the recorded heap no longer follows from calls: a double free, a write outside of what palloc gave.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/events/event_sink.h"
#include "trace/compare/call_marks.h"
#include "trace/compare/program_call.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// Refuses streams that say nothing of single chunks.
core::Status check_has_calls(const core::StreamDescription& description);

class CallStream {
 public:
  using Taker = std::function<void(const ProgramCall&)>;
  // After `most_calls` it stops, with words.
  CallStream(Taker taker, std::uint64_t most_calls) : take_(std::move(taker)), most_calls_(most_calls) {}
  CallStream(const CallStream&) = delete;
  CallStream& operator=(const CallStream&) = delete;

  void set_taker(Taker taker) { take_ = std::move(taker); }

  // Event number `event_number() + 1`, with the state after it: an event that this state calls impossible (a number
  // that is too large, a thing that is there already) ends the stream before any table here is touched. The taker is
  // called for each call that it completes. True: the event belongs to the last call (the call itself, or what followed
  // from it); the call may still go on with the next event.
  bool read(const core::EventBody& event, const MemoryState& after);
  // There are no further events for now: a malloc that no context has claimed was C's own. As read().
  bool flush();

  core::EventNumber event_number() const { return event_; }
  const CallMarks& marks() const { return marks_; }  // of the recording
  // What the program has asked for and not given back, chunks and C's own.
  std::uint64_t requested_bytes() const { return requested_; }
  // Why there are no further calls; empty: there may be some.
  const std::string& stopped() const { return stopped_; }

 private:
  enum class Region : std::uint8_t { None, Context, Own };
  struct RegionRecord {
    Region owner = Region::None;
    core::Address at = {};
    std::uint64_t bytes = 0;
    core::ContextSlot context = {};  // whose block it is
    bool external = false;
    core::ChunkSlot chunk = {};  // External: the one in it
  };
  struct ChunkRecord {
    bool live = false, external = false;
    core::Address at = {};
    std::uint64_t requested = 0, granted = 0;
    core::ContextSlot context = {};
    std::uint32_t place = 0;  // in its context's list
  };
  struct ContextRecord {
    bool live = false;
    core::ContextKind kind = core::ContextKind::AllocSet;
    std::vector<core::ChunkSlot> chunks;
  };
  // Where the start of the process stands: its events are one call.
  enum class Start : std::uint8_t { NotYet, Top, Switched, Error, Done };

  template <class E>
  bool on(const E&);  // kinds that are no call and end none
  bool on(const core::ContextCreated& e);
  bool on(const core::ContextReset& e);
  bool on(const core::ContextDeleted& e);
  bool on(const core::ContextRecycled& e);
  bool on(const core::ContextReparented& e);
  bool on(const core::ContextIdentSet& e);
  bool on(const core::ContextSwitched& e);
  bool on(const core::CritSectionAllowed& e);
  bool on(const core::CallbackRegistered& e);
  bool on(const core::Malloc& e);
  bool on(const core::MallocFailed& e);
  bool on(const core::Realloc& e);
  bool on(const core::Free& e);
  bool on(const core::BlockAdded& e);
  bool on(const core::BlockRemoved& e);
  bool on(const core::BlockEmptied& e);
  bool on(const core::ChunkAllocated& e);
  bool on(const core::ChunkFreed& e);
  bool on(const core::ChunkResized& e);
  bool on(const core::MemoryWritten& e);
  bool on(const core::ReallocFailed& e);
  bool on(const core::AllocationFailed& e);
  bool on(const core::ContextReported& e);
  bool on(const core::ContextsOmitted& e);

  bool settle_malloc(const core::EventBody* next);
  bool make(ProgramCall call);
  bool continues() { return marks_.size() != 0 ? (marks_.extend(event_), true) : false; }
  bool stop(std::string why);
  bool knows(core::ContextSlot slot) const { return slot.value < contexts_.size() && contexts_[slot.value].live; }
  RegionRecord& region(core::BlockSlot slot);
  void add_chunk(core::ChunkSlot slot, const ChunkRecord& record);
  void drop_chunk(core::ChunkSlot slot);
  bool drop_all(core::ContextSlot slot, CallKind kind);

  Taker take_;
  std::uint64_t most_calls_;
  CallMarks marks_;
  core::EventNumber event_ = 0;
  std::uint64_t requested_ = 0;
  std::uint32_t ordinal_ = 0;
  std::string stopped_;

  Start start_ = Start::NotYet;
  core::ContextSlot top_, error_;
  std::vector<RegionRecord> regions_;    // by BlockSlot
  std::vector<ChunkRecord> chunks_;      // by ChunkSlot
  std::vector<ContextRecord> contexts_;  // by ContextSlot
  std::map<core::Address, core::ChunkSlot> chunk_at_;
  std::map<core::Address, std::uint64_t> own_at_;  // C's own regions: bytes
  struct PendingMalloc {
    core::BlockSlot block;
    core::EventNumber event = 0;
  };
  std::optional<PendingMalloc> pending_;
  core::ChunkSlot moved_to_;  // Repalloc: made, and the old one not freed yet
  std::uint64_t fails_from_ = 0;
  bool realloc_failed_ = false;
  std::vector<core::ChunkSlot> dropped_;
};

}  // namespace palloscope::trace
