#include "trace/analysis/chunk_life.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "trace/analysis/fault_list.h"
#include "trace/analysis/place_tracker.h"
#include "trace/replay/event_store.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kSkipCost = 32;        // of a block of events that is passed over, in events read
constexpr std::size_t kStateCost = 100'000;  // of a look at the state elsewhere
constexpr std::size_t kKeptMarks = 10'000;   // each way

void spend(std::size_t& budget, std::size_t events) { budget -= std::min(budget, events); }

}  // namespace

struct ChunkLife::Impl {
  Impl(const Timeline& stream, Address place, EventNumber from, std::size_t limit)
      : timeline(&stream),
        at(place),
        anchor(std::min(from, stream.size())),
        most(limit),
        ahead(
            stream, place, [this](LifeSegment s) { future.push_back(std::move(s)); },
            [this](LifeMark m) {
              if (future_marks.size() < kKeptMarks) future_marks.push_back(m);
            }),
        behind(
            stream, place, [this](LifeSegment s) { keep_passed(std::move(s)); },
            [this](LifeMark m) {
              passed_marks.push_back(m);
              if (passed_marks.size() > kKeptMarks) passed_marks.pop_front();
            }) {
    start();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const Timeline* timeline;
  Address at;
  EventNumber anchor;
  std::size_t most;

  // From the anchor on. `ahead.now()` is the last segment known; before any is finished, that of the anchor.
  PlaceTracker ahead;
  EventNumber next = 0;  // to be read
  std::vector<LifeSegment> future;
  std::vector<LifeMark> future_marks;

  // Towards the start: find the event that put a region here, then follow what became of it up to the frontier.
  enum class Back { Find, Follow, Done };
  Back back = Back::Find;
  PlaceTracker behind;
  EventNumber frontier = 0;         // everything from here on is known
  bool joins = true;                // the frontier is the anchor: the segment that reaches it is the anchor's
  std::size_t find_block = 0;       // Find: blocks of events below this one have not been read
  std::vector<EventNumber> starts;  // Find: events of find_block that put a region here, before the frontier
  EventNumber begin = 0;            // Follow: where it began
  EventNumber follow = 0;           // Follow: the next event to be read
  std::deque<LifeSegment> passed;   // Follow: what came out so far
  std::deque<LifeMark> passed_marks;
  bool cut = false;  // Follow: more segments than wanted, the earliest were left out
  std::deque<LifeSegment> past;
  std::deque<LifeMark> past_marks;
  bool whole_past = false;

  void start();
  void keep_passed(LifeSegment segment);
  void look_for_start(EventNumber before);
  bool starts_here(EventNumber n, std::size_t& budget);
  void step_find(std::size_t& budget);
  void follow_from(EventNumber n);
  void step_follow(std::size_t& budget);
  void end_follow();
  void end_past();
  // Reads events next..to of one block of events, or passes over them. Answers the event behind them.
  EventNumber read(PlaceTracker& tracker, EventNumber from, EventNumber last, std::size_t& budget);
  bool ahead_is_done() const { return next > timeline->size() || future.size() >= most; }
};

void ChunkLife::Impl::start() {
  next = frontier = anchor + 1;
  const auto stand = [&](EventNumber, const core::EventBody&, const MemoryState& state) { ahead.stand(anchor, state); };
  if (anchor == 0) {
    ahead.stand_unmapped(0);
  } else if (timeline->cursor() == anchor) {
    ahead.stand(anchor, timeline->state());
  } else {
    timeline->visit(anchor, anchor, stand);
  }
  LifeSegment& now = ahead.now();
  now.first = now.use == LifeUse::Live ? now.born : anchor;  // until what is before is known
  if (anchor == 0) return end_past();
  // The region's own malloc is often where it all began.
  EventNumber born = 0;
  timeline->visit(anchor, anchor, [&](EventNumber, const core::EventBody&, const MemoryState& state) {
    if (const BlockRecord* block = state.block(now.block)) born = block->born;
  });
  if (born != 0) {
    const core::EventBody event = timeline->event(born);
    const auto* malloc = std::get_if<core::Malloc>(&event);
    if (malloc != nullptr && at >= malloc->at && at - malloc->at < malloc->bytes) return follow_from(born);
  }
  look_for_start(frontier);
}

EventNumber ChunkLife::Impl::read(PlaceTracker& tracker, EventNumber from, EventNumber last, std::size_t& budget) {
  const EventStore& store = timeline->events();
  const std::size_t block = store.block_of(from);
  const EventNumber first = store.first_event(block);
  last = std::min(last, first + store.event_count(block) - 1);
  const BlockSummary& summary = store.summary(block);
  if (tracker.can_skip(summary)) {
    tracker.skip(summary);
    spend(budget, kSkipCost);
    return last + 1;
  }
  spend(budget, last - first + 1);
  BlockEvents events;
  core::Status status = store.begin(block, events);
  if (status) status = events.skip(static_cast<std::uint32_t>(from - first));
  EventNumber n = from;
  // A block that cannot be read has nothing to show here; who replays it says so.
  if (status) {
    status = events.visit(static_cast<std::uint32_t>(last - from + 1), [&](const auto& event) { tracker(n++, event); });
  }
  return last + 1;
}

// --- towards the start ------------------------------------------------------------------------------------------

void ChunkLife::Impl::keep_passed(LifeSegment segment) {
  passed.push_back(std::move(segment));
  if (past.size() + passed.size() <= most) return;
  passed.pop_front();
  cut = true;
}

void ChunkLife::Impl::look_for_start(EventNumber before) {
  back = Back::Find;
  starts.clear();
  find_block = before > 1 ? timeline->events().block_of(before - 1) + 1 : 0;
}

// A malloc puts a region here; a realloc only if it was not here before.
bool ChunkLife::Impl::starts_here(EventNumber n, std::size_t& budget) {
  const core::EventBody event = timeline->event(n);
  const auto* realloc = std::get_if<core::Realloc>(&event);
  if (realloc == nullptr) return true;
  bool was_here = false;
  spend(budget, kStateCost);
  timeline->visit(n - 1, n - 1, [&](EventNumber, const core::EventBody&, const MemoryState& before) {
    const BlockRecord* block = before.block(realloc->block);
    was_here = block != nullptr && at >= block->at && at < block->end();
  });
  return !was_here;
}

void ChunkLife::Impl::step_find(std::size_t& budget) {
  while (!starts.empty()) {
    const EventNumber n = starts.back();
    starts.pop_back();
    if (n >= frontier) continue;
    if (starts_here(n, budget)) return follow_from(n);
    if (budget == 0) return;
  }
  if (find_block == 0) return end_past();
  const EventStore& store = timeline->events();
  const std::size_t block = --find_block;
  const BlockSummary& summary = store.summary(block);
  if (!summary.has_kind(core::Malloc::kTag) && !summary.has_kind(core::Realloc::kTag)) return spend(budget, kSkipCost);
  const EventNumber first = store.first_event(block);
  const EventNumber last = std::min(first + store.event_count(block) - 1, frontier - 1);
  spend(budget, store.event_count(block));
  BlockEvents events;
  if (last < first || !store.begin(block, events)) return;
  EventNumber n = first;
  const core::Status ignored = events.visit(static_cast<std::uint32_t>(last - first + 1), [&]<class E>(const E& event) {
    if constexpr (std::is_same_v<E, core::Malloc> || std::is_same_v<E, core::Realloc>) {
      if (at >= event.at && at - event.at < event.bytes) starts.push_back(n);
    }
    ++n;
  });
  static_cast<void>(ignored);
}

void ChunkLife::Impl::follow_from(EventNumber n) {
  back = Back::Follow;
  begin = n;
  follow = n;
  cut = false;
  passed.clear();
  passed_marks.clear();
  behind.stand_unmapped(n - 1);
}

void ChunkLife::Impl::step_follow(std::size_t& budget) {
  if (follow < frontier) follow = read(behind, follow, frontier - 1, budget);
  if (follow >= frontier) end_follow();
}

void ChunkLife::Impl::end_follow() {
  // What was here before the beginning is the business of the next search.
  if (!passed.empty() && passed.front().first < begin) passed.pop_front();
  LifeSegment last = behind.now();
  if (joins) {
    LifeSegment& first = future.empty() ? ahead.now() : future.front();
    first.first = last.first;
    first.cause = last.cause;
    first.moved = last.moved != 0 ? last.moved : first.moved;
    if (first.context_name.empty()) first.context_name = last.context_name;
    joins = false;
  } else {
    last.last = frontier - 1;
    keep_passed(std::move(last));
  }
  if (!passed.empty()) {
    frontier = passed.front().first;
  } else {
    frontier = future.empty() ? ahead.now().first : future.front().first;
  }
  while (!passed_marks.empty() && passed_marks.front().event < frontier) passed_marks.pop_front();
  past.insert(past.begin(), passed.begin(), passed.end());
  past_marks.insert(past_marks.begin(), passed_marks.begin(), passed_marks.end());
  passed.clear();
  passed_marks.clear();
  if (cut) {
    back = Back::Done;  // more() follows again from `begin`, up to the new frontier
    return;
  }
  if (past.size() >= most)
    back = Back::Done;
  else
    look_for_start(frontier);
}

// Nothing was ever put here before the frontier.
void ChunkLife::Impl::end_past() {
  back = Back::Done;
  whole_past = true;
  if (joins) {
    LifeSegment& first = future.empty() ? ahead.now() : future.front();
    first.first = 0;
    first.cause = LifeCause::Start;
    joins = false;
    return;
  }
  if (frontier <= 1) return;
  LifeSegment before;
  before.last = frontier - 1;
  past.push_front(before);
}

// --- the outside ------------------------------------------------------------------------------------------------

ChunkLife::ChunkLife(const Timeline& timeline, Address at, EventNumber anchor, std::size_t segments_each_way)
    : impl_(std::make_unique<Impl>(timeline, at, anchor, segments_each_way)) {}
ChunkLife::ChunkLife(ChunkLife&&) noexcept = default;
ChunkLife& ChunkLife::operator=(ChunkLife&&) noexcept = default;
ChunkLife::~ChunkLife() = default;

bool ChunkLife::advance(std::size_t events) {
  Impl& life = *impl_;
  while (true) {
    const bool ahead_done = life.ahead_is_done(), back_done = life.back == Impl::Back::Done;
    if (ahead_done && back_done) return true;
    if (events == 0) return false;
    if (!back_done) {
      if (life.back == Impl::Back::Find)
        life.step_find(events);
      else
        life.step_follow(events);
    }
    if (!ahead_done) life.next = life.read(life.ahead, life.next, life.timeline->size(), events);
  }
}

void ChunkLife::more(std::size_t segments_each_way) {
  Impl& life = *impl_;
  life.most = std::max(life.most, segments_each_way);
  if (life.back != Impl::Back::Done || life.whole_past || life.past.size() >= life.most) return;
  if (life.cut && life.frontier > life.begin)
    life.follow_from(life.begin);
  else
    life.look_for_start(life.frontier);
}

Address ChunkLife::at() const { return impl_->at; }

std::vector<LifeSegment> ChunkLife::segments() const {
  std::vector<LifeSegment> all(impl_->past.begin(), impl_->past.end());
  all.insert(all.end(), impl_->future.begin(), impl_->future.end());
  all.push_back(impl_->ahead.now());
  return all;
}

std::vector<LifeMark> ChunkLife::marks() const {
  std::vector<LifeMark> all(impl_->past_marks.begin(), impl_->past_marks.end());
  all.insert(all.end(), impl_->future_marks.begin(), impl_->future_marks.end());
  return all;
}

bool ChunkLife::reaches_start() const { return impl_->whole_past; }
bool ChunkLife::reaches_end() const { return impl_->next > impl_->timeline->size(); }
bool ChunkLife::stopped_early() const {
  const Impl& life = *impl_;
  const bool back = life.back == Impl::Back::Done && !life.whole_past;
  return back || (life.future.size() >= life.most && !reaches_end());
}

double ChunkLife::progress() const {
  const Impl& life = *impl_;
  const double size = static_cast<double>(std::max<EventNumber>(1, life.timeline->size()));
  const EventNumber ahead = life.ahead_is_done() ? life.timeline->size() : life.next - 1;
  EventNumber behind = 0;  // events before this one have not been looked at
  if (life.back == Impl::Back::Find && life.find_block > 0)
    behind = life.timeline->events().first_event(life.find_block - 1);
  if (life.back == Impl::Back::Follow) behind = life.begin + (life.frontier - life.follow);
  return std::clamp(1 - (static_cast<double>(behind) + size - static_cast<double>(ahead)) / size, 0.0, 1.0);
}

// --- for people -------------------------------------------------------------------------------------------------

namespace {

enum class Transit { None, IntoNext, Vanishes };

// Is the segment only a stage of one operation that the next one completes?
Transit transit(const LifeSegment& now, const LifeSegment& next) {
  using Use = LifeUse;
  using Cause = LifeCause;
  const bool short_lived = next.first - now.first <= 3;
  if (now.use == Use::Plain && now.cause == Cause::Malloc && next.context.slot && short_lived) return Transit::IntoNext;
  if (now.use == Use::Header && now.cause == Cause::ContextCreated && next.cause == Cause::BlockAdded)
    return Transit::IntoNext;
  if (now.use == Use::Rest && now.cause == Cause::BlockAdded && next.cause == Cause::Allocated && short_lived)
    return Transit::Vanishes;
  if (now.use == Use::Live && now.cause == Cause::Realloc && next.cause == Cause::Resized && short_lived)
    return Transit::IntoNext;
  const bool lost = now.cause == Cause::Reset || now.cause == Cause::Deleted || now.cause == Cause::Freed ||
                    now.cause == Cause::BlockLeft;
  if (now.use == Use::Plain && lost && (next.cause == Cause::MallocFree || next.cause == Cause::Recycled))
    return Transit::IntoNext;
  return Transit::None;
}

}  // namespace

std::vector<LifeSegment> without_transit(std::vector<LifeSegment> segments) {
  std::vector<LifeSegment> kept;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    LifeSegment& now = segments[i];
    const Transit how = i + 1 < segments.size() ? transit(now, segments[i + 1]) : Transit::None;
    if (how == Transit::None) {
      kept.push_back(std::move(now));
      continue;
    }
    LifeSegment& next = segments[i + 1];
    if (how == Transit::Vanishes) {
      if (!kept.empty()) kept.back().last = now.last;
      continue;
    }
    next.first = now.first;
    if (next.cause == LifeCause::MallocFree || next.cause == LifeCause::Resized) {
      next.cause = now.cause;
      next.moved = now.moved;
    }
    if (next.context_name.empty()) next.context_name = now.context_name;
  }
  return kept;
}

std::optional<Address> address_of_chunk(const Timeline& timeline, ChunkSlot chunk, EventNumber born) {
  const ChunkRecord* record = timeline.state().chunk(chunk);
  if (record != nullptr && record->born == born) return record->at;
  if (born == 0 || born > timeline.size()) return std::nullopt;
  const core::EventBody event = timeline.event(born);
  if (const auto* allocated = std::get_if<core::ChunkAllocated>(&event)) return allocated->at;
  if (const auto* carved = std::get_if<core::ChunkCarved>(&event)) return carved->at;
  return std::nullopt;
}

std::optional<Address> other_half(const Timeline& timeline, const LifeSegment& segment) {
  const EventNumber n = segment.moved;
  if (n == 0 || n > timeline.size()) return std::nullopt;
  const core::EventBody event = timeline.event(n);
  if (const auto* allocated = std::get_if<core::ChunkAllocated>(&event)) return allocated->at;
  std::optional<Address> found;
  const auto look = [&](EventNumber at, auto&& find) {
    if (at != 0) timeline.visit(at, at, [&](auto, const auto&, const MemoryState& state) { found = find(state); });
  };
  if (const auto* freed = std::get_if<core::ChunkFreed>(&event)) {
    look(n - 1, [&](const MemoryState& state) -> std::optional<Address> {
      const ChunkRecord* chunk = state.chunk(freed->chunk);
      return chunk != nullptr ? std::optional(chunk->at) : std::nullopt;
    });
  } else if (const auto* realloc = std::get_if<core::Realloc>(&event)) {
    // What went away is there after the event, what came was elsewhere before it.
    look(segment.use == LifeUse::Unmapped ? n : n - 1, [&](const MemoryState& state) -> std::optional<Address> {
      const BlockRecord* block = state.block(realloc->block);
      if (block == nullptr) return std::nullopt;
      const ChunkRecord* chunk = state.chunk(block->first_chunk);
      return chunk != nullptr ? chunk->at : block->at;
    });
  }
  return found;
}

LifeSource source_of(const Timeline& timeline, EventNumber event) {
  static constexpr std::uint8_t kLine[] = {core::SourceLine::kTag};
  const auto found = timeline.previous_of(kLine, event + 1);
  if (!found) return {};
  const core::EventBody body = timeline.event(*found);
  const auto* line = std::get_if<core::SourceLine>(&body);
  return line != nullptr ? LifeSource{line->file, line->line} : LifeSource{};
}

std::string_view life_use_name(LifeUse use) {
  static constexpr std::string_view kNames[kLifeUseCount] = {
      "not malloc'ed", "malloc'ed", "header", "never handed out", "live", "free", "recycled"};
  return kNames[static_cast<int>(use)];
}

std::string_view life_cause_name(LifeCause cause) {
  static constexpr std::string_view kNames[kLifeCauseCount] = {
      "start",     "malloc", "realloc", "free()",  "context created", "block added", "block left", "block emptied",
      "allocated", "reused", "carved",  "resized", "freed",           "reset",       "deleted",    "recycled"};
  return kNames[static_cast<int>(cause)];
}

}  // namespace palloscope::trace
