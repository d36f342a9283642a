#include "trace/analysis/buffer_moments.h"

#include <algorithm>
#include <utility>

namespace palloscope::trace {

namespace bits = core::buffer_bits;

void BufferMoments::emit(std::vector<SeenBuffer> now, const std::optional<SeenStrategy>& strategy) {
  if (!begun_) begin(static_cast<std::uint32_t>(now.size()), strategy.has_value());
  // The freelist's end is what both lists have in common: buffers leave and come at its head.
  std::size_t kept = freelist_.size();
  if (strategy) {
    const auto& list = strategy->freelist;
    kept = static_cast<std::size_t>(
        std::mismatch(freelist_.rbegin(), freelist_.rend(), list.rbegin(), list.rend()).first - freelist_.rbegin());
    pop_freelist(kept);
  }
  for (std::uint32_t buffer = 0; buffer < now.size(); ++buffer) say_differences(buffer, now[buffer]);
  if (strategy) {
    const auto& list = strategy->freelist;
    for (std::size_t i = list.size() - kept; i-- > 0;) sink_.emit(core::FreelistPushed{list[i]});
    freelist_ = list;
    turn_clock(*strategy, now);
  }
  before_ = std::move(now);
}

// A pool with a freelist begins with all buffers in it, as a server's does.
void BufferMoments::begin(std::uint32_t buffers, bool freelist) {
  sink_.emit(core::BufferPoolCreated{core::PoolSlot{0}, {}, core::BufferSlot{0}, buffers, freelist});
  before_.resize(buffers);
  for (std::uint32_t i = 0; freelist && i < buffers; ++i) freelist_.push_back(core::BufferSlot{i});
  begun_ = true;
}

void BufferMoments::pop_freelist(std::size_t kept) {
  for (std::size_t i = 0; i + kept < freelist_.size(); ++i) {
    const std::uint32_t word = before_[freelist_[i].value].word;
    sink_.emit(core::FreelistPopped{freelist_[i], core::refcount_of(word) == 0 && core::usage_of(word) == 0});
  }
}

void BufferMoments::say_differences(std::uint32_t buffer, const SeenBuffer& now) {
  const SeenBuffer before = buffer < before_.size() ? before_[buffer] : SeenBuffer{};
  const core::BufferSlot slot{buffer};
  const bool had_page = (before.word & bits::kTagValid) != 0, has_page = (now.word & bits::kTagValid) != 0;
  if (had_page == has_page && (!has_page || before.tag == now.tag)) {
    if (before.word != now.word) sink_.emit(core::BufferFlagged{slot, now.word});
    return;
  }
  if (had_page) sink_.emit(core::BufferUntagged{slot, core::UntagReason::Evicted, has_page ? 0 : now.word});
  if (has_page) sink_.emit(core::BufferTagged{slot, now.tag, now.word});
}

// One tick stands for all: of the buffer where the hand stood, to where it stands now.
void BufferMoments::turn_clock(const SeenStrategy& now, const std::vector<SeenBuffer>& buffers) {
  if (now.next_victim == next_victim_ && now.complete_passes == complete_passes_) return;
  if (buffers.empty()) return;
  const auto hand = static_cast<std::uint32_t>(next_victim_ % buffers.size());
  const std::uint32_t word = buffers[hand].word;
  const auto verdict = core::refcount_of(word) != 0 ? core::ClockVerdict::Pinned : core::ClockVerdict::Spared;
  sink_.emit(core::ClockTicked{core::BufferSlot{hand}, verdict, word, now.next_victim, now.complete_passes});
  next_victim_ = now.next_victim;
  complete_passes_ = now.complete_passes;
}

}  // namespace palloscope::trace
