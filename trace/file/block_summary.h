// What is said of a block of events without reading it, so that searches skip blocks and the memory-over-time picture
// needs none; and which contexts an event touches, which is the same question for a single event.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "core/events/event.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

struct BlockSummary {
  // Extremes of HeapTotals over the states after each of the block's events.
  std::uint64_t context_bytes_min = 0, context_bytes_max = 0;
  std::uint64_t malloc_bytes_max = 0;
  std::uint64_t granted_bytes_max = 0;
  std::array<std::uint64_t, 4> touched{};  // filter: a context whose bit is not set was not touched
  std::array<std::uint64_t, 4> kinds{};    // bit `tag`: the block has events of that kind
  friend bool operator==(const BlockSummary&, const BlockSummary&) = default;

  bool may_touch(core::ContextSlot context) const {
    auto bit = filter_bit(context);
    return (touched[bit / 64] >> (bit % 64)) & 1;
  }
  bool has_kind(std::uint8_t tag) const { return (kinds[tag / 64] >> (tag % 64)) & 1; }

  void add_touched(core::ContextSlot context) {
    auto bit = filter_bit(context);
    touched[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  void add_kind(std::uint8_t tag) { kinds[tag / 64] |= std::uint64_t{1} << (tag % 64); }
  void add_totals(const HeapTotals& totals, bool first) {
    auto now = totals.context_bytes;
    context_bytes_min = first || now < context_bytes_min ? now : context_bytes_min;
    context_bytes_max = now > context_bytes_max ? now : context_bytes_max;
    malloc_bytes_max = totals.malloc_bytes > malloc_bytes_max ? totals.malloc_bytes : malloc_bytes_max;
    granted_bytes_max = totals.granted_bytes > granted_bytes_max ? totals.granted_bytes : granted_bytes_max;
  }

  // The same after an event that changes nothing of it but, perhaps, the granted bytes.
  void add_granted(const HeapTotals& totals) {
    if (totals.granted_bytes > granted_bytes_max) granted_bytes_max = totals.granted_bytes;
  }

 private:
  // Part of the format: slots 0..255 have bits of their own, further ones share.
  static unsigned filter_bit(core::ContextSlot context) { return context.value % 256; }
};

// Calls touch(ContextSlot) for every context that the event concerns, judged by the state just before it: the context
// it names, the owner of the block or chunk it names, and the parents whose children change.
template <class E, class F>
void for_each_touched(const MemoryState& before, const E& e, F&& touch) {
  using namespace core;
  auto owner_of_block = [&](BlockSlot slot) {
    if (const BlockRecord* block = before.block(slot); block && block->context) touch(block->context);
  };
  auto parent_of = [&](ContextSlot slot) {
    if (const ContextRecord* context = before.context(slot); context && context->parent) touch(context->parent);
  };
  if constexpr (std::is_same_v<E, ContextCreated> || std::is_same_v<E, ContextReparented>) {
    if constexpr (std::is_same_v<E, ContextReparented>) parent_of(e.context);
    touch(e.context);
    if (e.parent) touch(e.parent);
  } else if constexpr (std::is_same_v<E, ContextDeleted>) {
    parent_of(e.context);
    touch(e.context);
  } else if constexpr (std::is_same_v<E, ContextsOmitted>) {
    touch(e.parent);
  } else if constexpr (requires { e.context; }) {
    if (e.context) touch(e.context);
  } else if constexpr (requires { e.block; }) {
    owner_of_block(e.block);
  } else if constexpr (requires { e.chunk; }) {
    if (const ChunkRecord* chunk = before.chunk(e.chunk)) owner_of_block(chunk->block);
  }
}

// Makes a block's summary while its events are applied: before() with the state just before an event, after() with the
// state just after it. What is known to be in the summary already is not asked again: the usual events follow others in
// the same block of memory and change no more than the granted bytes.
class SummaryMaker {
 public:
  template <class E>
  void before(const MemoryState& state, const E& e) {
    summary_.add_kind(E::kTag);
    if constexpr (std::is_same_v<E, core::ChunkAllocated>) {
      if (e.block == owner_told_) return;
      owner_told_ = e.block;
    } else if constexpr (std::is_same_v<E, core::ChunkFreed>) {
      const ChunkRecord* chunk = state.chunk(e.chunk);
      if (e.fate == core::ChunkFate::WithBlock)
        owner_told_ = {};
      else if (chunk && chunk->block == owner_told_)
        return;
    } else {
      owner_told_ = {};  // it may have another owner from now on
    }
    for_each_touched(state, e, [this](core::ContextSlot context) { summary_.add_touched(context); });
  }
  template <class E>
  void after(const MemoryState& state, const E& e) {
    if constexpr (std::is_same_v<E, core::ChunkAllocated>) {
      if (!first_) return summary_.add_granted(state.totals());
    } else if constexpr (std::is_same_v<E, core::ChunkFreed>) {
      if (!first_ && e.fate != core::ChunkFate::WithBlock) return;
    }
    summary_.add_totals(state.totals(), first_);
    first_ = false;
  }

  const BlockSummary& summary() const { return summary_; }
  void clear() { *this = {}; }

 private:
  BlockSummary summary_;
  core::BlockSlot owner_told_;  // its owner was touched, and is still the same
  bool first_ = true;
};

}  // namespace palloscope::trace
