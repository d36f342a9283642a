#include "tests/support/three_accounts.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/walk/heap_walker.h"
#include "core/walk/process_source.h"
#include "trace/analysis/context_counters.h"
#include "trace/exporters/event_text.h"

namespace palloscope::test {

using core::Address;
using core::BlockRole;
using core::BlockSlot;
using core::ChunkSlot;
using core::ContextKind;
using core::ContextSlot;
using core::WalkedBlock;
using core::WalkedChunkState;
using core::WalkedContext;
using core::WalkedHeap;
using trace::BlockRecord;
using trace::ChunkRecord;
using trace::ChunkState;
using trace::ContextRecord;
using trace::MemoryState;

namespace {

struct Disagreement {
  std::string words;
};

template <class A, class B>
void same(const char* what, Address where, const A& state, const B& bytes) {
  if (state == bytes) return;
  if constexpr (std::is_same_v<A, Address>) {
    throw Disagreement{
        fmt::format("{} of {:#x}: the state says {:#x}, the bytes {:#x}", what, where.value, state.value, bytes.value)};
  } else {
    throw Disagreement{fmt::format("{} of {:#x}: the state says {}, the bytes {}", what, where.value, state, bytes)};
  }
}

template <class A, class B>
void same_tally(const char* what, Address where, const A& tally, const B& other) {
  if (tally == other) return;
  throw Disagreement{fmt::format("{} of {:#x}: the core counts {}, the others {}", what, where.value, tally, other)};
}

class Comparison {
 public:
  Comparison(const core::Process& process, const MemoryState& state, const WalkedHeap& heap)
      : process_(&process), profile_(process.profile()), state_(state), heap_(heap) {}
  Comparison(const core::VersionProfile& profile, const MemoryState& state, const WalkedHeap& heap)
      : profile_(profile), state_(state), heap_(heap) {}

  void run() {
    if (!heap_.findings.empty()) {
      throw Disagreement{
          fmt::format("the walk found, at {:#x}: {}", heap_.findings[0].where.value, heap_.findings[0].what)};
    }
    if (state_.fault_count() != 0) throw Disagreement{"the state found a fault: " + state_.faults().front().what};
    const ContextRecord* current = state_.context(state_.point().current);
    if (process_ || is_walked(heap_.current))
      same("CurrentMemoryContext", {}, current ? current->at : Address{}, heap_.current);
    ContextSlot root = state_.first_root();
    for (; root; root = state_.context(root)->next_sibling) ++roots_;
    // The walk begins with Top; the state lists top and detached contexts newest first.
    same("top contexts", {}, roots_, count_roots());
    for (root = state_.first_root(); root; root = state_.context(root)->next_sibling) {
      next_ = find_root(state_.context(root)->at);
      compare_tree(root, -1);
    }
    same("contexts", {}, compared_, heap_.contexts.size());
    for (int list = 0; list < 2; ++list) compare_recycled(list);
  }

 private:
  bool is_walked(Address at) const {
    return std::any_of(heap_.contexts.begin(), heap_.contexts.end(), [&](auto& context) { return context.at == at; });
  }
  std::size_t count_roots() const {
    return static_cast<std::size_t>(
        std::count_if(heap_.contexts.begin(), heap_.contexts.end(), [](auto& context) { return context.parent < 0; }));
  }
  std::size_t find_root(Address at) const {
    for (std::size_t i = 0; i < heap_.contexts.size(); ++i) {
      if (heap_.contexts[i].parent < 0 && heap_.contexts[i].at == at) return i;
    }
    throw Disagreement{fmt::format("the walk does not find the top context {:#x}", at.value)};
  }

  // Both in preorder, so the walk's next context must be the state's.
  void compare_tree(ContextSlot slot, std::int32_t parent) {
    const ContextRecord& context = *state_.context(slot);
    if (next_ >= heap_.contexts.size()) throw Disagreement{"the walk found fewer contexts than the state has"};
    auto index = static_cast<std::int32_t>(next_++);
    ++compared_;
    compare_context(context, heap_.contexts[static_cast<std::size_t>(index)], parent);
    for (ContextSlot child = context.first_child; child; child = state_.context(child)->next_sibling) {
      compare_tree(child, index);
    }
  }

  void compare_context(const ContextRecord& context, const WalkedContext& walked, std::int32_t parent) {
    Address at = context.at;
    same("address", at, context.at, walked.at);
    same("parent", at, parent, walked.parent);
    same("kind", at, static_cast<int>(context.kind), static_cast<int>(walked.kind));
    same("name", at, context.name, walked.name);
    same("having an ident", at, context.ident.has_value(), walked.ident.has_value());
    same("ident", at, context.ident.value_or(""), walked.ident.value_or(""));
    same("isReset", at, context.is_reset, walked.is_reset);
    same("allowInCritSection", at, context.allow_in_crit_section, walked.allow_in_crit_section);
    same("mem_allocated", at, context.mem_allocated_bytes, walked.mem_allocated);
    same("initBlockSize", at, context.init_block_bytes, walked.init_block_bytes);
    same("maxBlockSize", at, context.max_block_bytes, walked.max_block_bytes);
    same("nextBlockSize", at, context.kind == ContextKind::Slab ? 0 : context.next_block_bytes,
         walked.next_block_bytes);
    same("allocChunkLimit", at, context.chunk_limit_bytes, walked.chunk_limit_bytes);
    same("freeListIndex", at, context.recycle_list, walked.freelist_index);
    same("blocks", at, context.block_count, walked.blocks.size());
    compare_blocks(context, walked);
    for (std::size_t i = 0; i < walked.freelists.size(); ++i) compare_freelist(context, walked, i);
    if (process_)
      compare_tallies(context, walked);
    else
      compare_counters(context, walked);
  }

  // What the statistics say of it, computed from the state and read from the bytes.
  void compare_counters(const ContextRecord& context, const WalkedContext& walked) {
    const trace::ReportedCounters counters = trace::context_counters(state_, context, &profile_);
    same("blocks in the statistics", context.at, counters.blocks, walked.counters.nblocks);
    same("total space", context.at, counters.total_bytes, walked.counters.totalspace);
    same("free space", context.at, counters.free_bytes, walked.counters.freespace);
    same("empty blocks", context.at, counters.empty_blocks, walked.counters.empty_blocks);
    if (context.kind != ContextKind::Bump) {
      same("free chunks in the statistics", context.at, counters.free_chunks, walked.counters.freechunks);
      same("chunks in the statistics", context.at, counters.chunks, walked.counters.chunks);
    }
  }

  void compare_blocks(const ContextRecord& context, const WalkedContext& walked) {
    std::vector<BlockSlot> slots;
    for (BlockSlot slot = context.first_block; slot; slot = state_.block(slot)->next) slots.push_back(slot);
    // Slab: the state's one list holds all of PostgreSQL's, see core/events/event.h, BlockMoved.
    if (context.kind == ContextKind::Slab) {
      std::stable_sort(slots.begin(), slots.end(),
                       [&](BlockSlot a, BlockSlot b) { return state_.block(a)->list < state_.block(b)->list; });
    }
    same("length of the block list", context.at, slots.size(), walked.blocks.size());
    for (std::size_t i = 0; i < slots.size(); ++i) {
      compare_block(context, *state_.block(slots[i]), walked, walked.blocks[i]);
    }
  }

  void compare_block(const ContextRecord& context, const BlockRecord& block, const WalkedContext& owner,
                     const WalkedBlock& walked) {
    Address at = walked.header;
    bool slab = context.kind == ContextKind::Slab, bump = context.kind == ContextKind::Bump;
    bool free_at_in_bytes = !(slab && profile_.slab.list_per_free_count);
    same("place in the block list", at, block.header, walked.header);
    same("start", at, block.free_start, walked.start);
    same("end", at, block.end(), walked.end);
    same("list", at, block.list, walked.list);
    if (free_at_in_bytes) same("freeptr", at, block.free_at, walked.free_at);
    bool headers_in_bytes = !bump || profile_.checking;
    bool role_in_bytes = headers_in_bytes || block.role == BlockRole::Keeper;
    if (role_in_bytes) same("role", at, static_cast<int>(block.role), static_cast<int>(walked.role));
    if (process_) same("malloc'ed bytes", at, std::uint64_t{block.bytes}, process_->malloc_bytes(block.at).value_or(0));
    if (!headers_in_bytes && !process_) return same("chunks of a Bump block", at, block.chunk_count, 0u);
    if (!headers_in_bytes) return compare_bump_chunks(block);
    compare_chunks(context, block, owner, walked);
    if (slab) compare_free_chain(block, owner, walked);
    if (context.kind == ContextKind::Generation) {
      same("nchunks", at, static_cast<std::int64_t>(block.chunk_count), walked.nchunks);
      same("nfree", at, std::int64_t{block.free_chunk_count()} + block.uncounted_free, walked.nfree);
    }
  }

  void compare_chunks(const ContextRecord& context, const BlockRecord& block, const WalkedContext& owner,
                      const WalkedBlock& walked) {
    // Slab of 15 does not tell never-used chunks from freed ones: the state's chunks come first, the rest is free.
    std::size_t index = 0;
    for (ChunkSlot slot = block.first_chunk; slot; slot = state_.chunk(slot)->next_in_block, ++index) {
      const ChunkRecord& chunk = *state_.chunk(slot);
      if (index >= walked.chunks.size()) same("number of chunks", walked.header, block.chunk_count, index);
      const core::WalkedChunk& found = walked.chunks[index];
      same("chunk", walked.header, chunk.at, found.at);
      same("chunk size", chunk.at, chunk.granted_bytes, found.granted_bytes);
      if (found.state != WalkedChunkState::Unknown) {
        same("chunk in use", chunk.at, chunk.state == ChunkState::Live, found.state == WalkedChunkState::Live);
      }
      if (found.requested_bytes) same("requested_size", chunk.at, chunk.requested_bytes, *found.requested_bytes);
    }
    if (context.kind == ContextKind::Slab && profile_.slab.list_per_free_count) {
      same("chunks", walked.header, static_cast<std::size_t>(owner.chunks_per_block), walked.chunks.size());
      for (; index < walked.chunks.size(); ++index) {
        same("never-used chunk in use", walked.chunks[index].at, false,
             walked.chunks[index].state == WalkedChunkState::Live);
      }
    }
    same("number of chunks", walked.header, index, walked.chunks.size());
  }

  // A production build: no headers in the bytes; but the chunks must fill the block up to freeptr without gaps.
  void compare_bump_chunks(const BlockRecord& block) {
    Address at = block.free_start;
    for (ChunkSlot slot = block.first_chunk; slot; slot = state_.chunk(slot)->next_in_block) {
      same("chunk in a Bump block", block.header, state_.chunk(slot)->at, at);
      at = at + state_.chunk(slot)->granted_bytes;
    }
    bool awaits_its_chunk = block.role == BlockRole::External && !block.first_chunk;
    if (!awaits_its_chunk) same("end of the chunks in a Bump block", block.header, at, block.free_at);
  }

  void compare_free_chain(const BlockRecord& block, const WalkedContext& owner, const WalkedBlock& walked) {
    auto address_of = [&](std::uint32_t number) {
      return walked.start + number * owner.full_chunk_bytes + (owner.full_chunk_bytes - walked.chunks[0].granted_bytes);
    };
    std::size_t index = 0;
    for (ChunkSlot slot = block.first_free; slot; slot = state_.chunk(slot)->next_free, ++index) {
      if (index >= walked.free_chain.size()) throw Disagreement{"a free chain is shorter in the bytes"};
      same("free chain", walked.header, state_.chunk(slot)->at, address_of(walked.free_chain[index]));
    }
    if (profile_.slab.list_per_free_count) {
      for (std::uint32_t number = block.chunk_count; index < walked.free_chain.size(); ++index, ++number) {
        same("never-used chunk in the free chain", walked.header, number, walked.free_chain[index]);
      }
    }
    same("length of the free chain", walked.header, index, walked.free_chain.size());
  }

  void compare_freelist(const ContextRecord& context, const WalkedContext& walked, std::size_t number) {
    std::size_t index = 0;
    const std::vector<Address>& list = walked.freelists[number];
    for (ChunkSlot slot = context.freelist[number]; slot; slot = state_.chunk(slot)->next_free, ++index) {
      if (index >= list.size()) throw Disagreement{fmt::format("freelist {} is shorter in the bytes", number)};
      same("freelist", context.at, state_.chunk(slot)->at, list[index]);
    }
    same("length of a freelist", context.at, index, list.size());
  }

  void compare_tallies(const ContextRecord& context, const WalkedContext& walked) {
    Address at = context.at;
    core::Tallies tallies = process_->tallies(at);
    same_tally("blocks", at, tallies.blocks, context.block_count);
    same_tally("mem_allocated", at, tallies.mem_allocated_bytes, context.mem_allocated_bytes);
    same_tally("chunks in use", at, tallies.live_chunks, context.live_chunk_count);
    same_tally("requested bytes", at, tallies.requested_bytes, context.requested_bytes);
    same_tally("granted bytes", at, tallies.granted_bytes, context.granted_bytes);
    if (context.kind != ContextKind::Generation) {  // there the state counts freed chunks as free ones
      same_tally("free chunks", at, tallies.free_chunks, context.free_chunk_count);
      same_tally("bytes of free chunks", at, tallies.free_chunk_bytes, context.free_chunk_bytes);
    }
    core::ContextCounters counters = process_->memory_context_counters(at);
    same_tally("nblocks", at, counters.nblocks, walked.counters.nblocks);
    same_tally("freechunks", at, counters.freechunks, walked.counters.freechunks);
    same_tally("totalspace", at, counters.totalspace, walked.counters.totalspace);
    same_tally("freespace", at, counters.freespace, walked.counters.freespace);
    same_tally("is_empty", at, process_->is_empty_method(at), walked.is_empty);
  }

  void compare_recycled(int list) {
    std::size_t index = 0;
    const std::vector<WalkedContext>& walked = heap_.recycled[list];
    for (BlockSlot slot = state_.first_recycled(list); slot; slot = state_.block(slot)->next, ++index) {
      if (index >= walked.size()) throw Disagreement{"a list of recycled contexts is shorter in the bytes"};
      same("recycled context", {}, state_.block(slot)->at, walked[index].at);
      same("blocks of a recycled context", walked[index].at, std::size_t{1}, walked[index].blocks.size());
      same("end of a recycled context", walked[index].at, state_.block(slot)->end(), walked[index].blocks[0].end);
    }
    same("length of a list of recycled contexts", {}, index, walked.size());
  }

  const core::Process* process_ = nullptr;  // null: there are two accounts only
  const core::VersionProfile& profile_;
  const MemoryState& state_;
  const WalkedHeap& heap_;
  std::size_t next_ = 0, compared_ = 0, roots_ = 0;
};

}  // namespace

WalkedHeap walk_process(const core::Process& process, const MemoryState& state) {
  core::WalkRoots roots = core::walk_roots(process);
  std::vector<Address> detached;
  for (ContextSlot root = state.first_root(); root; root = state.context(root)->next_sibling) {
    Address at = state.context(root)->at;
    if (at != process.top_memory_context()) detached.push_back(at);
  }
  roots.detached = detached;
  return core::walk_heap(core::ProcessSource(process), process.profile(), roots);
}

std::string compare_accounts(const core::Process& process, const MemoryState& state, const WalkedHeap& heap) {
  try {
    Comparison(process, state, heap).run();
    return {};
  } catch (const Disagreement& found) {
    return found.words;
  }
}

std::string compare_to_walk(const core::VersionProfile& profile, const MemoryState& state, const WalkedHeap& heap) {
  try {
    Comparison(profile, state, heap).run();
    return {};
  } catch (const Disagreement& found) {
    return found.words;
  }
}

void ThreeAccounts::emit(const core::EventBody& event) {
  state_.apply(event);
  if (const auto* fault = std::get_if<core::FaultFound>(&event))
    trampled_ |= fault->kind == core::FaultKind::DoubleFree || fault->kind == core::FaultKind::WritePastEnd;
  if (!process_ || !disagreement_.empty()) return;
  // The script host announces a line late, when the first effect of that line is already in the bytes.
  if (std::holds_alternative<core::SourceLine>(event)) return;
  trace::EventNumber number = state_.event_number();
  if (number > pace_.each_event_up_to && number % pace_.then_every != 0) return;
  check_now();
  if (!disagreement_.empty()) disagreement_ += " (the event: " + trace::event_text(event, state_) + ")";
}

void ThreeAccounts::check_now() {
  if (!process_ || !disagreement_.empty() || trampled_) return;
  ++comparisons_;
  std::string found = compare_accounts(*process_, state_, walk_process(*process_, state_));
  if (!found.empty()) disagreement_ = fmt::format("after event {}: {}", state_.event_number(), found);
}

}  // namespace palloscope::test
