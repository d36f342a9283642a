#include "trace/replay/timeline.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "trace/file/background_writer.h"
#include "trace/replay/curve_columns.h"
#include "trace/replay/event_window.h"
#include "trace/replay/file_events.h"
#include "trace/replay/recorded_events.h"
#include "trace/replay/timeline_marks.h"
#include "trace/replay/walker.h"

namespace palloscope::trace {
namespace {

constexpr EventNumber kJournalWindow = 2048;    // events before the cursor that a seek makes undoable
constexpr EventNumber kStepBackWindow = 16384;  // the same, when steps back have used the journal up: more will follow
constexpr EventNumber kKnownMove = 256;         // moves up to so many events know what they changed
constexpr EventNumber kVisitWindow = 512;       // events before a visit that can be scrolled back to without a seek
constexpr std::int64_t kReplayPerCall = 768 * 1024;  // events that samples() replays at most: some 10 ms

}  // namespace

struct Timeline::Impl {
  explicit Impl(std::unique_ptr<EventStore> events)
      : store(std::move(events)),
        cursor(*store, memory.cursor_journal()),
        probe(*store, memory.probe_journal()),
        window(*store),
        marks(*store) {
    curve.set_budget(memory.curve());
  }

  core::StreamDescription description;
  std::string problem;
  std::unique_ptr<EventStore> store;
  RecordedEvents* recorded = nullptr;  // the store, if it is one that grows
  std::filesystem::path path;          // of the file, if it is one
  MemoryBudget memory;
  EventNumber whole = ~EventNumber{0};  // nothing can be read from here on; found out when it was tried

  Walker cursor;
  Walker probe;  // looks elsewhere
  EventWindow window;
  MemoryCurve curve;
  TimelineMarks marks;
  ChangeSet change;
  bool samples_complete = true;

  EventNumber size() const { return std::min(store->size(), whole); }
  std::size_t block_count() const { return size() == 0 ? 0 : store->block_of(size()) + 1; }
  EventNumber last_event(std::size_t block) const {
    return std::min(store->first_event(block) + store->event_count(block) - 1, size());
  }

  void cut(EventNumber last_whole, const std::string& why);
  bool move(Walker& walker, bool moved) {
    if (!moved) cut(walker.at(), walker.problem());
    return moved;
  }
  const core::EventBody* body(EventNumber n) {
    const core::EventBody* event = window.find(n);
    if (!event) cut(n - 1, window.problem());
    return event;
  }

  // The state of a heap so large would be built anew for every look: its curve stays as coarse as the index.
  bool refining_costs_too_much() const { return cursor.state_bytes() > memory.probe_state(); }

  void seek(EventNumber n);
  void step_forward(EventNumber n);
  void step_back(EventNumber n);
  std::optional<EventNumber> first_touching(ContextKey context, EventNumber after, EventNumber last, bool& alive);
  std::optional<EventNumber> last_touching(ContextKey context, EventNumber after, EventNumber last);
  bool may_touch(ContextKey context, EventNumber first, EventNumber last) const;
  const std::vector<CurveExtremes>* pieces(std::size_t block, int level, std::int64_t& budget,
                                           std::vector<CurveExtremes>& room);
};

// Whoever looks elsewhere leaves no second copy of a large heap behind.
class Timeline::ProbeUse {
 public:
  explicit ProbeUse(Impl& impl) : impl_(impl) {}
  ProbeUse(const ProbeUse&) = delete;
  ProbeUse& operator=(const ProbeUse&) = delete;
  ~ProbeUse() {
    if (impl_.probe.state_bytes() > impl_.memory.probe_state()) impl_.probe.forget();
  }

 private:
  Impl& impl_;
};

// The rest of a damaged file is not part of the timeline.
void Timeline::Impl::cut(EventNumber last_whole, const std::string& why) {
  if (last_whole >= size()) return;
  whole = last_whole;
  if (!problem.empty()) problem += "; ";
  problem += why;
}

// --- moving the cursor ------------------------------------------------------------------------------------------

void Timeline::Impl::seek(EventNumber n) {
  n = std::min(n, size());
  const EventNumber from = cursor.at();
  if (n == from) return;
  const EventNumber distance = n > from ? n - from : from - n;
  if (distance <= kKnownMove) return n > from ? step_forward(n) : step_back(n);
  move(cursor, cursor.seek(n, kJournalWindow));
  change = ChangeSet{};
  change.from = from;
  change.to = cursor.at();
}

void Timeline::Impl::step_forward(EventNumber n) {
  const EventNumber from = cursor.at();
  while (cursor.at() < n) {
    const core::EventBody* event = body(cursor.at() + 1);
    if (!event) break;
    cursor.apply(*event);
  }
  const EventNumber steps = cursor.at() - from;
  change = ChangeSet{};
  change.from = from;
  change.to = cursor.at();
  if (cursor.journal().size() < steps) return;
  Journal::OldRecords old = cursor.journal().before(cursor.state(), steps);
  change.known = true;
  change.contexts = std::move(old.contexts);
  change.blocks = std::move(old.blocks);
  change.chunks = std::move(old.chunks);
  change.buffers = std::move(old.buffers);
  change.totals = old.totals;
  change.point = old.point;
}

void Timeline::Impl::step_back(EventNumber n) {
  const EventNumber from = cursor.at();
  if (cursor.journal().size() < from - n && !move(cursor, cursor.rejournal(kStepBackWindow))) return;
  change = ChangeSet{};
  change.from = from;
  change.to = n;
  if (cursor.journal().size() < from - n) {
    // One event alone can be larger than the journal.
    move(cursor, cursor.seek(n, kJournalWindow));
    return;
  }
  // The records as they are now are the old values.
  const MemoryState& state = cursor.state();
  const Journal::OldRecords touched = cursor.journal().before(state, from - n);
  change.known = true;
  change.totals = state.totals();
  change.point = state.point();
  for (const auto& touch : touched.contexts) {
    change.contexts.emplace_back(touch.first, state.contexts()[touch.first.value]);
  }
  for (const auto& touch : touched.blocks) change.blocks.emplace_back(touch.first, state.blocks()[touch.first.value]);
  for (const auto& touch : touched.chunks) change.chunks.emplace_back(touch.first, state.chunks()[touch.first.value]);
  for (const auto& touch : touched.buffers) {
    change.buffers.emplace_back(touch.first, state.server().buffers[touch.first.value]);
  }
  while (cursor.at() > n) core::check(cursor.undo(), "a journaled event can be undone");
}

// --- searching --------------------------------------------------------------------------------------------------

bool Timeline::Impl::may_touch(ContextKey context, EventNumber first, EventNumber last) const {
  for (std::size_t block = store->block_of(first); block < block_count() && store->first_event(block) <= last;
       ++block) {
    if (store->summary(block).may_touch(context.slot)) return true;
  }
  return false;
}

// The probe scans after+1..last; `alive`: the context still lives at the end of the scan.
std::optional<EventNumber> Timeline::Impl::first_touching(ContextKey context, EventNumber after, EventNumber last,
                                                          bool& alive) {
  std::optional<EventNumber> found;
  if (!move(probe, probe.seek(after, 0))) return found;
  const auto lives = [&] {
    const ContextRecord* record = probe.state().context(context.slot);
    return record && record->born == context.born;
  };
  alive = lives();
  // In pieces, so that a near answer does not cost a block.
  for (EventNumber to = after; alive && !found && to < last;) {
    to = std::min(last, to + 1024);
    const bool moved = probe.advance(
        to,
        [&](const auto& e) {
          if (found || !lives()) return;
          for_each_touched(probe.state(), e, [&](ContextSlot slot) {
            if (slot == context.slot) found = probe.at() + 1;
          });
        },
        [] {});
    if (!move(probe, moved)) break;
    alive = lives();
  }
  return found;
}

std::optional<EventNumber> Timeline::Impl::last_touching(ContextKey context, EventNumber after, EventNumber last) {
  std::optional<EventNumber> found;
  if (!move(probe, probe.seek(after, 0))) return found;
  const bool moved = probe.advance(
      last,
      [&](const auto& e) {
        const ContextRecord* record = probe.state().context(context.slot);
        if (!record || record->born != context.born) return;
        for_each_touched(probe.state(), e, [&](ContextSlot slot) {
          if (slot == context.slot) found = probe.at() + 1;
        });
      },
      [] {});
  move(probe, moved);
  return found;
}

std::optional<EventNumber> Timeline::next_touching(ContextKey context, EventNumber from) const {
  Impl& impl = *impl_;
  const ProbeUse use(impl);
  if (context.born == 0 || context.born > impl.size()) return std::nullopt;
  if (from < context.born) return context.born;
  bool alive = true;
  while (alive && from < impl.size()) {
    // A context lives on through blocks that do not touch it: its deletion would.
    const std::size_t block = impl.store->block_of(from + 1);
    const EventNumber last = impl.last_event(block);
    if (impl.store->summary(block).may_touch(context.slot)) {
      if (auto found = impl.first_touching(context, from, last, alive)) return found;
    }
    from = last;
  }
  return std::nullopt;
}

std::optional<EventNumber> Timeline::previous_touching(ContextKey context, EventNumber from) const {
  Impl& impl = *impl_;
  const ProbeUse use(impl);
  if (context.born == 0 || context.born > impl.size() || from <= context.born) return std::nullopt;
  EventNumber last = std::min(from - 1, impl.size());
  // Keyframe by keyframe towards its birth: each stretch between two is replayed at most once.
  while (last > context.born) {
    const EventNumber after = std::max(impl.store->keyframe_before(last - 1), context.born);
    if (impl.may_touch(context, after + 1, last)) {
      if (auto found = impl.last_touching(context, after, last)) return found;
    }
    last = after;
  }
  return context.born;
}

std::optional<EventNumber> Timeline::next_of(std::span<const std::uint8_t> tags, EventNumber from) const {
  return impl_->marks.next_of(tags, from, impl_->size());
}

std::optional<EventNumber> Timeline::previous_of(std::span<const std::uint8_t> tags, EventNumber from) const {
  return impl_->marks.previous_of(tags, std::min(from, impl_->size() + 1));
}

// --- pictures over time -----------------------------------------------------------------------------------------

// The block's pieces of this level; null if they are not known and the budget of events to replay is used up.
const std::vector<CurveExtremes>* Timeline::Impl::pieces(std::size_t block, int level, std::int64_t& budget,
                                                         std::vector<CurveExtremes>& room) {
  if (recorded && store->is_open(block)) {
    room = in_pieces(recorded->open_points(), kCurveSteps[level]);
    return &room;
  }
  if (const auto* known = curve.find(block, level)) return known;
  if (budget <= 0 || refining_costs_too_much()) return nullptr;
  std::vector<CurvePoint> points;
  points.reserve(store->event_count(block));
  const std::uint64_t before = probe.work();
  const bool there = move(probe, probe.seek(store->first_event(block) - 1, 0));
  const auto point = [&] { points.push_back(heap_point(probe.state().totals())); };
  const bool read = there && move(probe, probe.advance(
                                             last_event(block), [](const auto&) {}, point));
  budget -= static_cast<std::int64_t>(probe.work() - before);
  if (!read) return nullptr;
  curve.put(block, points);
  return curve.find(block, level);
}

std::vector<TrackSample> Timeline::samples(EventNumber first, EventNumber last, int columns) const {
  Impl& impl = *impl_;
  const ProbeUse use(impl);
  impl.samples_complete = true;
  std::int64_t budget = kReplayPerCall;
  std::vector<CurveExtremes> room;
  return curve_columns(*this, first, last, columns, [&](std::size_t block, int level) -> BlockPieces {
    if (level != kWholeBlock) {
      if (const auto* found = impl.pieces(block, level, budget, room)) return {*found, level};
      if (!impl.refining_costs_too_much()) impl.samples_complete = false;
    }
    const BlockSummary& summary = impl.store->summary(block);
    room = {
        {summary.context_bytes_min, summary.context_bytes_max, summary.granted_bytes_max, summary.malloc_bytes_max}};
    return {room, kWholeBlock};
  });
}

bool Timeline::samples_complete() const { return impl_->samples_complete; }

std::vector<TimelineMark> Timeline::marks(EventNumber first, EventNumber last, int limit) const {
  return impl_->marks.within(std::max<EventNumber>(first, 1), std::min(last, impl_->size()), limit);
}

// --- opening, saving, the rest ------------------------------------------------------------------------------------

core::Result<Timeline> Timeline::open(const std::filesystem::path& file) {
  auto reader = TraceReader::open(file);
  if (!reader) return reader.error();
  auto store = std::make_unique<FileEvents>(std::move(*reader));
  const TraceReader& read = store->reader();
  auto impl = std::make_unique<Impl>(std::move(store));
  impl->description = read.description();
  impl->problem = read.problem();
  impl->path = file;
  return Timeline(std::move(impl));
}

Timeline Timeline::recording(core::StreamDescription description) {
  auto store = std::make_unique<RecordedEvents>();
  RecordedEvents* recorded = store.get();
  auto impl = std::make_unique<Impl>(std::move(store));
  impl->recorded = recorded;
  impl->description = std::move(description);
  recorded->on_closed = [curve = &impl->curve](std::size_t block, std::vector<CurvePoint> points) {
    curve->put(block, points);
  };
  return Timeline(std::move(impl));
}

core::Status Timeline::save(const std::filesystem::path& file) const {
  Impl& impl = *impl_;
  std::error_code error;
  if (!impl.path.empty() && std::filesystem::equivalent(impl.path, file, error)) return core::Done{};
  std::filesystem::path part = file;
  part += ".part";
  {
    TraceWriterOptions options;
    options.compression = Compression::Zstd;
    options.flush_after = {};
    auto writer = BackgroundWriter::create(part, impl.description, options);
    if (!writer) return writer.error();
    BlockEvents events;
    for (std::size_t block = 0; block < impl.block_count(); ++block) {
      if (auto status = impl.store->begin(block, events); !status) return status.error();
      const auto count = static_cast<std::uint32_t>(impl.last_event(block) - impl.store->first_event(block) + 1);
      if (auto status = events.visit(count, [&](const auto& event) { (*writer)->put(event); }); !status)
        return status.error();
    }
    if (auto status = (*writer)->close(); !status) return status.error();
  }
  std::filesystem::rename(part, file, error);
  if (error) {
    return core::Error{core::ErrorCode::Io, file.string() + ": cannot be replaced: " + error.message()};
  }
  return core::Done{};
}

Timeline::Timeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Timeline::Timeline(Timeline&&) noexcept = default;
Timeline& Timeline::operator=(Timeline&&) noexcept = default;
Timeline::~Timeline() = default;

const core::StreamDescription& Timeline::description() const { return impl_->description; }
EventNumber Timeline::size() const { return impl_->size(); }
const std::string& Timeline::problem() const { return impl_->problem; }
core::EventSink& Timeline::sink() {
  core::check(impl_->recorded, "only a recording takes events");
  return *impl_->recorded;
}

void Timeline::set_memory_budget(const MemoryBudget& budget) {
  Impl& impl = *impl_;
  impl.memory = budget;
  impl.memory.bytes = std::max(budget.bytes, MemoryBudget::kLeast);
  impl.cursor.set_journal_budget(impl.memory.cursor_journal());
  impl.probe.set_journal_budget(impl.memory.probe_journal());
  impl.curve.set_budget(impl.memory.curve());
}
const MemoryBudget& Timeline::memory_budget() const { return impl_->memory; }

MemoryUse Timeline::memory_use() const {
  const Impl& impl = *impl_;
  MemoryUse use;
  use.states = impl.cursor.state_bytes() + impl.probe.state_bytes();
  use.journals = impl.cursor.journal().bytes() + impl.probe.journal().bytes();
  use.curve = impl.curve.bytes();
  use.index = impl.block_count() * sizeof(EventBlock);
  if (impl.recorded) use.recording = impl.recorded->memory_bytes();
  return use;
}

EventNumber Timeline::cursor() const { return impl_->cursor.at(); }
const MemoryState& Timeline::state() const { return impl_->cursor.state(); }
void Timeline::seek(EventNumber n) { impl_->seek(n); }
const ChangeSet& Timeline::last_change() const { return impl_->change; }

const EventStore& Timeline::events() const { return *impl_->store; }

core::EventBody Timeline::event(EventNumber n) const {
  core::check(n >= 1, "events are counted from 1");
  const core::EventBody* event = n <= impl_->size() ? impl_->body(n) : nullptr;
  return event ? *event : core::EventBody{core::Output{impl_->problem}};
}

void Timeline::visit(EventNumber first, EventNumber last, const Visitor& visitor) const {
  Impl& impl = *impl_;
  const ProbeUse use(impl);
  first = std::max<EventNumber>(first, 1);
  if (first > std::min(last, impl.size())) return;
  if (last <= impl.cursor.at() && impl.cursor.at() - first < impl.cursor.journal().size()) {
    // So near that the cursor goes there and comes back: a second state would cost as the heap is large.
    const EventNumber here = impl.cursor.at();
    while (impl.cursor.at() >= first) core::check(impl.cursor.undo(), "a journaled event can be undone");
    while (impl.cursor.at() < here) {
      const core::EventBody* event = impl.body(impl.cursor.at() + 1);
      core::check(event != nullptr, "an event that was applied can be read again");
      impl.cursor.apply(*event);
      if (impl.cursor.at() <= last) visitor(impl.cursor.at(), *event, impl.cursor.state());
    }
    return;
  }
  if (!impl.move(impl.probe, impl.probe.seek(first - 1, kVisitWindow))) return;
  while (impl.probe.at() < std::min(last, impl.size())) {
    const core::EventBody* event = impl.body(impl.probe.at() + 1);
    if (!event) return;
    impl.probe.apply(*event);
    visitor(impl.probe.at(), *event, impl.probe.state());
  }
}

}  // namespace palloscope::trace
