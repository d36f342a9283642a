#include "trace/live/context_events.h"

#include <algorithm>
#include <bit>
#include <map>
#include <unordered_map>
#include <vector>

#include "trace/live/heap_difference.h"

namespace palloscope::trace {

using namespace core;

namespace {

void empty(WalkedBlock& block) {
  block.chunks.clear();
  block.free_chain.clear();
  block.free_at = block.start;
  block.nfree = block.nchunks = 0;
}

Address end_of_chunks(const WalkedBlock& block) {
  return block.chunks.empty() ? block.start : block.chunks.back().at + block.chunks.back().granted_bytes;
}

std::uint64_t accounted_bytes(const WalkedContext& context, const WalkedBlock& block) {
  const bool with_header = block.role == BlockRole::Keeper && context.kind != ContextKind::Generation;  // spec 7.10
  return block.end - (with_header ? context.at : block.header);
}

// Production builds keep it for Slab alone, where all chunks are asked for with one size.
std::uint64_t requested_bytes(const WalkedContext& context, const WalkedChunk& chunk) {
  if (context.kind == ContextKind::Slab) return std::min(context.chunk_bytes, chunk.granted_bytes);
  return chunk.requested_bytes.value_or(chunk.granted_bytes);
}

std::uint8_t size_class(const WalkedContext& context, const WalkedBlock& block, const WalkedChunk& chunk) {
  const bool classes = context.kind == ContextKind::AllocSet && block.role != BlockRole::External;
  if (!classes || !std::has_single_bit(chunk.granted_bytes)) return 0;
  const int number = std::countr_zero(chunk.granted_bytes) - 3;
  return number >= 0 && number < static_cast<int>(kWalkedFreelists) ? static_cast<std::uint8_t>(number) : 0;
}

using BlocksByPlace = std::unordered_map<Address, const WalkedBlock*>;

BlocksByPlace by_place(const WalkedContext& context) {
  BlocksByPlace blocks;
  for (const WalkedBlock& block : context.blocks) blocks.emplace(block.header, &block);
  return blocks;
}

const WalkedBlock* at_place(const BlocksByPlace& blocks, Address header) {
  auto found = blocks.find(header);
  return found == blocks.end() ? nullptr : found->second;
}

}  // namespace

// One context that grows, and what the state has of it at this moment.
struct ContextEvents::Growth {
  const WalkedContext& told;
  const WalkedContext& now;
  ContextSlot context;
  BlocksByPlace told_blocks;
  bool is_reset;
};

// --- regions and contexts ---------------------------------------------------------------------------------------

BlockSlot ContextEvents::malloc(const HeapRegion& region) {
  const BlockSlot slot = names_.add_block(region.at);
  tell(Malloc{slot, region.at, region.bytes});
  return slot;
}

void ContextEvents::free(BlockSlot region) {
  tell(Free{region});
  names_.drop_block(region);
}

BlockSlot ContextEvents::slot_of(const WalkedContext& context, const WalkedBlock& block) const {
  return names_.block(block.role == BlockRole::Keeper ? context.at : block.header);
}

WalkedContext ContextEvents::create(const WalkedContext& context, ContextSlot parent) {
  ContextCreated event;
  event.region = names_.block(context.at);
  event.recycled = static_cast<bool>(event.region);
  if (!event.region) event.region = malloc(region_of(context, profile_));
  event.context = names_.add_context(context.at);
  event.parent = parent;
  event.kind = context.kind;
  event.allow_in_crit_section = context.allow_in_crit_section;
  event.at = context.at;
  event.min_context_bytes = context.chunk_bytes;
  event.init_block_bytes = context.init_block_bytes;
  event.max_block_bytes = context.max_block_bytes;
  event.chunk_limit_bytes = context.chunk_limit_bytes;
  event.recycle_list = context.freelist_index;
  event.name = context.name;
  tell(event);
  if (context.ident) tell(ContextIdentSet{event.context, context.ident});
  WalkedContext told;
  told.at = context.at;
  told.kind = context.kind;
  told.is_reset = true;
  told.allow_in_crit_section = context.allow_in_crit_section;
  told.next_block_bytes = context.init_block_bytes;
  return told;
}

void ContextEvents::remove(const WalkedContext& told) {
  tell(ContextDeleted{names_.context(told.at)});
  names_.drop_context(told.at);
  for (const WalkedBlock& block : told.blocks) drop_contents(told, block);
}

// Of a block that the state has taken out of its context, or emptied: its region goes as well, unless it holds the
// context's header.
void ContextEvents::drop_contents(const WalkedContext& told, const WalkedBlock& block) {
  const BlockSlot slot = slot_of(told, block);
  names_.drop_chunks_of(slot);
  if (block.role != BlockRole::Keeper) free(slot);
}

// --- what is no longer there ------------------------------------------------------------------------------------

void ContextEvents::reset(WalkedContext& told) {
  tell(ContextReset{names_.context(told.at)});
  for (const WalkedBlock& block : told.blocks) drop_contents(told, block);
  std::erase_if(told.blocks, [](const WalkedBlock& block) { return block.role != BlockRole::Keeper; });
  for (WalkedBlock& keeper : told.blocks) empty(keeper);
  for (auto& list : told.freelists) list.clear();
  told.is_reset = true;
  told.next_block_bytes = told.init_block_bytes;
}

void ContextEvents::leave(const WalkedContext& told, const WalkedBlock& block) {
  const bool with_its_chunk = told.kind == ContextKind::AllocSet && !block.chunks.empty();
  if (with_its_chunk)
    tell(ChunkFreed{names_.chunk(block.chunks.front().at), ChunkFate::WithBlock});
  else
    tell(BlockRemoved{slot_of(told, block)});
  drop_contents(told, block);
}

void ContextEvents::shrink(WalkedContext& told, const WalkedContext& now) {
  const ContextFate fate = fate_of(told, now, profile_);
  if (fate.reset) return reset(told);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < told.blocks.size(); ++i) {
    WalkedBlock& block = told.blocks[i];
    if (fate.blocks[i] == BlockFate::Gone) {
      leave(told, block);
      continue;
    }
    if (fate.blocks[i] == BlockFate::Emptied) {
      const BlockSlot slot = slot_of(told, block);
      tell(BlockEmptied{slot});
      names_.drop_chunks_of(slot);
      empty(block);
    }
    if (kept != i) told.blocks[kept] = std::move(block);
    ++kept;
  }
  told.blocks.resize(kept);
}

// --- what has come ----------------------------------------------------------------------------------------------

void ContextEvents::grow(const WalkedContext& told, const WalkedContext& now) {
  Growth growth{told, now, names_.context(now.at), by_place(told), told.is_reset};
  if (told.allow_in_crit_section != now.allow_in_crit_section)
    tell(CritSectionAllowed{growth.context, now.allow_in_crit_section});
  pop_freelists(growth);
  arrange_blocks(growth);
  for (const WalkedBlock& block : now.blocks) {
    const WalkedBlock* before = at_place(growth.told_blocks, block.header);
    tell_chunks(growth, before, block);
    tell_use(growth, before, block);
  }
  push_freelists(growth);
  if (now.is_reset) return;
  const bool sized = now.kind != ContextKind::Slab;
  const std::uint64_t next = sized ? now.next_block_bytes : now.init_block_bytes;
  // Also what says that a context in which nothing is does not count as reset.
  if (growth.is_reset || (sized && next != told.next_block_bytes)) tell(NextBlockSizeSet{growth.context, next});
}

void ContextEvents::add_block(Growth& growth, const WalkedBlock& block, BlockPosition position) {
  const bool keeper = block.role == BlockRole::Keeper;
  const BlockSlot slot = keeper ? names_.block(growth.now.at) : malloc(region_of(block));
  tell(BlockAdded{slot, growth.context, block.role, position, block.header, block.start,
                  accounted_bytes(growth.now, block), block.list});
  growth.is_reset = growth.is_reset && keeper;
}

// Lists of blocks take new ones at the head, so what stays in its place is their common end. One that came behind the
// head (a dedicated block: the head is still being filled) is put there.
void ContextEvents::arrange_blocks(Growth& growth) {
  struct List {
    std::vector<const WalkedBlock*> told, now;
  };
  std::map<std::uint32_t, List> lists;
  const BlocksByPlace now_blocks = by_place(growth.now);
  for (const WalkedBlock& block : growth.now.blocks) lists[block.list].now.push_back(&block);
  for (const WalkedBlock& block : growth.told.blocks) {
    const WalkedBlock* same = at_place(now_blocks, block.header);
    if (same && same->list == block.list) lists[block.list].told.push_back(&block);
  }
  const auto same_place = [](const WalkedBlock* a, const WalkedBlock* b) { return a->header == b->header; };
  const auto is_told = [&](const WalkedBlock* block) { return growth.told_blocks.count(block->header) != 0; };
  for (const auto& [number, list] : lists) {
    const auto stays = static_cast<std::ptrdiff_t>(common_end(list.told, list.now, same_place));
    const auto begin = list.now.begin(), end = list.now.end() - stays;
    const bool behind_head = growth.now.kind != ContextKind::Slab && end - begin > 1 && !list.told.empty() &&
                             same_place(list.told.front(), *begin) && std::none_of(begin + 1, end, is_told);
    for (auto at = end; at != begin + (behind_head ? 1 : 0); --at) {
      const WalkedBlock& block = **(at - 1);
      if (is_told(&block))
        tell(BlockMoved{slot_of(growth.now, block), number});
      else
        add_block(growth, block, behind_head ? BlockPosition::SecondFromHead : BlockPosition::Head);
    }
  }
}

void ContextEvents::tell_chunks(Growth& growth, const WalkedBlock* told, const WalkedBlock& now) {
  const WalkedContext& context = growth.now;
  const BlockSlot block = slot_of(context, now);
  const std::size_t known = told ? told->chunks.size() : 0;
  for (std::size_t i = 0; i < known; ++i) {
    const WalkedChunk &before = told->chunks[i], &chunk = now.chunks[i];
    const bool in_use = before.state == WalkedChunkState::Live && chunk.state == WalkedChunkState::Live;
    if (in_use && before.requested_bytes != chunk.requested_bytes)
      tell(ChunkResized{names_.chunk(chunk.at), requested_bytes(context, chunk), chunk.granted_bytes});
  }
  for (std::size_t i = known; i < now.chunks.size(); ++i) {
    const WalkedChunk& chunk = now.chunks[i];
    ChunkAllocated event;
    event.chunk = names_.add_chunk(chunk.at, block);
    event.block = block;
    event.at = chunk.at;
    event.requested_bytes = requested_bytes(context, chunk);
    event.granted_bytes = chunk.granted_bytes;
    event.size_class = size_class(context, now, chunk);
    event.origin = now.role == BlockRole::External ? ChunkOrigin::External : ChunkOrigin::Tail;
    tell(event);
    growth.is_reset = false;
  }
}

// What a block tells beside its chunks: how far it is used where chunks do not say so, how many are free.
void ContextEvents::tell_use(Growth& growth, const WalkedBlock* told, const WalkedBlock& now) {
  const BlockSlot block = slot_of(growth.now, now);
  const std::uint32_t uncounted = uncounted_free(now), uncounted_before = told ? uncounted_free(*told) : 0;
  const Address known = std::max(told ? told->free_at : now.start, end_of_chunks(now));
  const bool says_how_far = growth.now.kind != ContextKind::Slab && now.role != BlockRole::External;
  if (says_how_far && (now.free_at > known || uncounted != uncounted_before)) {
    tell(BlockReported{block, std::max(now.free_at, known), uncounted});
    growth.is_reset = false;
  }
  if (growth.now.kind != ContextKind::Generation) return;
  for (std::size_t i = 0; i < now.chunks.size(); ++i) {
    const bool was_free = told && i < told->chunks.size() && told->chunks[i].state == WalkedChunkState::Free;
    if (now.chunks[i].state == WalkedChunkState::Free && !was_free)
      tell(ChunkFreed{names_.chunk(now.chunks[i].at), ChunkFate::Counted});
  }
}

// --- freelists --------------------------------------------------------------------------------------------------

void ContextEvents::use_again(Growth& growth, const WalkedBlock& block, const WalkedChunk& chunk) {
  ChunkAllocated event;
  event.chunk = names_.chunk(chunk.at);
  event.block = slot_of(growth.now, block);
  event.at = chunk.at;
  event.requested_bytes = requested_bytes(growth.now, chunk);
  event.granted_bytes = chunk.granted_bytes;
  event.size_class = size_class(growth.now, block, chunk);
  event.origin = ChunkOrigin::Freelist;
  tell(event);
  growth.is_reset = false;
}

// From the heads on, down to what both lists end with.
void ContextEvents::pop_freelists(Growth& growth) {
  const WalkedContext &told = growth.told, &now = growth.now;
  if (now.kind == ContextKind::AllocSet) {
    const bool any =
        std::any_of(told.freelists.begin(), told.freelists.end(), [](auto& list) { return !list.empty(); });
    if (!any) return;
    const ChunkFinder chunks(now);
    for (std::size_t i = 0; i < told.freelists.size(); ++i) {
      const std::size_t stays = common_end(told.freelists[i], now.freelists[i], std::equal_to<>{});
      for (std::size_t at = 0; at + stays < told.freelists[i].size(); ++at) {
        const auto [block, chunk] = chunks.find(told.freelists[i][at]);
        use_again(growth, *block, *chunk);
      }
    }
  }
  if (now.kind != ContextKind::Slab) return;
  for (const WalkedBlock& block : now.blocks) {
    const WalkedBlock* before = at_place(growth.told_blocks, block.header);
    if (!before) continue;
    const std::size_t stays = common_end(before->free_chain, block.free_chain, std::equal_to<>{});
    for (std::size_t at = 0; at + stays < before->free_chain.size(); ++at)
      use_again(growth, block, block.chunks[before->free_chain[at]]);
  }
}

// From behind, so that the first ends at the head.
void ContextEvents::push_freelists(Growth& growth) {
  const WalkedContext &told = growth.told, &now = growth.now;
  if (now.kind == ContextKind::AllocSet) {
    for (std::size_t i = 0; i < now.freelists.size(); ++i) {
      const auto& list = now.freelists[i];
      for (std::size_t at = list.size() - common_end(told.freelists[i], list, std::equal_to<>{}); at > 0; --at)
        tell(ChunkFreed{names_.chunk(list[at - 1]), ChunkFate::ToFreelist});
    }
  }
  if (now.kind != ContextKind::Slab) return;
  for (const WalkedBlock& block : now.blocks) {
    const WalkedBlock* before = at_place(growth.told_blocks, block.header);
    const std::size_t stays = before ? common_end(before->free_chain, block.free_chain, std::equal_to<>{}) : 0;
    for (std::size_t at = block.free_chain.size() - stays; at > 0; --at)
      tell(ChunkFreed{names_.chunk(block.chunks[block.free_chain[at - 1]].at), ChunkFate::ToFreelist});
  }
}

}  // namespace palloscope::trace
