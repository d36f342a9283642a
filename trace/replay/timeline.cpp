#include "trace/replay/timeline.h"

#include <algorithm>
#include <utility>

#include "trace/file/block_summary.h"
#include "trace/replay/journal.h"

namespace palloscope::trace {
namespace {

constexpr EventNumber kJournalWindow = 2048;  // events before the cursor that a seek makes undoable
constexpr EventNumber kKnownMove = 256;       // moves up to so many events know what they changed
constexpr EventNumber kWalkLimit = 65536;     // forward moves up to so far go on from where the cursor is
constexpr EventNumber kCheckpointEvery = 16384;
constexpr EventNumber kSegment = 64;  // events per entry of the memory curve

bool is_mark(const core::EventBody& event) {
  return std::visit(
      [](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        return std::is_same_v<E, core::ContextCreated> || std::is_same_v<E, core::ContextReset> ||
               std::is_same_v<E, core::ContextDeleted> || std::is_same_v<E, core::ContextReparented> ||
               std::is_same_v<E, core::ErrorReported> || std::is_same_v<E, core::Narration> ||
               std::is_same_v<E, core::SnapshotBegan>;
      },
      event);
}

std::uint8_t tag_of(const core::EventBody& event) {
  return std::visit([](const auto& e) { return e.kTag; }, event);
}

}  // namespace

struct Timeline::Impl final : core::EventSink {
  core::StreamDescription description;
  std::string problem;

  std::vector<core::EventBody> events;
  MemoryState end;                       // after the last event
  std::vector<MemoryState> checkpoints;  // after event i * kCheckpointEvery
  std::vector<TimelineSample> segments;  // of kSegment events each
  std::vector<TimelineMark> marks;

  MemoryState state;
  Journal journal;
  ChangeSet change;

  void emit(const core::EventBody& event) override;
  void seek(EventNumber n);
  void apply_to(EventNumber n);
  void restart_before(EventNumber n);
  void note_change(EventNumber from);
  // Calls look(n, touches, alive) for each event after `after` up to `last`: whether event n touches the context, and
  // whether the context lives before it; stops when `look` answers true.
  template <class Look>
  void scan(EventNumber after, EventNumber last, ContextKey context, Look look) const;
};

template <class Look>
void Timeline::Impl::scan(EventNumber after, EventNumber last, ContextKey context, Look look) const {
  MemoryState before = checkpoints[std::min<std::size_t>(after / kCheckpointEvery, checkpoints.size() - 1)];
  while (before.event_number() < after) before.apply(events[before.event_number()]);
  for (; before.event_number() < last; before.apply(events[before.event_number()])) {
    const ContextRecord* record = before.context(context.slot);
    const bool alive = record && record->born == context.born;
    bool touches = false;
    if (alive) {
      std::visit(
          [&](const auto& e) { for_each_touched(before, e, [&](ContextSlot c) { touches |= c == context.slot; }); },
          events[before.event_number()]);
    }
    if (look(before.event_number() + 1, touches, alive)) return;
  }
}

void Timeline::Impl::emit(const core::EventBody& event) {
  if (end.event_number() % kCheckpointEvery == 0) checkpoints.push_back(end);
  events.push_back(event);
  end.apply(event);
  const EventNumber n = end.event_number();
  const HeapTotals& totals = end.totals();
  if ((n - 1) % kSegment == 0) {
    segments.push_back({n, n, totals.context_bytes, totals.context_bytes, totals.malloc_bytes, totals.granted_bytes});
  } else {
    TimelineSample& segment = segments.back();
    segment.last = n;
    segment.context_bytes_min = std::min(segment.context_bytes_min, totals.context_bytes);
    segment.context_bytes_max = std::max(segment.context_bytes_max, totals.context_bytes);
    segment.malloc_bytes_max = std::max(segment.malloc_bytes_max, totals.malloc_bytes);
    segment.granted_bytes_max = std::max(segment.granted_bytes_max, totals.granted_bytes);
  }
  if (is_mark(event)) {
    const ContextSlot context = std::visit(
        [](const auto& e) {
          if constexpr (requires { ContextSlot{e.context}; }) return e.context;
          return ContextSlot{};
        },
        event);
    marks.push_back({n, tag_of(event), context});
  }
}

void Timeline::Impl::apply_to(EventNumber n) {
  while (state.event_number() + kJournalWindow < n) state.apply(events[state.event_number()]);
  while (state.event_number() < n) state.apply(events[state.event_number()], journal);
}

void Timeline::Impl::restart_before(EventNumber n) {
  journal.clear();
  if (checkpoints.empty()) {
    state = MemoryState{};
  } else {
    state = checkpoints[std::min<std::size_t>(n / kCheckpointEvery, checkpoints.size() - 1)];
  }
}

void Timeline::Impl::note_change(EventNumber from) {
  change = ChangeSet{};
  change.from = from;
  change.to = state.event_number();
  if (change.to < from || change.to - from > kKnownMove || journal.size() < change.to - from) return;
  auto old = journal.before(state, change.to - from);
  change.known = true;
  change.contexts = std::move(old.contexts);
  change.blocks = std::move(old.blocks);
  change.chunks = std::move(old.chunks);
  change.totals = old.totals;
  change.point = old.point;
}

void Timeline::Impl::seek(EventNumber n) {
  n = std::min<EventNumber>(n, events.size());
  const EventNumber from = state.event_number();
  if (n == from) return;
  if (n > from && n - from <= kWalkLimit) {
    if (n - from > kJournalWindow) journal.clear();
    apply_to(n);
    return note_change(from);
  }
  if (n > from || from - n > kKnownMove || journal.size() < from - n) {
    if (n < from && from - n <= kKnownMove) {
      // A short step back that the journal does not reach: come from before it, so that it does.
      restart_before(n > kJournalWindow ? n - kJournalWindow : 0);
      while (state.event_number() + kJournalWindow < n) state.apply(events[state.event_number()]);
      while (state.event_number() < from) state.apply(events[state.event_number()], journal);
    }
    if (n > from || from - n > kKnownMove || journal.size() < from - n) {
      restart_before(n > kJournalWindow ? n - kJournalWindow : 0);
      apply_to(n);
      change = ChangeSet{};
      change.from = from;
      change.to = n;
      return;
    }
  }
  // A short way back: the records as they are now are the old values.
  const auto touched = journal.before(state, from - n);
  change = ChangeSet{};
  change.from = from;
  change.to = n;
  change.known = true;
  change.totals = state.totals();
  change.point = state.point();
  for (const auto& [slot, record] : touched.contexts) change.contexts.emplace_back(slot, state.contexts()[slot.value]);
  for (const auto& [slot, record] : touched.blocks) change.blocks.emplace_back(slot, state.blocks()[slot.value]);
  for (const auto& [slot, record] : touched.chunks) change.chunks.emplace_back(slot, state.chunks()[slot.value]);
  while (state.event_number() > n) core::check(journal.undo(state), "a journaled event can be undone");
}

core::Result<Timeline> Timeline::open(const std::filesystem::path& file) {
  return core::Error{core::ErrorCode::Unsupported, file.string() + ": trace files cannot be opened yet"};
}

Timeline Timeline::recording(core::StreamDescription description) {
  auto impl = std::make_unique<Impl>();
  impl->description = std::move(description);
  return Timeline(std::move(impl));
}

Timeline::Timeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Timeline::Timeline(Timeline&&) noexcept = default;
Timeline& Timeline::operator=(Timeline&&) noexcept = default;
Timeline::~Timeline() = default;

const core::StreamDescription& Timeline::description() const { return impl_->description; }
EventNumber Timeline::size() const { return impl_->events.size(); }
const std::string& Timeline::problem() const { return impl_->problem; }
core::EventSink& Timeline::sink() { return *impl_; }
core::Status Timeline::save(const std::filesystem::path& file) const {
  return core::Error{core::ErrorCode::Unsupported, file.string() + ": trace files cannot be written yet"};
}

EventNumber Timeline::cursor() const { return impl_->state.event_number(); }
const MemoryState& Timeline::state() const { return impl_->state; }
void Timeline::seek(EventNumber n) { impl_->seek(n); }
const ChangeSet& Timeline::last_change() const { return impl_->change; }

core::EventBody Timeline::event(EventNumber n) const {
  core::check(n >= 1 && n <= impl_->events.size(), "only events of the timeline are asked for");
  return impl_->events[n - 1];
}

std::optional<EventNumber> Timeline::next_touching(ContextKey context, EventNumber from) const {
  if (context.born == 0 || context.born > size()) return std::nullopt;
  if (from < context.born) return context.born;
  std::optional<EventNumber> found;
  impl_->scan(from, size(), context, [&](EventNumber n, bool touches, bool alive) {
    if (touches) found = n;
    return touches || !alive;
  });
  return found;
}

std::optional<EventNumber> Timeline::previous_touching(ContextKey context, EventNumber from) const {
  if (context.born == 0 || context.born > size() || from <= context.born) return std::nullopt;
  EventNumber found = context.born;
  impl_->scan(context.born, std::min(from - 1, size()), context, [&](EventNumber n, bool touches, bool alive) {
    if (touches) found = n;
    return !alive;
  });
  return found;
}

std::optional<EventNumber> Timeline::next_of(std::span<const std::uint8_t> tags, EventNumber from) const {
  for (EventNumber n = from + 1; n <= size(); ++n) {
    if (std::find(tags.begin(), tags.end(), tag_of(impl_->events[n - 1])) != tags.end()) return n;
  }
  return std::nullopt;
}

std::optional<EventNumber> Timeline::previous_of(std::span<const std::uint8_t> tags, EventNumber from) const {
  for (EventNumber n = std::min<EventNumber>(from - 1, size()); from > 0 && n > 0; --n) {
    if (std::find(tags.begin(), tags.end(), tag_of(impl_->events[n - 1])) != tags.end()) return n;
  }
  return std::nullopt;
}

std::vector<TimelineSample> Timeline::samples(EventNumber first, EventNumber last, int columns) const {
  std::vector<TimelineSample> samples;
  first = std::max<EventNumber>(first, 1);
  last = std::min(last, size());
  if (first > last || columns <= 0) return samples;
  const std::size_t begin = (first - 1) / kSegment, end = (last - 1) / kSegment + 1;
  const std::size_t count = std::min(end - begin, static_cast<std::size_t>(columns));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = begin + (end - begin) * i / count, to = begin + (end - begin) * (i + 1) / count;
    TimelineSample sample = impl_->segments[from];
    for (std::size_t k = from + 1; k < to; ++k) {
      const TimelineSample& segment = impl_->segments[k];
      sample.last = segment.last;
      sample.context_bytes_min = std::min(sample.context_bytes_min, segment.context_bytes_min);
      sample.context_bytes_max = std::max(sample.context_bytes_max, segment.context_bytes_max);
      sample.malloc_bytes_max = std::max(sample.malloc_bytes_max, segment.malloc_bytes_max);
      sample.granted_bytes_max = std::max(sample.granted_bytes_max, segment.granted_bytes_max);
    }
    samples.push_back(sample);
  }
  return samples;
}

std::vector<TimelineMark> Timeline::marks(EventNumber first, EventNumber last, int limit) const {
  const auto by_event = [](const TimelineMark& mark, EventNumber n) { return mark.event < n; };
  const auto begin = std::lower_bound(impl_->marks.begin(), impl_->marks.end(), first, by_event);
  const auto end = std::lower_bound(begin, impl_->marks.end(), last + 1, by_event);
  const auto count = static_cast<std::size_t>(end - begin);
  const std::size_t kept = std::min(count, static_cast<std::size_t>(std::max(limit, 0)));
  std::vector<TimelineMark> marks;
  for (std::size_t i = 0; i < kept; ++i) marks.push_back(begin[static_cast<std::ptrdiff_t>(count * i / kept)]);
  return marks;
}

}  // namespace palloscope::trace
