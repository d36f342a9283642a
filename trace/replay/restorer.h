// StateRestorer: builds a MemoryState from what a keyframe lists. It computes all links and counters itself and checks
// the rest, so that no keyframe, however damaged, gives a state that could lead replay astray.
//
// Order of the calls: contexts, each after its parent, the oldest of several siblings first; then blocks, those of one
// context (and those of one recycled-context list) in list order, head first; then chunks, those of one block in the
// order of the block; then the chunks on freelists, each list from its last chunk to its head. `for_each_in_keyframe`
// visits a state in exactly this order.
#pragma once

#include <algorithm>
#include <array>
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
  // Allocates the tables: the caller has bounded the head's lengths by what its file can hold.
  explicit StateRestorer(const KeyframeHead& head);

  // Of the records only what is the thing's own is used, no links (but `parent`, `context`, `block`) and no counters.
  // False: this cannot be part of a state; finish() says why.
  bool add_context(ContextSlot slot, const ContextRecord& own);
  bool add_block(BlockSlot slot, const BlockRecord& own);
  // These two only queue (see `waiting_`): what is wrong with a chunk may be said at a later one, or by finish().
  bool add_chunk(ChunkSlot slot, const ChunkRecord& own) {
    fetch_chunk(state_, slot);
    if (last_ - first_ == kWaiting) take_first();
    waiting_[last_++ % kWaiting] = {slot, false, own};
    return problem_ == nullptr;
  }
  bool add_to_freelist(ChunkSlot slot) {
    fetch_chunk(state_, slot);
    if (last_ - first_ == kWaiting) take_first();
    Waiting& waiting = waiting_[last_++ % kWaiting];
    waiting.slot = slot;
    waiting.to_freelist = true;
    return problem_ == nullptr;
  }
  void add_variable(const std::string& name, Address value) { state_.variables_[name] = value; }
  bool add_fault(Fault fault);
  // Checked by whoever read it.
  void set_server(ServerState server) { state_.server_ = std::move(server); }

  // Moves the state out, if it is whole.
  core::Result<MemoryState> finish();

 private:
  static constexpr std::size_t kWaiting = 16;
  struct Waiting {
    ChunkSlot slot;
    bool to_freelist = false;
    ChunkRecord own;
  };

  bool fail(const char* why);
  void take_first();
  bool take_chunk(ChunkSlot slot, const ChunkRecord& own);
  bool put_on_freelist(ChunkSlot slot);

  // A large heap's records lie far apart: chunks wait here while theirs are fetched, so that the misses overlap.
  std::array<Waiting, kWaiting> waiting_;
  std::size_t first_ = 0, last_ = 0;
  MemoryState state_;
  const char* problem_ = nullptr;
  BlockSlot last_recycled_[2];
  std::uint64_t unlisted_ = 0;  // free chunks still to be put on their freelists
};

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
