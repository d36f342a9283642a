// Timeline: one stream of events with a cursor. Whatever the source (file, running scenario, imported dump), views see
// only this. Opening reads the index, not the events; seeking restores the nearest keyframe and applies what follows;
// stepping either way costs what the step changed.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/events/event_sink.h"
#include "trace/replay/memory_budget.h"
#include "trace/replay/memory_curve.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

class EventStore;

// A thing over all time: its slot and the event that made it.
struct ContextKey {
  ContextSlot slot;
  EventNumber born = 0;
  friend bool operator==(const ContextKey&, const ContextKey&) = default;
};

// What the last move of the cursor (if it was a short one) changed: old values, for marks and +/- numbers.
// A thing that did not exist before the move has an old record with born == 0 / state Gone.
struct ChangeSet {
  EventNumber from = 0, to = 0;  // from > to: a step back
  bool known = false;            // false: the move was too long to say
  std::vector<std::pair<ContextSlot, ContextRecord>> contexts;
  std::vector<std::pair<BlockSlot, BlockRecord>> blocks;
  std::vector<std::pair<ChunkSlot, ChunkRecord>> chunks;
  std::vector<std::pair<BufferSlot, BufferRecord>> buffers;  // of all pools
  HeapTotals totals;                                         // old
  ProgramPoint point;                                        // old
};

// A tick for the lanes: context created, reset, deleted, reparented; errors; faults; narration; snapshots; pages that
// were evicted (not those of dropped relations); rounds of the clock.
struct TimelineMark {
  EventNumber event = 0;
  std::uint8_t tag = 0;  // the event's kTag; that of BufferUntagged for every eviction, also by 15's BufferTagged
  ContextSlot context;
};

class Timeline final {
 public:
  // A file of ours. Anything cut or corrupt opens as far as it is whole, and `problem()` says what is missing.
  static core::Result<Timeline> open(const std::filesystem::path& file);
  // A stream that grows: what is fed to `sink()` becomes part of it at once, in memory.
  static Timeline recording(core::StreamDescription description);

  Timeline(Timeline&&) noexcept;
  Timeline& operator=(Timeline&&) noexcept;
  ~Timeline();

  const core::StreamDescription& description() const;
  EventNumber size() const;            // number of events; grows for a recording
  const std::string& problem() const;  // empty: whole
  core::EventSink& sink();             // recordings only
  // Writes the whole stream as a trace file, with index and keyframes; an existing file is replaced when all is
  // written.
  core::Status save(const std::filesystem::path& file) const;

  // Takes effect as memory is asked for. Every answer is the same with any budget; a small one makes some slower.
  void set_memory_budget(const MemoryBudget& budget);
  const MemoryBudget& memory_budget() const;
  MemoryUse memory_use() const;

  EventNumber cursor() const;
  const MemoryState& state() const;  // at the cursor
  void seek(EventNumber n);          // clamped to 0..size()
  const ChangeSet& last_change() const;

  core::EventBody event(EventNumber n) const;  // 1..size()
  // For searches that read by themselves, block by block, over many frames. Only events 1..size() count.
  const EventStore& events() const;
  // Shows events first..last (within 1..size()) in order, each with the state after it. The cursor stays where it is;
  // windows that overlap the one before cost what they moved.
  using Visitor = std::function<void(EventNumber, const core::EventBody&, const MemoryState& after)>;
  void visit(EventNumber first, EventNumber last, const Visitor& visitor) const;
  // The nearest event after / before `from` that touches the context; none if there is no such.
  std::optional<EventNumber> next_touching(ContextKey context, EventNumber from) const;
  std::optional<EventNumber> previous_touching(ContextKey context, EventNumber from) const;
  // The nearest event of one of these kinds (tags) after / before `from`: lesson steps, errors, snapshots.
  std::optional<EventNumber> next_of(std::span<const std::uint8_t> tags, EventNumber from) const;
  std::optional<EventNumber> previous_of(std::span<const std::uint8_t> tags, EventNumber from) const;

  // The track of private memory: at most `columns` samples that cover first..last, without gaps; the first may begin a
  // little earlier and the last end a little later. Fine where few events are asked for; what was not yet replayed is
  // as coarse as a block of events, and `samples_complete()` is false until further calls have filled it in. A
  // heap too large for a second state (MemoryBudget::probe_state) stays coarse.
  std::vector<TrackSample> samples(EventNumber first, EventNumber last, int columns) const;
  bool samples_complete() const;  // of the last call of samples()
  // Marks within first..last, at most `limit`, rarer kinds thinned last. In a long range one may stand for its kind in
  // a whole block of events (no context; `event` is the block's first), where evictions and rounds are left out.
  std::vector<TimelineMark> marks(EventNumber first, EventNumber last, int limit) const;

 private:
  struct Impl;
  class ProbeUse;
  explicit Timeline(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace palloscope::trace
