#include "trace/replay/timeline_marks.h"

#include <algorithm>
#include <array>
#include <utility>

namespace palloscope::trace {
namespace {

constexpr std::uint8_t kMarkTags[] = {core::ContextCreated::kTag,
                                      core::ContextReset::kTag,
                                      core::ContextDeleted::kTag,
                                      core::ContextReparented::kTag,
                                      core::ErrorReported::kTag,
                                      core::FaultFound::kTag,
                                      core::Narration::kTag,
                                      core::SnapshotBegan::kTag,
                                      core::CheckpointBegan::kTag,
                                      core::OperationBegan::kTag,
                                      core::OperationPhaseChanged::kTag,
                                      core::OperationSpilled::kTag,
                                      core::SegmentCreated::kTag,
                                      core::SegmentDestroyed::kTag,
                                      core::BufferPoolCreated::kTag,
                                      core::BufferUntagged::kTag,
                                      core::ClockTicked::kTag};
constexpr std::size_t kKeptBlocks = 512;
constexpr std::size_t kMarksPerBlock = 2048;
constexpr int kBlocksPerCall = 64;  // read at most so many for one picture

bool has_any(const BlockSummary& summary, std::span<const std::uint8_t> tags) {
  return std::any_of(tags.begin(), tags.end(), [&](std::uint8_t tag) { return summary.has_kind(tag); });
}

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
void TimelineMarks::for_each_of(std::size_t block, std::span<const std::uint8_t> tags, Found found) {
  std::array<bool, 256> wanted{};
  for (std::uint8_t tag : tags) wanted[tag] = true;
  // A block that cannot be read has nothing to show here; who replays it says so.
  if (!store_->begin(block, events_)) return;
  EventNumber n = store_->first_event(block);
  const core::Status ignored = events_.visit(store_->event_count(block), [&](const auto& e) {
    if (wanted[e.kTag]) found(n, e);
    ++n;
  });
  static_cast<void>(ignored);
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

std::vector<TimelineMark> TimelineMarks::read(std::size_t block) {
  std::vector<TimelineMark> marks;
  std::optional<std::uint32_t> passes;  // of the clock, as the block's ticks so far say
  for_each_of(block, kMarkTags, [&](EventNumber n, const auto& e) {
    if constexpr (requires { e.complete_passes; }) {
      const bool came_round = passes && e.complete_passes > *passes;
      passes = std::max(passes.value_or(0), e.complete_passes);
      if (!came_round) return;
    }
    ContextSlot context;
    if constexpr (requires { ContextSlot{e.context}; }) context = e.context;
    marks.push_back({n, e.kTag, context});
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
      if (tag == core::ClockTicked::kTag) continue;  // most are no mark
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
