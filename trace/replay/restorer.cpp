#include "trace/replay/restorer.h"

#include <array>
#include <bit>
#include <utility>

namespace palloscope::trace {

using core::BlockRole;
using core::ContextKind;

StateRestorer::StateRestorer(const KeyframeHead& head, MemoryState room) {
  MemoryState::Heads& heads = state_.heads_;
  heads.event_number = head.event_number;
  heads.totals.malloc_calls = head.malloc_calls;
  heads.totals.free_calls = head.free_calls;
  heads.point = head.point;
  heads.fault_count = head.fault_count;
  state_.contexts_.resize(head.context_slots);
  state_.blocks_.resize(head.block_slots);
  // Of a table many times too large, or too small, nothing is kept.
  const std::size_t slots = head.chunk_slots, had = room.chunks_.capacity();
  if (had >= slots && had / 4 <= slots) {
    state_.chunks_ = std::move(room.chunks_);
    used_before_ = std::min(state_.chunks_.size(), slots);
  }
  state_.chunks_.resize(slots);
  listed_.resize(slots / 64 + 1);
}

bool StateRestorer::fail(const char* why) {
  if (!problem_) problem_ = why;
  return false;
}

bool StateRestorer::add_context(ContextSlot slot, const ContextRecord& own) {
  if (slot.value >= state_.contexts_.size() || state_.context(slot)) return fail("a context's number is not free");
  if (own.born == 0 || own.born > state_.event_number()) return fail("a context is not born before the keyframe");
  if (own.parent && !state_.context(own.parent)) return fail("a context comes before its parent");
  ContextRecord& context = state_.contexts_[slot.value];
  context = own;
  context.prev_sibling = context.first_child = {};
  context.first_block = context.last_block = {};
  context.mem_allocated_bytes = 0;
  context.block_count = context.occupied_block_count = context.live_chunk_count = context.free_chunk_count = 0;
  context.requested_bytes = context.granted_bytes = context.free_chunk_bytes = context.tail_bytes = 0;
  context.uncounted_free_chunks = 0;
  for (ChunkSlot& head : context.freelist) head = {};
  ContextSlot& head = own.parent ? state_.contexts_[own.parent.value].first_child : state_.heads_.first_root;
  context.next_sibling = head;
  if (head) state_.contexts_[head.value].prev_sibling = slot;
  head = slot;
  HeapTotals& totals = state_.heads_.totals;
  ++totals.context_count;
  if (own.reported) totals.context_bytes += own.reported->total_bytes;
  if (own.omitted_children) totals.context_bytes += own.omitted_children->total_bytes;
  return true;
}

bool StateRestorer::add_block(BlockSlot slot, const BlockRecord& own) {
  if (slot.value >= state_.blocks_.size() || state_.block(slot)) return fail("a block's number is not free");
  if (own.born == 0 || own.born > state_.event_number()) return fail("a block is not born before the keyframe");
  if (own.end() < own.at) return fail("a block reaches beyond the address space");
  if (own.last_context > state_.event_number()) return fail("a context was deleted after the keyframe");
  const bool in_context = own.linked() || own.role == BlockRole::Header;
  if (!in_context && own.role != BlockRole::Plain && own.role != BlockRole::Recycled)
    return fail("a block has no role");
  if (own.role == BlockRole::Recycled && own.recycle_list > 1) return fail("a recycled context's list does not exist");
  if (in_context != static_cast<bool>(state_.context(own.context)) || (!in_context && own.context))
    return fail("a block's context does not fit its role");
  if (own.uncounted_free != 0 && !own.linked()) return fail("a region outside all contexts has free chunks");
  if (own.role == BlockRole::Header && state_.contexts_[own.context.value].region != slot)
    return fail("a region holds the header of a context that does not know it");
  if (own.linked() && (own.header < own.at || own.free_start < own.header || own.free_at < own.free_start ||
                       own.free_at > own.end() || (own.role == BlockRole::External && own.free_at != own.end())))
    return fail("a block's parts lie outside it");

  BlockRecord& block = state_.blocks_[slot.value];
  block = own;
  block.prev = block.next = {};
  block.first_chunk = block.last_chunk = block.first_free = {};
  block.chunk_count = block.live_chunk_count = 0;
  HeapTotals& totals = state_.heads_.totals;
  ++totals.region_count;
  totals.malloc_bytes += own.bytes;
  if (own.role == BlockRole::Recycled) {
    BlockSlot& last = last_recycled_[own.recycle_list];
    block.prev = last;
    (last ? state_.blocks_[last.value].next : state_.heads_.first_recycled[own.recycle_list]) = slot;
    last = slot;
  }
  if (!in_context) return true;
  ContextRecord& owner = state_.contexts_[own.context.value];
  owner.mem_allocated_bytes += own.accounted_bytes;
  if (!owner.reported) totals.context_bytes += own.accounted_bytes;
  if (own.role == BlockRole::Header) return true;
  ++owner.block_count;
  owner.tail_bytes += own.end() - own.free_at;
  owner.uncounted_free_chunks += own.uncounted_free;
  block.prev = owner.last_block;
  if (owner.last_block) {
    state_.blocks_[owner.last_block.value].next = slot;
  } else {
    owner.first_block = slot;
  }
  owner.last_block = slot;
  return true;
}

bool StateRestorer::open_block(BlockSlot slot) {
  close_block();
  if (slot.value >= state_.blocks_.size()) return fail("a chunk's block does not exist");
  BlockRecord& block = state_.blocks_[slot.value];
  if (block.born == 0 || !block.linked()) return fail("a chunk's block is in no context");
  ContextRecord& owner = state_.contexts_[block.context.value];
  open_ = {};
  open_.slot = slot;
  open_.block = &block;
  open_.owner = &owner;
  open_.free_start = block.free_start;
  open_.end = block.end();
  open_.external = block.role == BlockRole::External;
  open_.lists = owner.kind == ContextKind::AllocSet || owner.kind == ContextKind::Slab;
  open_.link = block.last_chunk ? &state_.chunks_[block.last_chunk.value].next_in_block : &block.first_chunk;
  open_.last = block.last_chunk;
  return true;
}

void StateRestorer::close_block() {
  if (!open_.block) return;
  BlockRecord& block = *open_.block;
  ContextRecord& owner = *open_.owner;
  HeapTotals& totals = state_.heads_.totals;
  block.last_chunk = open_.last;
  block.chunk_count += open_.live + open_.free;
  if (block.live_chunk_count == 0 && open_.live != 0) ++owner.occupied_block_count;
  block.live_chunk_count += open_.live;
  owner.live_chunk_count += open_.live;
  owner.requested_bytes += open_.requested_bytes;
  owner.granted_bytes += open_.granted_bytes;
  owner.free_chunk_count += open_.free;
  owner.free_chunk_bytes += open_.free_bytes;
  totals.live_chunk_count += open_.live;
  totals.requested_bytes += open_.requested_bytes;
  totals.granted_bytes += open_.granted_bytes;
  totals.free_chunk_count += open_.free;
  open_ = {};
}

bool StateRestorer::add_to_freelist(ChunkSlot slot) {
  if (!listed(slot) || state_.chunks_[slot.value].state != ChunkState::Free ||
      state_.chunks_[slot.value].next_free != slot)
    return fail("a freelist holds a chunk that does not belong there");
  ChunkRecord& chunk = state_.chunks_[slot.value];
  BlockRecord& block = state_.blocks_[chunk.block.value];
  ContextRecord& owner = state_.contexts_[block.context.value];
  const bool classes = owner.kind == ContextKind::AllocSet;
  if (classes && (chunk.size_class >= kFreelistCount || block.role == BlockRole::External))
    return fail("a free chunk has no freelist");
  ChunkSlot& head = classes ? owner.freelist[chunk.size_class] : block.first_free;
  chunk.next_free = head;
  head = slot;
  --unlisted_;
  return true;
}

// What was in the tables before and is not in the keyframe is no longer there.
void StateRestorer::drop_unlisted() {
  for (std::size_t first = 0; first < used_before_; first += 64) {
    std::uint64_t missing = ~listed_[first / 64];
    if (used_before_ - first < 64) missing &= (std::uint64_t{1} << (used_before_ - first)) - 1;
    for (; missing != 0; missing &= missing - 1) {
      state_.chunks_[first + static_cast<std::size_t>(std::countr_zero(missing))].state = ChunkState::Gone;
    }
  }
}

bool StateRestorer::add_fault(Fault fault) {
  if (state_.faults_.size() >= kKeptFaults) return fail("there are more faults than are kept");
  state_.faults_.push_back(std::move(fault));
  return true;
}

core::Result<MemoryState> StateRestorer::finish() {
  close_block();
  drop_unlisted();
  const ProgramPoint& point = state_.heads_.point;
  if (unlisted_ != 0) fail("free chunks are on no freelist");
  if (state_.faults_.size() != std::min<std::uint64_t>(state_.heads_.fault_count, kKeptFaults))
    fail("the faults are not as many as they should be");
  if (point.current && !state_.context(point.current)) fail("the current context does not exist");
  for (std::uint32_t slot = 0; slot < state_.contexts_.size(); ++slot) {
    const ContextRecord& context = state_.contexts_[slot];
    if (context.born == 0 || !context.region) continue;
    const BlockRecord* region = state_.block(context.region);
    if (!region || region->context != ContextSlot{slot} ||
        (region->role != BlockRole::Header && region->role != BlockRole::Keeper))
      fail("a context lies in a region that is not its own");
  }
  if (problem_) return core::Error{core::ErrorCode::BadFormat, std::string("keyframe: ") + problem_};
  return std::move(state_);
}

std::vector<ChunkSlot> chunks_of(const MemoryState& state, const std::vector<BlockSlot>& blocks) {
  constexpr std::size_t kChains = 8;
  struct Chain {
    ChunkSlot next;
    std::size_t to = 0;
    std::uint32_t left = 0;
  };
  std::size_t count = 0;
  for (const BlockSlot slot : blocks) count += state.blocks()[slot.value].chunk_count;
  std::vector<ChunkSlot> chunks(count);
  std::array<Chain, kChains> chains;
  std::size_t active = 0, block = 0, to = 0;
  const auto begin = [&](Chain& chain) {
    while (block < blocks.size()) {
      const BlockRecord& record = state.blocks()[blocks[block++].value];
      chain = {record.first_chunk, to, record.chunk_count};
      to += record.chunk_count;
      if (chain.left != 0) return true;
    }
    return false;
  };
  while (active < kChains && begin(chains[active])) ++active;
  while (active != 0) {
    for (std::size_t i = 0; i < active; ++i) {
      Chain& chain = chains[i];
      chunks[chain.to++] = chain.next;
      chain.next = state.chunks()[chain.next.value].next_in_block;
      if (--chain.left == 0 && !begin(chain)) chain = chains[--active];
    }
  }
  return chunks;
}

KeyframeHead keyframe_head(const MemoryState& state) {
  return {state.event_number(),
          state.totals().malloc_calls,
          state.totals().free_calls,
          state.point(),
          static_cast<std::uint32_t>(state.contexts().size()),
          static_cast<std::uint32_t>(state.blocks().size()),
          static_cast<std::uint32_t>(state.chunks().size()),
          state.fault_count()};
}

}  // namespace palloscope::trace
