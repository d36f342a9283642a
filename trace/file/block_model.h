// What the coder of event blocks expects next. Writer and reader both keep one and show it every event, so only what
// differs from the expectation is stored. It knows nothing from before the block (blocks can be read alone), except
// what the writer tells it by hints. All of it is guesswork: a wrong guess costs bytes, never correctness. So the
// tables are small, of fixed size, and may be overwritten by another slot that falls on the same place.
//
// Every rule in this file is part of the format.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "core/events/event.h"

namespace palloscope::trace {

// How granted bytes and size class follow from the requested bytes: AllocSet's powers of two, or rounding up to 8,
// each also for checking builds, which need one byte more.
enum class GrantRule : std::uint8_t { PowerOfTwo, Aligned, PowerOfTwoChecking, AlignedChecking, None };
inline constexpr int kGrantRules = 4;

struct Grant {
  std::uint64_t bytes = 0;
  std::uint8_t size_class = 0;
};

inline Grant granted_for(GrantRule rule, std::uint64_t requested_bytes) {
  auto bytes = requested_bytes + (static_cast<unsigned>(rule) >> 1);
  if (static_cast<unsigned>(rule) & 1) return {(bytes + 7) & ~std::uint64_t{7}, 0};
  auto index = bytes <= 8 ? 0u : 61u - static_cast<unsigned>(__builtin_clzll(bytes - 1));  // bytes - 1 is not 0
  return {index > 60 ? 0 : std::uint64_t{8} << index, static_cast<std::uint8_t>(index)};
}

inline GrantRule rule_of(const core::ChunkAllocated& e) {
  for (int i = 0; i < kGrantRules; ++i) {
    auto rule = static_cast<GrantRule>(i);
    auto grant = granted_for(rule, e.requested_bytes);
    if (grant.bytes == e.granted_bytes && grant.size_class == e.size_class) return rule;
  }
  return GrantRule::None;
}

class BlockModel {
 public:
  static constexpr std::uint32_t kBlocks = 4096, kChunks = 8192, kContexts = 1024;
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  // Chains of blocks are followed so far. (They may be damaged where blocks share a place.)
  static constexpr int kLongestChain = 256;

  struct Block {
    std::uint32_t slot = kNone;
    std::uint32_t context = kNone;
    std::uint64_t free_start = 0;  // where the first chunk's header would begin
    std::uint64_t next_at = 0;     // and the next one's
    std::uint32_t gap = 8;         // from there to the payload
    std::uint32_t newest = kNone;  // index into made_, of the last chunk made in it; a chain from new to old
    std::uint32_t made = 0;
    std::uint32_t next_of_context = kNone;  // block slot
    GrantRule rule = GrantRule::PowerOfTwo;
  };
  struct Chunk {
    std::uint32_t slot = kNone;
    std::uint32_t block = kNone;
    std::uint64_t at = 0;
  };

  // For a block of at most so many events.
  void clear(std::uint32_t events) {
    blocks_.fill({});
    chunks_.fill({});
    context_blocks_.fill(kNone);
    if (made_.size() < events) made_.resize(events);
    made_count_ = 0;
    unused_.clear();
    unused_blocks_.clear();
    unused_contexts_.clear();
    freed_count_ = 0;
    freed_filter_.fill(0);
    last_made_ = last_used_ = last_block_ = last_freed_ = newest_block_ = newest_context_ = kNone;
    last_at_ = last_region_at_ = last_region_bytes_ = 0;
    gap_ = 8;
  }

  Block& block(std::uint32_t slot) { return blocks_[slot % kBlocks]; }
  bool knows_block(std::uint32_t slot) const { return blocks_[slot % kBlocks].slot == slot; }
  const Chunk& chunk(std::uint32_t slot) const { return chunks_[slot % kChunks]; }

  template <class F>
  void for_each_block(F&& f) const {
    for (const Block& b : blocks_)
      if (b.slot != kNone) f(b);
  }

  // --- expectations -----------------------------------------------------------------------------------------

  std::uint32_t next_chunk() const { return unused_.empty() ? last_made_ + 1 : unused_.back(); }
  std::uint32_t next_block() const { return unused_blocks_.empty() ? newest_block_ + 1 : unused_blocks_.back(); }
  std::uint32_t next_context() const {
    return unused_contexts_.empty() ? newest_context_ + 1 : unused_contexts_.back();
  }
  std::uint32_t last_made() const { return last_made_; }
  std::uint32_t last_used() const { return last_used_; }
  std::uint32_t last_freed() const { return last_freed_; }
  std::uint32_t last_block() const { return last_block_; }
  std::uint64_t last_at() const { return last_at_; }
  std::uint64_t last_region_at() const { return last_region_at_; }
  std::uint64_t last_region_bytes() const { return last_region_bytes_; }

  // Chunks freed and not used again, newest first; kNone if there are not so many.
  static constexpr std::uint32_t kFreed = 64;
  std::uint32_t freed(std::uint32_t back) const {
    return back < freed_count_ ? freed_[freed_count_ - 1 - back] : kNone;
  }
  // Where freed(i) is this slot; kFreed if it is none of them.
  std::uint32_t back_of_freed(std::uint32_t slot) const {
    if (freed_filter_[slot % kFreedFilter] == 0) return kFreed;
    auto deepest = freed_count_ > kFreed ? freed_count_ - kFreed : 0;
    for (auto i = freed_count_; i-- > deepest;)
      if (freed_[i] == slot) return freed_count_ - 1 - i;
    return kFreed;
  }

  std::uint64_t next_at(std::uint32_t block_slot) const {
    const Block& b = blocks_[block_slot % kBlocks];
    return b.slot == block_slot ? b.next_at + b.gap : last_at_;
  }

  GrantRule rule(std::uint32_t block_slot) const {
    const Block& b = blocks_[block_slot % kBlocks];
    return b.slot == block_slot ? b.rule : GrantRule::PowerOfTwo;
  }

  // The most usual event of all, in one go: the chunk that is expected next, at the tail of the block used last. The
  // same as asking for what is expected, one thing after the other, and saw(). False if that block is not known.
  [[gnu::always_inline]] bool make_expected(core::ChunkAllocated& e) {
    Block& b = blocks_[last_block_ % kBlocks];
    if (b.slot != last_block_) [[unlikely]]
      return false;
    std::uint32_t slot;
    if (!unused_.empty()) {
      slot = unused_.back();
      unused_.pop_back();
    } else {
      slot = last_made_ + 1;
    }
    auto grant = granted_for(b.rule, e.requested_bytes);
    e.chunk.value = slot;
    e.block.value = last_block_;
    e.at.value = b.next_at + b.gap;
    e.granted_bytes = grant.bytes;
    e.size_class = grant.size_class;
    b.next_at = e.at.value + grant.bytes;
    add_made(b, slot);
    chunks_[slot % kChunks] = {slot, last_block_, e.at.value};
    last_made_ = last_used_ = slot;
    last_at_ = e.at.value;
    return true;
  }
  // The writer's side of it: whether `e` is that event. If so, it was seen.
  [[gnu::always_inline]] bool saw_expected(const core::ChunkAllocated& e) {
    Block& b = blocks_[last_block_ % kBlocks];
    const std::uint32_t slot = next_chunk();
    const auto grant = granted_for(b.rule, e.requested_bytes);
    // One branch, where asking one by one would be many.
    const std::uint64_t differs = (b.slot ^ last_block_) | (e.block.value ^ last_block_) | (e.chunk.value ^ slot) |
                                  (e.at.value ^ (b.next_at + b.gap)) | (e.granted_bytes ^ grant.bytes) |
                                  static_cast<unsigned>(e.size_class ^ grant.size_class) |
                                  static_cast<unsigned>(e.origin != core::ChunkOrigin::Tail) |
                                  static_cast<unsigned>(e.cause != core::ChunkCause::Palloc);
    if (differs != 0) return false;
    if (!unused_.empty()) unused_.pop_back();
    b.next_at = e.at.value + grant.bytes;
    add_made(b, slot);
    chunks_[slot % kChunks] = {slot, e.block.value, e.at.value};
    last_made_ = last_used_ = slot;
    last_at_ = e.at.value;
    return true;
  }

  // --- what happened ----------------------------------------------------------------------------------------

  // The writer's word about a block from before this block of events.
  void hint(std::uint32_t slot, std::uint32_t context, std::uint64_t free_start, std::uint64_t next_at,
            GrantRule rule) {
    Block& b = fresh_block(slot, context, free_start);
    b.next_at = next_at;
    b.rule = rule;
  }

  [[gnu::always_inline]] void saw(const core::ChunkAllocated& e) {
    if (e.origin == core::ChunkOrigin::Freelist)
      take_freed(e.chunk.value);
    else
      make(e.chunk.value, e.block.value, e.at.value, e.granted_bytes);
    chunks_[e.chunk.value % kChunks] = {e.chunk.value, e.block.value, e.at.value};
    last_used_ = e.chunk.value;
    last_block_ = e.block.value;
    last_at_ = e.at.value;
  }
  // An allocation that was not as expected, after saw(): its block's rule is another one.
  void learn(const core::ChunkAllocated& e) {
    Block& b = blocks_[e.block.value % kBlocks];
    if (auto rule = rule_of(e); rule != GrantRule::None && b.slot == e.block.value) b.rule = rule;
  }
  void saw(const core::ChunkCarved& e) {
    make(e.chunk.value, e.block.value, e.at.value, e.granted_bytes);
    chunks_[e.chunk.value % kChunks] = {e.chunk.value, e.block.value, e.at.value};
    push_freed(e.chunk.value);
  }
  void saw(const core::ChunkFreed& e) {
    last_freed_ = e.chunk.value;
    if (e.fate == core::ChunkFate::ToFreelist) push_freed(e.chunk.value);
  }

  void saw(const core::Malloc& e) {
    take(unused_blocks_, e.block.value);
    newest_block_ = e.block.value;
    last_region_at_ = e.at.value;
    last_region_bytes_ = e.bytes;
  }
  void saw(const core::Free& e) {
    drop_chunks(e.block.value);
    forget_block(e.block.value);
    unused_blocks_.push_back(e.block.value);
  }
  void saw(const core::BlockAdded& e) { fresh_block(e.block.value, e.context.value, e.free_start.value, e.position); }
  void saw(const core::BlockRemoved& e) { drop_chunks(e.block.value); }
  void saw(const core::BlockEmptied& e) { drop_chunks(e.block.value); }
  void saw(const core::ContextCreated& e) {
    take(unused_contexts_, e.context.value);
    newest_context_ = e.context.value;
  }
  void saw(const core::ContextReset& e) { drop_chunks_of_context(e.context.value); }
  void saw(const core::ContextDeleted& e) {
    drop_chunks_of_context(e.context.value);
    context_blocks_[e.context.value % kContexts] = kNone;
    unused_contexts_.push_back(e.context.value);
  }
  template <class E>
  void saw(const E&) {}

 private:
  struct Made {
    std::uint32_t slot;
    std::uint32_t older;  // in the same block
  };

  Block& fresh_block(std::uint32_t slot, std::uint32_t context, std::uint64_t free_start,
                     core::BlockPosition position = core::BlockPosition::Head) {
    Block& b = blocks_[slot % kBlocks];
    if (b.slot == slot) unlink_block(slot);
    auto* link = &context_blocks_[context % kContexts];
    if (position != core::BlockPosition::Head && *link != kNone) {
      Block& first = blocks_[*link % kBlocks];
      if (first.slot == *link) link = &first.next_of_context;
    }
    b = {.slot = slot,
         .context = context,
         .free_start = free_start,
         .next_at = free_start,
         .gap = gap_,
         .next_of_context = *link};
    *link = slot;
    return b;
  }

  [[gnu::always_inline]] void make(std::uint32_t slot, std::uint32_t block_slot, std::uint64_t at,
                                   std::uint64_t granted_bytes) {
    if (!unused_.empty()) {
      if (unused_.back() == slot) [[likely]]
        unused_.pop_back();
      else
        take(unused_, slot);
    }
    last_made_ = slot;
    Block& b = blocks_[block_slot % kBlocks];
    if (b.slot != block_slot) return;
    auto gap = at - b.next_at;
    if (gap != b.gap && gap <= 64) b.gap = gap_ = static_cast<std::uint32_t>(gap);
    b.next_at = at + granted_bytes;
    add_made(b, slot);
  }
  [[gnu::always_inline]] void add_made(Block& b, std::uint32_t slot) {
    made_[made_count_] = {slot, b.newest};
    b.newest = made_count_++;
    ++b.made;
  }

  // The slot is in use now. If it is not the one that was expected, it may be a little deeper.
  [[gnu::noinline]] static void take(std::vector<std::uint32_t>& unused, std::uint32_t slot) {
    auto deepest = unused.size() > 16 ? unused.size() - 16 : 0;
    for (auto i = unused.size(); i-- > deepest;) {
      if (unused[i] != slot) continue;
      unused.erase(unused.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }

  void push_freed(std::uint32_t slot) {
    if (freed_count_ == freed_.size()) [[unlikely]]  // forget the older half at once, not one each time
      forget_freed();
    freed_[freed_count_++] = slot;
    ++freed_filter_[slot % kFreedFilter];
  }
  [[gnu::noinline]] void forget_freed() {
    for (std::uint32_t i = 0; i < kFreed; ++i) --freed_filter_[freed_[i] % kFreedFilter];
    std::copy(freed_.begin() + kFreed, freed_.end(), freed_.begin());
    freed_count_ -= kFreed;
  }
  void take_freed(std::uint32_t slot) {
    if (freed_count_ > 0 && freed_[freed_count_ - 1] == slot) {
      --freed_count_;
      --freed_filter_[slot % kFreedFilter];
    } else if (auto back = back_of_freed(slot); back < kFreed) {
      auto i = freed_count_ - 1 - back;
      std::copy(freed_.begin() + i + 1, freed_.begin() + freed_count_, freed_.begin() + i);
      --freed_count_;
      --freed_filter_[slot % kFreedFilter];
    }
  }

  // Their slots are unused from now on, the newest on top.
  void drop_chunks(std::uint32_t block_slot) {
    Block& b = blocks_[block_slot % kBlocks];
    if (b.slot != block_slot) return;
    b.next_at = b.free_start;
    if (b.made == 0) return;
    auto at = unused_.size() + b.made;
    unused_.resize(at);
    for (auto i = b.newest; i != kNone; i = made_[i].older) unused_[--at] = made_[i].slot;
    b.newest = kNone;
    b.made = 0;
  }
  void drop_chunks_of_context(std::uint32_t context) {
    auto steps = kLongestChain;
    for (auto slot = context_blocks_[context % kContexts]; slot != kNone && steps > 0; --steps) {
      const Block& b = blocks_[slot % kBlocks];
      if (b.slot != slot || b.context != context) break;
      drop_chunks(slot);
      slot = b.next_of_context;
    }
  }
  void unlink_block(std::uint32_t slot) {
    Block& b = blocks_[slot % kBlocks];
    auto* link = &context_blocks_[b.context % kContexts];
    for (auto steps = kLongestChain; *link != kNone && steps > 0; --steps) {
      Block& at = blocks_[*link % kBlocks];
      if (at.slot != *link) return;
      if (*link == slot) {
        *link = b.next_of_context;
        return;
      }
      link = &at.next_of_context;
    }
  }
  void forget_block(std::uint32_t slot) {
    Block& b = blocks_[slot % kBlocks];
    if (b.slot != slot) return;
    unlink_block(slot);
    b = {};
  }

  std::array<Block, kBlocks> blocks_;
  std::array<Chunk, kChunks> chunks_;
  std::array<std::uint32_t, kContexts> context_blocks_;  // its first block's slot
  std::vector<Made> made_;
  std::uint32_t made_count_ = 0;
  std::vector<std::uint32_t> unused_, unused_blocks_, unused_contexts_;  // slots, next one last
  std::array<std::uint32_t, 2 * kFreed> freed_;
  std::uint32_t freed_count_ = 0;
  static constexpr std::uint32_t kFreedFilter = 4096;
  std::array<std::uint8_t, kFreedFilter>
      freed_filter_;  // how many of freed_ fall here: mostly none, which saves a search
  std::uint32_t last_made_ = kNone, last_used_ = kNone, last_block_ = kNone, last_freed_ = kNone;
  std::uint32_t newest_block_ = kNone, newest_context_ = kNone;
  std::uint64_t last_at_ = 0, last_region_at_ = 0, last_region_bytes_ = 0;
  std::uint32_t gap_ = 8;
};

}  // namespace palloscope::trace
