// StateRestorer: builds a MemoryState from what a keyframe lists. It computes all links and counters itself and checks
// the rest, so that no keyframe, however damaged, gives a state that could lead replay astray.
//
// Order of the calls: contexts, each after its parent, the oldest of several siblings first; then blocks, those of one
// context (and those of one recycled-context list) in list order, head first; then chunks, those of one block in the
// order of the block; then the chunks on freelists, each list from its last chunk to its head. `for_each_in_keyframe`
// visits a state in exactly this order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "trace/replay/fetch_chunks.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// All of a state that is not listed context by context, block by block, chunk by chunk.
struct KeyframeHead {
  EventNumber event_number = 0;
  std::uint64_t malloc_calls = 0, free_calls = 0;
  ProgramPoint point;
  // Lengths of the tables by slot: stale slots count, because they are the ones that will be used again.
  std::uint32_t context_slots = 0, block_slots = 0, chunk_slots = 0;
  std::uint64_t fault_count = 0;
  friend bool operator==(const KeyframeHead&, const KeyframeHead&) = default;
};

class StateRestorer {
 public:
  // Makes the tables: the caller has bounded the head's lengths by what its file can hold. `room` is a state that is
  // done with: new memory costs more than filling it.
  explicit StateRestorer(const KeyframeHead& head, MemoryState room = {});

  // Of the records only what is the thing's own is used, no links (but `parent`, `context`, `block`) and no counters.
  // False: this cannot be part of a state; finish() says why.
  bool add_context(ContextSlot slot, const ContextRecord& own);
  bool add_block(BlockSlot slot, const BlockRecord& own);
  bool add_chunk(ChunkSlot slot, const ChunkRecord& own);
  bool add_to_freelist(ChunkSlot slot);
  // A chunk that is added soon, or put on a freelist: a large heap's records lie far apart, and are slow to come.
  void fetch(ChunkSlot slot) const { fetch_chunk(state_, slot); }
  bool worth_fetching() const { return state_.chunks_.size() >= kLargeChunkTable; }
  void add_variable(const std::string& name, Address value) { state_.variables_[name] = value; }
  bool add_fault(Fault fault);
  // Checked by whoever read it.
  void set_server(ServerState server) { state_.server_ = std::move(server); }

  // Moves the state out, if it is whole.
  core::Result<MemoryState> finish();

 private:
  // The block that chunks are added to, and what they add to it, its context and the totals.
  struct OpenBlock {
    BlockSlot slot;
    BlockRecord* block = nullptr;
    ContextRecord* owner = nullptr;
    Address free_start, end;
    bool external = false, lists = false;  // lists: its free chunks stand on freelists
    ChunkSlot* link = nullptr;             // where the next chunk's slot goes
    ChunkSlot last;
    std::uint32_t live = 0, free = 0;
    std::uint64_t requested_bytes = 0, granted_bytes = 0, free_bytes = 0;
  };

  bool fail(const char* why);
  bool open_block(BlockSlot slot);
  void close_block();
  bool listed(ChunkSlot slot) const {
    return slot.value < state_.chunks_.size() && (listed_[slot.value / 64] >> (slot.value % 64) & 1) != 0;
  }
  void drop_unlisted();

  MemoryState state_;
  const char* problem_ = nullptr;
  OpenBlock open_;
  std::vector<std::uint64_t> listed_;  // a bit for each chunk's slot: was added
  std::size_t used_before_ = 0;        // chunk records that hold what was there before
  BlockSlot last_recycled_[2];
  std::uint64_t unlisted_ = 0;  // free chunks still to be put on their freelists
};

inline bool StateRestorer::add_chunk(ChunkSlot slot, const ChunkRecord& own) {
  if ((!open_.block || own.block != open_.slot) && !open_block(own.block)) [[unlikely]]
    return false;
  if (slot.value >= state_.chunks_.size()) [[unlikely]]
    return fail("a chunk's number is too large");
  std::uint64_t& listed = listed_[slot.value / 64];
  const std::uint64_t bit = std::uint64_t{1} << (slot.value % 64);
  if (listed & bit) [[unlikely]]
    return fail("a chunk's number is not free");
  listed |= bit;
  if (own.born == 0 || own.born > state_.event_number()) [[unlikely]]
    return fail("a chunk is not born before the keyframe");
  if (own.at < open_.free_start || own.at > open_.end || own.granted_bytes > open_.end - own.at) [[unlikely]]
    return fail("a chunk reaches beyond its block");
  if (open_.external && open_.block->chunk_count + open_.live + open_.free != 0) [[unlikely]]
    return fail("a dedicated block holds two chunks");
  ChunkSlot next_free;
  if (own.state == ChunkState::Live) {
    ++open_.live;
    open_.requested_bytes += own.requested_bytes;
    open_.granted_bytes += own.granted_bytes;
  } else if (own.state == ChunkState::Free) {
    ++open_.free;
    open_.free_bytes += own.granted_bytes;
    if (open_.lists) {
      next_free = slot;  // itself: still to be put on its list
      ++unlisted_;
    }
  } else {
    return fail("a chunk is neither in use nor free");
  }
  ChunkRecord& chunk = state_.chunks_[slot.value];
  chunk = own;
  chunk.next_in_block = {};
  chunk.next_free = next_free;
  *open_.link = slot;
  open_.link = &chunk.next_in_block;
  open_.last = slot;
  return true;
}

KeyframeHead keyframe_head(const MemoryState& state);

// The chunks of these blocks, block by block, each from its first to its last. Several chains are followed at a time:
// in a large heap every step is a wait for memory, and the waits overlap.
std::vector<ChunkSlot> chunks_of(const MemoryState& state, const std::vector<BlockSlot>& blocks);

// Calls context(slot, record), block(slot, record), chunk(slot, record), on_freelist(slot) for everything that
// StateRestorer wants, in its order. (Variables and faults are lists of the state's own.)
template <class Context, class Block, class Chunk, class OnFreelist>
void for_each_in_keyframe(const MemoryState& state, Context context, Block block, Chunk chunk, OnFreelist on_freelist) {
  std::vector<ContextSlot> order;  // parents first, oldest sibling first
  auto add_siblings = [&](ContextSlot newest) {
    const auto from = static_cast<std::ptrdiff_t>(order.size());
    for (ContextSlot slot = newest; slot; slot = state.contexts()[slot.value].next_sibling) order.push_back(slot);
    std::reverse(order.begin() + from, order.end());
  };
  add_siblings(state.first_root());
  for (std::size_t i = 0; i < order.size(); ++i) add_siblings(state.contexts()[order[i].value].first_child);
  for (ContextSlot slot : order) context(slot, state.contexts()[slot.value]);

  auto for_linked_blocks = [&](auto&& visit) {
    for (ContextSlot slot : order) {
      for (BlockSlot b = state.contexts()[slot.value].first_block; b; b = state.blocks()[b.value].next) {
        visit(b, state.blocks()[b.value]);
      }
    }
  };
  for_linked_blocks(block);
  for (int list = 0; list < 2; ++list) {
    for (BlockSlot b = state.first_recycled(list); b; b = state.blocks()[b.value].next) {
      block(b, state.blocks()[b.value]);
    }
  }
  for (std::uint32_t b = 0; b < state.blocks().size(); ++b) {
    const BlockRecord& record = state.blocks()[b];
    if (record.born != 0 && !record.linked() && record.role != core::BlockRole::Recycled) block(BlockSlot{b}, record);
  }

  std::vector<BlockSlot> linked;
  for_linked_blocks([&](BlockSlot slot, const BlockRecord&) { linked.push_back(slot); });
  const std::vector<ChunkSlot> chunks = chunks_of(state, linked);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (i + kFetchedAhead < chunks.size()) fetch_chunk(state, chunks[i + kFetchedAhead]);
    chunk(chunks[i], state.chunks()[chunks[i].value]);
  }

  std::vector<ChunkSlot> list;
  auto add_list = [&](ChunkSlot head) {
    list.clear();
    for (ChunkSlot c = head; c; c = state.chunks()[c.value].next_free) list.push_back(c);
    for (std::size_t i = list.size(); i > 0; --i) on_freelist(list[i - 1]);
  };
  for (ContextSlot slot : order) {
    for (ChunkSlot head : state.contexts()[slot.value].freelist) add_list(head);
  }
  for_linked_blocks([&](BlockSlot, const BlockRecord& record) { add_list(record.first_free); });
}

}  // namespace palloscope::trace
