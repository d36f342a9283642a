// Generation from its bytes (spec 2, 4).
#include "core/walk/context_walk.h"

namespace palloscope::core {
namespace {

class GenerationWalk {
 public:
  GenerationWalk(WalkRun& run, WalkedContext& context)
      : run_(run), layout_(run.profile.generation), header_(run.profile.chunk_header), context_(context) {}

  void walk() {
    StructView view = run_.window.view(context_.at, layout_.context_bytes);
    if (!view) return run_.found(context_.at, "context \"{}\": its header cannot be read", context_.name);
    context_.init_block_bytes = view.get(layout_.init_block_size);
    context_.max_block_bytes = view.get(layout_.max_block_size);
    context_.next_block_bytes = view.get(layout_.next_block_size);
    context_.chunk_limit_bytes = view.get(layout_.chunk_limit);
    context_.current_block = view.pointer(layout_.current_block);
    context_.free_block = view.pointer(layout_.free_block);
    keeper_ = layout_.keeper.exists() ? view.pointer(layout_.keeper) : context_.at + layout_.context_bytes;
    SeenBlocks seen;
    walk_dlist(run_, context_.at + layout_.blocks, seen, "Generation's block list",
               [&](Address node) { return walk_block(node); });
    if (context_.current_block && seen.count(context_.current_block) == 0 && !context_.blocks.empty()) {
      run_.found(context_.at, "context \"{}\": its current block {:#x} is not in its list", context_.name,
                 context_.current_block.value);
    }
    if (context_.free_block && seen.count(context_.free_block) == 0) {
      run_.found(context_.at, "context \"{}\": its free block {:#x} is not in its list", context_.name,
                 context_.free_block.value);
    }
    count();
  }

 private:
  bool walk_block(Address at) {
    StructView view = run_.window.view(at, layout_.block_bytes);
    if (!view) {
      run_.found(at, "context \"{}\": a block that cannot be read", context_.name);
      return false;
    }
    if (!run_.count_block(at)) return false;
    WalkedBlock block;
    block.header = at;
    block.start = at + layout_.block_bytes;
    block.free_at = view.pointer(layout_.block_freeptr);
    block.end = view.pointer(layout_.block_endptr);
    block.nchunks = view.signed32(layout_.block_chunks);
    block.nfree = view.signed32(layout_.block_free);
    if (at == keeper_) block.role = BlockRole::Keeper;
    if (layout_.block_context.exists() && view.pointer(layout_.block_context) != context_.at) {
      run_.found(at, "a block of context \"{}\" that says it belongs to {:#x}", context_.name,
                 view.get(layout_.block_context));
    }
    if (view.get(layout_.block_size) != block.end - block.header) {
      run_.found(at, "context \"{}\": a block of {} bytes that says it has {}", context_.name,
                 block.end.value - block.header.value, view.get(layout_.block_size));
    }
    if (block.nfree < 0 || block.nfree > block.nchunks) {
      run_.found(at, "context \"{}\": a block with {} freed of {} chunks", context_.name, block.nfree, block.nchunks);
    }
    if (sane_block(run_, block)) {
      walk_chunks(block);
      if (static_cast<std::int64_t>(block.chunks.size()) != block.nchunks) {
        run_.found(at, "context \"{}\": a block with {} chunks that says it has {}", context_.name, block.chunks.size(),
                   block.nchunks);
      }
    } else {
      block.free_at = block.end = block.start;
    }
    context_.blocks.push_back(std::move(block));
    return true;
  }

  void walk_chunks(WalkedBlock& block) {
    Address at = block.start;
    while (at < block.free_at) {
      if (block.free_at - at < layout_.chunk_bytes) {
        return run_.found(at, "context \"{}\": the last chunk's header sticks out of its block", context_.name);
      }
      StructView view = run_.window.view(at, layout_.chunk_bytes, block.free_at);
      if (!view) return run_.found(at, "context \"{}\": a chunk header that cannot be read", context_.name);
      if (block.header != keeper_ && block.nchunks == 0 &&
          is_unused_external(block, view, layout_.chunk_size, layout_.chunk_bytes)) {
        block.role = BlockRole::External;
        return;
      }
      if (!run_.count_chunk(at)) return;
      WalkedChunk chunk;
      chunk.at = at + layout_.chunk_bytes;
      if (!(header_.packed ? read_packed(view, block, at, chunk) : read_wide(view, block, at, chunk))) return;
      if (chunk.granted_bytes > block.free_at - chunk.at) {
        return run_.found(at, "context \"{}\": a chunk of {} bytes sticks out of its block", context_.name,
                          chunk.granted_bytes);
      }
      block.chunks.push_back(chunk);
      at = chunk.at + chunk.granted_bytes;
    }
  }

  bool read_packed(StructView view, WalkedBlock& block, Address at, WalkedChunk& chunk) {
    Field field{static_cast<std::uint16_t>(layout_.chunk_bytes - 8), 8};
    std::uint64_t word = view.get(field);
    PackedHeader header = unpack(header_, word);
    bool fits = header.external ? header.magic && at == block.start : header.block_offset == at - block.header;
    if (header.id != static_cast<std::uint64_t>(header_.id_of[static_cast<int>(ContextKind::Generation)]) || !fits) {
      run_.found(at, "context \"{}\": not a Generation chunk header of this place: {:#018x}", context_.name, word);
      return false;
    }
    if (header.external && block.role != BlockRole::Keeper) block.role = BlockRole::External;
    chunk.granted_bytes = header.external ? block.end - chunk.at : header.value;
    if (layout_.chunk_requested.exists()) {
      std::uint64_t requested = view.get(layout_.chunk_requested);
      if (requested == run_.profile.checks.free_requested) {
        chunk.state = WalkedChunkState::Free;
      } else {
        chunk.requested_bytes = requested;
      }
      return true;
    }
    // In a production build a freed chunk looks like any other (spec 2.3).
    chunk.state = block.nfree == 0               ? WalkedChunkState::Live
                  : block.nfree == block.nchunks ? WalkedChunkState::Free
                                                 : WalkedChunkState::Unknown;
    return true;
  }

  bool read_wide(StructView view, WalkedBlock& block, Address at, WalkedChunk& chunk) {
    chunk.granted_bytes = view.get(layout_.chunk_size);
    Address owner = view.pointer(layout_.chunk_context);
    if (view.pointer(layout_.chunk_block) != block.header || (owner && owner != context_.at)) {
      run_.found(at, "context \"{}\": a chunk header that names another block or context", context_.name);
      return false;
    }
    if (!owner) chunk.state = WalkedChunkState::Free;
    if (owner && layout_.chunk_requested.exists()) chunk.requested_bytes = view.get(layout_.chunk_requested);
    if (chunk.granted_bytes > context_.chunk_limit_bytes && at == block.start && block.role != BlockRole::Keeper) {
      block.role = BlockRole::External;
    }
    return true;
  }

  void count() {
    WalkedCounters& counters = context_.counters;
    std::uint64_t bytes = 0;
    context_.is_empty = true;
    counters.nblocks = context_.blocks.size();
    for (const WalkedBlock& block : context_.blocks) {
      bytes += block.end - block.header;
      counters.freespace += block.end - block.free_at;
      counters.chunks += static_cast<std::uint64_t>(block.nchunks);
      counters.freechunks += static_cast<std::uint64_t>(block.nfree);
      if (block.nchunks > 0) context_.is_empty = false;
    }
    counters.totalspace = layout_.context_bytes + bytes;
    check_mem_allocated(run_, context_, bytes);
  }

  WalkRun& run_;
  const GenerationLayout& layout_;
  const ChunkHeaderLayout& header_;
  WalkedContext& context_;
  Address keeper_;
};

}  // namespace

void walk_generation(WalkRun& run, WalkedContext& context) { GenerationWalk(run, context).walk(); }

}  // namespace palloscope::core
