#include "core/bufmgr/maintenance.h"

#include <algorithm>
#include <tuple>

#include "core/base/check.h"

namespace palloscope::core {

using namespace buffer_bits;

SyncResult sync_one_buffer(PoolCore& core, BufferSlot buffer, bool skip_recently_used, WriteReason reason) {
  const std::uint32_t word = core.word(buffer);
  SyncResult result;
  result.reusable = refcount_of(word) == 0 && usage_of(word) == 0;
  if (!result.reusable && skip_recently_used) return result;
  constexpr std::uint32_t both = kValid | kDirty;
  if ((word & both) != both) return result;
  core.pin(buffer, PoolCore::Usage::Keep);
  core.flush_buffer(buffer, reason);
  core.unpin(buffer);
  result.written = true;
  return result;
}

// --- background writer ----------------------------------------------------------------------------------------

bool BackgroundWriter::round() {
  constexpr float kSamples = 16;          // smoothing_samples
  constexpr float kWholePoolMs = 120000;  // scan_whole_pool_milliseconds
  const BufferSettings& settings = core_.settings;
  const auto buffers = static_cast<std::int64_t>(settings.buffers);

  // StrategySyncStart
  const std::uint32_t stored = core_.strategy.next_victim();
  const std::uint32_t hand = stored % settings.buffers;
  const std::uint32_t passes = core_.strategy.complete_passes() + stored / settings.buffers;
  const std::uint32_t allocs = core_.strategy.allocs();
  core_.strategy.set_allocs(0);
  if (settings.bgwriter_lru_maxpages == 0) {
    remembers_ = false;
    core_.emit(BackgroundRound{allocs, 0, 0, 0, next_to_clean_});
    return true;
  }

  std::int64_t moved = 0;         // strategy_delta: how far the hand went since the last round
  std::int64_t to_lap = buffers;  // bufs_to_lap: until it would meet the hand from behind
  if (remembers_) {
    moved = static_cast<std::int64_t>(hand) - last_hand_ + static_cast<std::int32_t>(passes - last_passes_) * buffers;
    if (static_cast<std::int32_t>(next_passes_ - passes) > 0) {
      to_lap = static_cast<std::int64_t>(hand) - next_to_clean_;
    } else if (next_passes_ == passes && next_to_clean_ >= hand) {
      to_lap = buffers - (static_cast<std::int64_t>(next_to_clean_) - hand);
    } else {
      next_to_clean_ = hand;  // overtaken
      next_passes_ = passes;
    }
  } else {
    next_to_clean_ = hand;
    next_passes_ = passes;
  }
  last_hand_ = hand;
  last_passes_ = passes;
  remembers_ = true;

  if (moved > 0 && allocs > 0)
    smoothed_density_ += (static_cast<float>(moved) / static_cast<float>(allocs) - smoothed_density_) / kSamples;
  const std::int64_t ahead = buffers - to_lap;
  const auto known = static_cast<std::int64_t>(static_cast<float>(ahead) / smoothed_density_);  // reusable_buffers_est
  if (smoothed_alloc_ <= static_cast<float>(allocs))
    smoothed_alloc_ = static_cast<float>(allocs);
  else
    smoothed_alloc_ += (static_cast<float>(allocs) - smoothed_alloc_) / kSamples;
  auto wanted = static_cast<std::int64_t>(smoothed_alloc_ * settings.bgwriter_lru_multiplier);  // upcoming_alloc_est
  if (wanted == 0) smoothed_alloc_ = 0;
  const auto least = static_cast<std::int64_t>(static_cast<float>(buffers) /
                                               (kWholePoolMs / static_cast<float>(settings.bgwriter_delay_ms)));
  wanted = std::max(wanted, least + known);

  std::int64_t left = to_lap, reusable = known;
  std::uint32_t written = 0;
  while (left > 0 && reusable < wanted) {
    const BufferSlot buffer{next_to_clean_};
    const SyncResult result = sync_one_buffer(core_, buffer, true, WriteReason::BackgroundWriter);
    if (++next_to_clean_ >= settings.buffers) {
      next_to_clean_ = 0;
      ++next_passes_;
    }
    --left;
    if (result.written || result.reusable) ++reusable;
    if (result.written && ++written >= settings.bgwriter_lru_maxpages) break;
  }

  const std::int64_t looked_at = to_lap - left, found = reusable - known;
  core_.backends.count_work(static_cast<std::uint64_t>(looked_at));
  if (looked_at > 0 && found > 0)
    smoothed_density_ += (static_cast<float>(looked_at) / static_cast<float>(found) - smoothed_density_) / kSamples;
  core_.emit(BackgroundRound{allocs, static_cast<std::uint32_t>(wanted), static_cast<std::uint32_t>(reusable), written,
                             next_to_clean_});
  return to_lap == 0 && allocs == 0;
}

// --- checkpoint -----------------------------------------------------------------------------------------------

std::uint32_t Checkpoint::begin(CheckpointFlags flags) {
  check(!running_, "one checkpoint at a time");
  const std::uint32_t mask = kDirty | (flags.flush_all ? 0 : kPermanent);
  core_.backends.count_work(core_.settings.buffers);
  items_.clear();
  heap_.clear();
  written_ = skipped_ = 0;
  for (std::uint32_t id = 0; id < core_.settings.buffers; ++id) {
    const BufferSlot buffer{id};
    if ((core_.word(buffer) & mask) != mask) continue;
    const PageTag tag = core_.pool.tag(id);
    items_.push_back({tag.tablespace, tag.relation, tag.fork, tag.block, buffer});
    core_.flag(buffer, core_.word(buffer) | kCheckpointNeeded);
  }
  const auto count = static_cast<std::uint32_t>(items_.size());
  running_ = true;
  core_.emit(CheckpointBegan{count});

  std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
    return std::tie(a.tablespace, a.relation, a.fork, a.block, a.buffer) <
           std::tie(b.tablespace, b.relation, b.fork, b.block, b.buffer);
  });
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i == 0 || items_[i].tablespace != items_[i - 1].tablespace) heap_.push_back({i, i, 0, 0});
    ++heap_.back().end;
  }
  for (Tablespace& space : heap_) space.slice = static_cast<double>(count) / (space.end - space.next);
  make_heap();
  if (count == 0) write(0);
  return count;
}

bool Checkpoint::write(std::uint32_t buffers) {
  check(running_, "a checkpoint goes on only after it began");
  for (; buffers > 0 && !heap_.empty(); --buffers) {
    core_.backends.count_work(1);
    Tablespace& first = heap_.front();
    const BufferSlot buffer = items_[first.next].buffer;
    // Whoever wrote it meanwhile took the mark away.
    const bool needed = (core_.word(buffer) & kCheckpointNeeded) != 0;
    if (needed && sync_one_buffer(core_, buffer, false, WriteReason::Checkpoint).written)
      ++written_;
    else
      ++skipped_;
    first.progress += first.slice;
    if (++first.next == first.end) {
      first = heap_.back();
      heap_.pop_back();
    }
    sift_down(0);
  }
  if (!heap_.empty()) return true;
  running_ = false;
  core_.emit(CheckpointEnded{written_, skipped_});
  return false;
}

// As PostgreSQL's binary heap does it, so that equal progress comes in the same order.
void Checkpoint::make_heap() {
  for (std::size_t i = heap_.size() / 2; i-- > 0;) sift_down(i);
}

void Checkpoint::sift_down(std::size_t at) {
  for (;;) {
    std::size_t least = at;
    for (std::size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap_.size(); ++child)
      if (heap_[child].progress < heap_[least].progress) least = child;
    if (least == at) return;
    std::swap(heap_[at], heap_[least]);
    at = least;
  }
}

}  // namespace palloscope::core
