#include "trace/replay/timeline_marks.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <type_traits>
#include <utility>

namespace palloscope::trace {
namespace {

constexpr std::uint8_t kMarkTags[] = {
    core::ContextCreated::kTag,    core::ContextReset::kTag,          core::ContextDeleted::kTag,
    core::ContextReparented::kTag, core::ErrorReported::kTag,         core::FaultFound::kTag,
    core::Narration::kTag,         core::SnapshotBegan::kTag,         core::CheckpointBegan::kTag,
    core::OperationBegan::kTag,    core::OperationPhaseChanged::kTag, core::OperationSpilled::kTag,
    core::SegmentCreated::kTag,    core::SegmentDestroyed::kTag,      core::BufferPoolCreated::kTag,
    core::BufferUntagged::kTag,    core::BufferTagged::kTag,          core::ClockTicked::kTag};
constexpr std::uint8_t kNotAlways[] = {core::BufferUntagged::kTag, core::BufferTagged::kTag, core::ClockTicked::kTag};
constexpr std::size_t kKeptBlocks = 512;
constexpr std::size_t kMarksPerBlock = 2048;
constexpr int kBlocksPerCall = 64;  // read at most so many for one picture

bool has_any(const BlockSummary& summary, std::span<const std::uint8_t> tags) {
  return std::any_of(tags.begin(), tags.end(), [&](std::uint8_t tag) { return summary.has_kind(tag); });
}

// The tick that completes a round is the one that wraps the stored number (spec 10.5): to 1, in a pool of one buffer to
// 0. Local buffers count no rounds.
bool came_round(const core::ClockTicked& e) { return e.complete_passes != 0 && e.next_victim <= 1; }

// Keeps at most `limit`, of each kind evenly; rare kinds lose nothing to frequent ones.
void thin(std::vector<TimelineMark>& marks, std::size_t limit) {
  if (marks.size() <= limit) return;
  struct Kind {
    std::size_t count = 0, kept = 0, seen = 0;
  };
  std::array<Kind, 256> kinds{};
  for (const TimelineMark& mark : marks) ++kinds[mark.tag].count;
  std::vector<Kind*> rarest_first;
  for (Kind& kind : kinds) {
    if (kind.count != 0) rarest_first.push_back(&kind);
  }
  std::sort(rarest_first.begin(), rarest_first.end(), [](auto* a, auto* b) { return a->count < b->count; });
  std::size_t left = limit, kinds_left = rarest_first.size();
  for (Kind* kind : rarest_first) {
    kind->kept = std::min(kind->count, left / kinds_left);
    left -= kind->kept;
    --kinds_left;
  }
  std::erase_if(marks, [&](const TimelineMark& mark) {
    Kind& kind = kinds[mark.tag];
    const std::size_t i = kind.seen++;
    return (i + 1) * kind.kept / kind.count == i * kind.kept / kind.count;
  });
}

}  // namespace

template <class Found>
void TimelineMarks::for_each(std::size_t block, BlockEvents& events, Found found) const {
  // A block that cannot be read has nothing to show here; who replays it says so.
  if (!store_->begin(block, events)) return;
  EventNumber n = store_->first_event(block);
  const core::Status ignored = events.visit(store_->event_count(block), [&](const auto& e) { found(n++, e); });
  static_cast<void>(ignored);
}

template <class Found>
void TimelineMarks::for_each_of(std::size_t block, std::span<const std::uint8_t> tags, Found found) {
  std::array<bool, 256> wanted{};
  for (std::uint8_t tag : tags) wanted[tag] = true;
  for_each(block, events_, [&](EventNumber n, const auto& e) {
    if (wanted[e.kTag]) found(n, e);
  });
}

std::optional<EventNumber> TimelineMarks::next_of(std::span<const std::uint8_t> tags, EventNumber from,
                                                  EventNumber size) {
  if (from >= size) return std::nullopt;
  std::optional<EventNumber> nearest;
  for (std::size_t block = store_->block_of(from + 1); block < store_->block_count() && !nearest; ++block) {
    if (!has_any(store_->summary(block), tags)) continue;
    for_each_of(block, tags, [&](EventNumber n, const auto&) {
      if (n > from && n <= size && !nearest) nearest = n;
    });
  }
  return nearest;
}

std::optional<EventNumber> TimelineMarks::previous_of(std::span<const std::uint8_t> tags, EventNumber from) {
  if (from <= 1) return std::nullopt;
  std::optional<EventNumber> nearest;
  for (std::size_t block = store_->block_of(from - 1) + 1; block > 0 && !nearest; --block) {
    if (!has_any(store_->summary(block - 1), tags)) continue;
    for_each_of(block - 1, tags, [&](EventNumber n, const auto&) {
      if (n < from) nearest = n;
    });
  }
  return nearest;
}

std::optional<TimelineMarks::Worded> TimelineMarks::last_worded(std::size_t block) const {
  std::optional<Worded> last;
  BlockEvents events;
  for_each(block, events, [&](EventNumber, const auto& e) { note(last, e); });
  return last;
}

std::vector<TimelineMark> TimelineMarks::read(std::size_t block) {
  std::vector<TimelineMark> marks;
  std::optional<Worded> last;
  // 15 swaps a victim's page for another by one event. The victim was pinned right before, so the last word tells.
  const auto evicts = [&](core::BufferSlot buffer) {
    if (!last && block > 0) last = last_worded(block - 1);
    return last && last->buffer == buffer && last->has_page;
  };
  std::array<bool, 256> wanted{};
  for (std::uint8_t tag : kMarkTags) wanted[tag] = true;
  for_each(block, events_, [&](EventNumber n, const auto& e) {
    using E = std::decay_t<decltype(e)>;
    bool marked = wanted[e.kTag];
    std::uint8_t tag = e.kTag;
    if constexpr (std::is_same_v<E, core::BufferUntagged>) marked = e.reason == core::UntagReason::Evicted;
    if constexpr (std::is_same_v<E, core::ClockTicked>) marked = came_round(e);
    if constexpr (std::is_same_v<E, core::BufferTagged>) {
      marked = evicts(e.buffer);
      tag = core::BufferUntagged::kTag;
    }
    note(last, e);
    if (!marked) return;
    ContextSlot context;
    if constexpr (requires { ContextSlot{e.context}; }) context = e.context;
    marks.push_back({n, tag, context});
  });
  thin(marks, kMarksPerBlock);
  return marks;
}

std::vector<TimelineMark> TimelineMarks::within(EventNumber first, EventNumber last, int limit) {
  std::vector<TimelineMark> marks;
  if (first > last || limit <= 0) return marks;
  auto add = [&](const std::vector<TimelineMark>& of_block) {
    std::copy_if(of_block.begin(), of_block.end(), std::back_inserter(marks),
                 [&](const TimelineMark& mark) { return mark.event >= first && mark.event <= last; });
  };
  int budget = kBlocksPerCall;
  for (std::size_t block = store_->block_of(first); block < store_->block_count(); ++block) {
    if (store_->first_event(block) > last) break;
    if (!has_any(store_->summary(block), kMarkTags)) continue;
    if (store_->is_open(block)) {
      add(read(block));
      continue;
    }
    auto found = known_.find(block);
    if (found == known_.end() && budget > 0) {
      --budget;
      found = known_.emplace(block, Entry{read(block), 0}).first;
    }
    if (found != known_.end()) {
      found->second.used = ++clock_;
      add(found->second.marks);
      continue;
    }
    for (std::uint8_t tag : kMarkTags) {
      if (std::find(std::begin(kNotAlways), std::end(kNotAlways), tag) != std::end(kNotAlways)) continue;
      if (store_->summary(block).has_kind(tag)) marks.push_back({std::max(first, store_->first_event(block)), tag, {}});
    }
  }
  while (known_.size() > kKeptBlocks) {
    known_.erase(std::min_element(known_.begin(), known_.end(),
                                  [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  thin(marks, static_cast<std::size_t>(limit));
  return marks;
}

}  // namespace palloscope::trace
