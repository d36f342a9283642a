// AllocSet from its bytes (spec 2, 3).
#include <algorithm>

#include "core/walk/context_walk.h"

namespace palloscope::core {
namespace {

class AllocSetWalk {
 public:
  AllocSetWalk(WalkRun& run, WalkedContext& context)
      : run_(run), layout_(run.profile.alloc_set), header_(run.profile.chunk_header), context_(context) {}

  void walk() {
    StructView view = run_.window.view(context_.at, layout_.context_bytes);
    if (!view) return run_.found(context_.at, "context \"{}\": its header cannot be read", context_.name);
    context_.init_block_bytes = view.get(layout_.init_block_size);
    context_.max_block_bytes = view.get(layout_.max_block_size);
    context_.next_block_bytes = view.get(layout_.next_block_size);
    context_.chunk_limit_bytes = view.get(layout_.chunk_limit);
    context_.freelist_index = static_cast<std::int32_t>(view.signed32(layout_.free_list_index));
    context_.is_empty = context_.is_reset;
    keeper_ = layout_.keeper.exists() ? view.pointer(layout_.keeper) : context_.at + layout_.context_bytes;
    Address first_block = view.pointer(layout_.blocks);
    std::array<Address, kAllocSetFreelists> heads;
    for (std::size_t i = 0; i < heads.size(); ++i) {
      heads[i] = view.pointer({static_cast<std::uint16_t>(layout_.freelist + 8 * i), 8});
    }
    walk_blocks(first_block);
    for (std::size_t i = 0; i < heads.size(); ++i) {
      if (heads[i]) walk_freelist(i, heads[i]);
    }
    count();
  }

 private:
  void walk_blocks(Address at) {
    SeenBlocks seen;
    Address previous;
    while (at) {
      if (!seen.insert(at).second) {
        return run_.found(at, "context \"{}\": block list comes back to this block", context_.name);
      }
      StructView view = run_.window.view(at, layout_.block_bytes);
      if (!view) return run_.found(at, "context \"{}\": a block that cannot be read", context_.name);
      if (!run_.count_block(at)) return;
      WalkedBlock block;
      block.header = at;
      block.start = at + layout_.block_bytes;
      block.free_at = view.pointer(layout_.block_freeptr);
      block.end = view.pointer(layout_.block_endptr);
      if (at == keeper_) block.role = BlockRole::Keeper;
      if (view.pointer(layout_.block_set) != context_.at) {
        run_.found(at, "a block of context \"{}\" that says it belongs to {:#x}", context_.name,
                   view.get(layout_.block_set));
      }
      if (view.pointer(layout_.block_prev) != previous) {
        run_.found(at, "context \"{}\": the block's back link is {:#x}, not {:#x}", context_.name,
                   view.get(layout_.block_prev), previous.value);
      }
      Address next = view.pointer(layout_.block_next);
      if (sane_block(run_, block)) {
        walk_chunks(block);
      } else {
        block.free_at = block.end = block.start;
      }
      context_.blocks.push_back(std::move(block));
      previous = at;
      at = next;
    }
  }

  void walk_chunks(WalkedBlock& block) {
    Address at = block.start;
    while (at < block.free_at) {
      if (block.free_at - at < layout_.chunk_bytes) {
        return run_.found(at, "context \"{}\": the last chunk's header sticks out of its block", context_.name);
      }
      StructView view = run_.window.view(at, layout_.chunk_bytes, block.free_at);
      if (!view) return run_.found(at, "context \"{}\": a chunk header that cannot be read", context_.name);
      if (block.header != keeper_ && is_unused_external(block, view, layout_.chunk_size, layout_.chunk_bytes)) {
        block.role = BlockRole::External;
        return;
      }
      if (!run_.count_chunk(at)) return;
      WalkedChunk chunk;
      chunk.at = at + layout_.chunk_bytes;
      bool external = false;
      bool good = header_.packed ? read_packed(view, block, at, chunk, external) : read_wide(view, at, chunk, external);
      if (!good) return;
      if (layout_.chunk_requested.exists()) chunk.requested_bytes = view.get(layout_.chunk_requested);
      if (external) {
        if (at != block.start || block.role == BlockRole::Keeper) {
          return run_.found(at, "context \"{}\": an external chunk that is not alone in its block", context_.name);
        }
        block.role = BlockRole::External;
        // 15 keeps the size; later versions know it from the block's end alone
        if (header_.packed) chunk.granted_bytes = block.end - chunk.at;
      }
      if (chunk.granted_bytes > block.free_at - chunk.at) {
        return run_.found(at, "context \"{}\": a chunk of {} bytes sticks out of its block", context_.name,
                          chunk.granted_bytes);
      }
      block.chunks.push_back(chunk);
      at = chunk.at + chunk.granted_bytes;
    }
  }

  // 16+: one word
  bool read_packed(StructView view, const WalkedBlock& block, Address at, WalkedChunk& chunk, bool& external) {
    Field word{static_cast<std::uint16_t>(layout_.chunk_bytes - 8), 8};
    PackedHeader header = unpack(header_, view.get(word));
    if (header.id != static_cast<std::uint64_t>(header_.id_of[static_cast<int>(ContextKind::AllocSet)])) {
      run_.found(at, "context \"{}\": a chunk header that is not an AllocSet's: {:#018x}", context_.name,
                 view.get(word));
      return false;
    }
    external = header.external;
    if (external) {
      if (header.magic) return true;
      run_.found(at, "context \"{}\": an external chunk without its magic number: {:#018x}", context_.name,
                 view.get(word));
      return false;
    }
    if (header.value >= kAllocSetFreelists || header.block_offset != at - block.header) {
      run_.found(at, "context \"{}\": a chunk header that does not fit its place: {:#018x}", context_.name,
                 view.get(word));
      return false;
    }
    chunk.granted_bytes = std::uint64_t{8} << header.value;
    return true;
  }

  // 15: size, then context or link
  bool read_wide(StructView view, Address at, WalkedChunk& chunk, bool& external) {
    chunk.granted_bytes = view.get(layout_.chunk_size);
    external = chunk.granted_bytes > context_.chunk_limit_bytes;
    std::uint64_t size = chunk.granted_bytes;
    if (!external && (size < 8 || (size & (size - 1)) != 0)) {
      run_.found(at, "context \"{}\": a chunk of {} bytes, which is no size class", context_.name, size);
      return false;
    }
    if (view.pointer(layout_.chunk_context) != context_.at) chunk.state = WalkedChunkState::Free;
    return true;
  }

  WalkedChunk* find_chunk(Address payload) {
    if (by_address_.empty()) {
      for (WalkedBlock& block : context_.blocks) by_address_.push_back(&block);
      std::sort(by_address_.begin(), by_address_.end(),
                [](const WalkedBlock* a, const WalkedBlock* b) { return a->header < b->header; });
    }
    auto after = std::upper_bound(by_address_.begin(), by_address_.end(), payload,
                                  [](Address at, const WalkedBlock* block) { return at < block->header; });
    if (after == by_address_.begin()) return nullptr;
    std::vector<WalkedChunk>& chunks = (*std::prev(after))->chunks;
    auto chunk = std::lower_bound(chunks.begin(), chunks.end(), payload,
                                  [](const WalkedChunk& a, Address at) { return a.at < at; });
    return chunk != chunks.end() && chunk->at == payload ? &*chunk : nullptr;
  }

  void walk_freelist(std::size_t index, Address at) {
    std::vector<Address>& list = context_.freelists[index];
    while (at) {
      Address payload = at + layout_.chunk_bytes;
      WalkedChunk* chunk = find_chunk(payload);
      if (!chunk) {
        return run_.found(at, "context \"{}\": freelist {} leads to {:#x}, which is no chunk of it", context_.name,
                          index, at.value);
      }
      if (!on_freelist_.insert(at).second) {
        return run_.found(at, "context \"{}\": the chunk is on a freelist twice", context_.name);
      }
      if (!header_.packed && chunk->state == WalkedChunkState::Live) {
        return run_.found(at, "context \"{}\": freelist {} leads to a chunk in use", context_.name, index);
      }
      if (chunk->granted_bytes != std::uint64_t{8} << index) {
        run_.found(at, "context \"{}\": a chunk of {} bytes is on freelist {}", context_.name, chunk->granted_bytes,
                   index);
      }
      chunk->state = WalkedChunkState::Free;
      chunk->requested_bytes.reset();
      list.push_back(payload);
      StructView view = run_.window.view(at, layout_.free_link + std::size_t{8});
      if (!view) return run_.found(at, "context \"{}\": a free chunk that cannot be read", context_.name);
      at = view.pointer({layout_.free_link, 8});
    }
  }

  void count() {
    WalkedCounters& counters = context_.counters;
    std::uint64_t blocks_bytes = 0;
    counters.nblocks = context_.blocks.size();
    for (const WalkedBlock& block : context_.blocks) {
      blocks_bytes += block.end - block.header;
      counters.freespace += block.end - block.free_at;
      if (header_.packed) continue;
      for (const WalkedChunk& chunk : block.chunks) {
        Address at = chunk.at - layout_.chunk_bytes;
        if (chunk.state == WalkedChunkState::Free && on_freelist_.count(at) == 0) {
          run_.found(at, "context \"{}\": a chunk that is neither in use nor on a freelist", context_.name);
        }
      }
    }
    for (std::size_t i = 0; i < context_.freelists.size(); ++i) {
      std::uint64_t length = context_.freelists[i].size();
      counters.freechunks += length;
      counters.freespace += length * ((std::uint64_t{8} << i) + layout_.chunk_bytes);
    }
    counters.totalspace = layout_.context_bytes + blocks_bytes;
    if (!context_.blocks.empty()) check_mem_allocated(run_, context_, counters.totalspace);
  }

  WalkRun& run_;
  const AllocSetLayout& layout_;
  const ChunkHeaderLayout& header_;
  WalkedContext& context_;
  Address keeper_;
  std::vector<WalkedBlock*> by_address_;
  std::unordered_set<Address> on_freelist_;
};

}  // namespace

void walk_alloc_set(WalkRun& run, WalkedContext& context) { AllocSetWalk(run, context).walk(); }

}  // namespace palloscope::core
