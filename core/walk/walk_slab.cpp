// Slab from its bytes (spec 2, 5).
#include <algorithm>

#include "core/walk/context_walk.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMaxSlabBlockBytes = 0x3FFFFFFF;
constexpr std::uint32_t kBlockLists = 3;  // SLAB_BLOCKLIST_COUNT, 16+
constexpr Field kDclistCount{16, 4};
constexpr std::uint64_t kDlistHeadBytes = 16;

class SlabWalk {
 public:
  SlabWalk(WalkRun& run, WalkedContext& context)
      : run_(run), layout_(run.profile.slab), header_(run.profile.chunk_header), context_(context) {}

  void walk() {
    StructView view = run_.window.view(context_.at, layout_.context_bytes);
    if (!view) return run_.found(context_.at, "context \"{}\": its header cannot be read", context_.name);
    context_.chunk_bytes = view.get(layout_.chunk_size);
    context_.full_chunk_bytes = view.get(layout_.full_chunk_size);
    context_.init_block_bytes = context_.max_block_bytes = view.get(layout_.block_size);
    context_.chunks_per_block = view.signed32(layout_.chunks_per_block);
    context_.header_bytes = layout_.context_bytes;
    if (layout_.is_chunk_free.exists()) context_.header_bytes += view.get(layout_.chunks_per_block);
    if (layout_.list_per_free_count) {
      context_.header_bytes = view.get(layout_.header_size);
      context_.min_free_chunks = view.signed32(layout_.min_free_chunks);
      context_.slab_nblocks = view.signed32(layout_.block_count);
    } else {
      context_.current_blocklist = view.signed32(layout_.current_list);
      context_.blocklist_shift = view.signed32(layout_.list_shift);
    }
    std::uint64_t full = context_.full_chunk_bytes, block = context_.init_block_bytes;
    if (full <= layout_.chunk_bytes || block > kMaxSlabBlockBytes || block < layout_.block_bytes + full ||
        context_.chunks_per_block != static_cast<std::int64_t>((block - layout_.block_bytes) / full)) {
      return run_.found(context_.at, "context \"{}\": {} chunks of {} bytes do not fit blocks of {}", context_.name,
                        context_.chunks_per_block, full, block);
    }
    walk_lists();
    count();
  }

 private:
  void walk_lists() {
    SeenBlocks seen;
    auto chunks_per_block = static_cast<std::uint32_t>(context_.chunks_per_block);
    std::uint32_t lists = layout_.list_per_free_count ? chunks_per_block + 1 : kBlockLists;
    for (std::uint32_t list = 0; list < lists; ++list) {
      Address head = context_.at + layout_.lists + list * kDlistHeadBytes;
      if (!run_.count_list(head)) return;
      // Most of the many lists of 15 are empty: look before walking.
      StructView view = run_.window.view(head, kDlistHeadBytes, context_.at + context_.header_bytes);
      if (!view) return run_.found(head, "context \"{}\": a block list that cannot be read", context_.name);
      if (view.pointer({8, 8}) == head || !view.pointer({8, 8})) continue;
      walk_dlist(run_, head, seen, "Slab's block list", [&](Address node) { return walk_block(node, list); });
    }
    if (layout_.list_per_free_count) return;
    Address empties = context_.at + layout_.empty_blocks;
    std::size_t before = context_.blocks.size();
    walk_dlist(run_, empties, seen, "Slab's empty blocks", [&](Address node) { return walk_block(node, kBlockLists); });
    std::size_t found = context_.blocks.size() - before;
    StructView view = run_.window.view(empties, kDlistHeadBytes + 8);
    if (view && view.get(kDclistCount) != found) {
      run_.found(empties, "context \"{}\": {} empty blocks, but its count says {}", context_.name, found,
                 view.get(kDclistCount));
    }
  }

  bool walk_block(Address node, std::uint32_t list) {
    Address at = node - layout_.node_prev.offset;
    StructView view = run_.window.view(at, layout_.block_bytes, at + context_.init_block_bytes);
    if (!view) {
      run_.found(at, "context \"{}\": a block that cannot be read", context_.name);
      return false;
    }
    if (!run_.count_block(at)) return false;
    WalkedBlock block;
    block.header = at;
    block.start = at + layout_.block_bytes;
    block.end = at + context_.init_block_bytes;
    block.free_at = block.end;
    block.list = list;
    block.nfree = view.signed32(layout_.block_free);
    std::uint64_t free_head = view.get(layout_.block_free_head);
    std::int64_t used = context_.chunks_per_block;  // chunks that were ever handed out
    if (!layout_.list_per_free_count) {
      block.nunused = view.signed32(layout_.block_unused_count);
      block.free_at = view.pointer(layout_.block_unused);
      used -= block.nunused;
      if (view.pointer(layout_.block_slab) != context_.at) {
        run_.found(at, "a block of context \"{}\" that says it belongs to {:#x}", context_.name,
                   view.get(layout_.block_slab));
      }
    }
    if (!counts_fit(block, used, list)) return true;
    if (!add_chunks(block, static_cast<std::uint32_t>(used))) return true;
    if (layout_.list_per_free_count) {
      walk_index_chain(block, free_head);
    } else {
      walk_pointer_chain(block, {free_head});
    }
    for (WalkedChunk& chunk : block.chunks) {
      if (chunk.state == WalkedChunkState::Live) check_header(block, chunk);
    }
    if (static_cast<std::int64_t>(block.free_chain.size()) != block.nfree - block.nunused) {
      run_.found(at, "context \"{}\": a block with {} chunks in its free chain, its counts say {}", context_.name,
                 block.free_chain.size(), block.nfree - block.nunused);
    }
    context_.blocks.push_back(std::move(block));
    return true;
  }

  bool counts_fit(const WalkedBlock& block, std::int64_t used, std::uint32_t list) {
    bool fit = block.nfree >= 0 && block.nfree <= context_.chunks_per_block && block.nunused >= 0 &&
               block.nunused <= block.nfree;
    if (layout_.list_per_free_count) {
      // Between taking (or freeing) a chunk and moving the block to its new list, they are one apart.
      fit = fit && block.nfree + 1 >= list && block.nfree <= std::int64_t{list} + 1;
    } else {
      fit = fit && block.free_at == block.start + static_cast<std::uint64_t>(used) * context_.full_chunk_bytes;
    }
    if (!fit) {
      run_.found(block.header, "context \"{}\": a block in list {} that counts {} free and {} never used chunks",
                 context_.name, list, block.nfree, block.nunused);
    }
    return fit;
  }

  // The number is a claim until each header was looked at.
  bool add_chunks(WalkedBlock& block, std::uint32_t used) {
    for (std::uint32_t i = 0; i < used; ++i) {
      Address header = block.start + i * context_.full_chunk_bytes;
      if (!run_.window.view(header, layout_.chunk_bytes, block.end)) {
        run_.found(header, "context \"{}\": a chunk header that cannot be read", context_.name);
        return false;
      }
      Address at = header + layout_.chunk_bytes;
      if (!run_.count_chunk(at)) return false;
      block.chunks.push_back({at, context_.full_chunk_bytes - layout_.chunk_bytes, WalkedChunkState::Live, {}});
    }
    return true;
  }

  // False: no such chunk, or met before.
  bool mark_free(WalkedBlock& block, std::uint64_t index) {
    if (index >= block.chunks.size()) {
      run_.found(block.header, "context \"{}\": the free chain leads out of its block", context_.name);
      return false;
    }
    WalkedChunk& chunk = block.chunks[index];
    if (chunk.state == WalkedChunkState::Free) {
      run_.found(chunk.at, "context \"{}\": the chunk is in the free chain twice", context_.name);
      return false;
    }
    chunk.state = WalkedChunkState::Free;
    block.free_chain.push_back(static_cast<std::uint32_t>(index));
    return true;
  }

  // 15: the chain ends at index chunksPerBlock; never-used chunks are its last part.
  void walk_index_chain(WalkedBlock& block, std::uint64_t index) {
    while (index != static_cast<std::uint64_t>(context_.chunks_per_block)) {
      if (!mark_free(block, index)) return;
      StructView view = run_.window.view(block.chunks[index].at, layout_.free_link_width, block.end);
      if (!view) return run_.found(block.header, "context \"{}\": a free chunk that cannot be read", context_.name);
      index = view.get({0, layout_.free_link_width});
    }
  }

  // 16+: pointers to chunk headers, NULL at the end.
  void walk_pointer_chain(WalkedBlock& block, Address at) {
    while (at) {
      if (at < block.start || (at - block.start) % context_.full_chunk_bytes != 0) {
        return run_.found(block.header, "context \"{}\": the free chain leads to {:#x}, which is no chunk of the block",
                          context_.name, at.value);
      }
      std::uint64_t index = (at - block.start) / context_.full_chunk_bytes;
      if (!mark_free(block, index)) return;
      StructView view = run_.window.view(block.chunks[index].at, layout_.free_link_width, block.end);
      if (!view) return run_.found(block.header, "context \"{}\": a free chunk that cannot be read", context_.name);
      at = view.pointer({0, layout_.free_link_width});
    }
  }

  void check_header(const WalkedBlock& block, WalkedChunk& chunk) {
    Address at = chunk.at - layout_.chunk_bytes;
    StructView view = run_.window.view(at, layout_.chunk_bytes, block.end);
    if (!view) return run_.found(at, "context \"{}\": a chunk header that cannot be read", context_.name);
    if (layout_.chunk_requested.exists()) chunk.requested_bytes = view.get(layout_.chunk_requested);
    bool good = false;
    if (header_.packed) {
      PackedHeader header = unpack(header_, view.get({static_cast<std::uint16_t>(layout_.chunk_bytes - 8), 8}));
      good = header.id == static_cast<std::uint64_t>(header_.id_of[static_cast<int>(ContextKind::Slab)]) &&
             !header.external && header.value == max_align(context_.chunk_bytes) &&
             header.block_offset == at - block.header;
    } else {
      good = view.pointer(layout_.chunk_block) == block.header && view.pointer(layout_.chunk_context) == context_.at;
    }
    if (!good) run_.found(at, "context \"{}\": a Slab chunk header that does not fit its place", context_.name);
  }

  void count() {
    WalkedCounters& counters = context_.counters;
    for (const WalkedBlock& block : context_.blocks) {
      if (!layout_.list_per_free_count && block.list == kBlockLists) {
        ++counters.empty_blocks;
        continue;
      }
      ++counters.nblocks;
      counters.freechunks += static_cast<std::uint64_t>(block.nfree);
      counters.freespace += static_cast<std::uint64_t>(block.nfree) * context_.full_chunk_bytes;
    }
    std::uint64_t bytes = context_.blocks.size() * context_.init_block_bytes;
    counters.totalspace = context_.header_bytes + bytes;
    context_.is_empty = layout_.list_per_free_count ? context_.slab_nblocks == 0 : context_.mem_allocated == 0;
    check_mem_allocated(run_, context_, bytes);
  }

  WalkRun& run_;
  const SlabLayout& layout_;
  const ChunkHeaderLayout& header_;
  WalkedContext& context_;
};

}  // namespace

void walk_slab(WalkRun& run, WalkedContext& context) { SlabWalk(run, context).walk(); }

}  // namespace palloscope::core
