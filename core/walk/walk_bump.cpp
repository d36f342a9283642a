// Bump from its bytes (spec 6). A production build writes no chunk headers: blocks and how far they are used is all.
#include "core/walk/context_walk.h"

namespace palloscope::core {
namespace {

// Of a checking build.
void walk_chunks(WalkRun& run, const WalkedContext& context, WalkedBlock& block) {
  const BumpLayout& layout = run.profile.bump;
  const ChunkHeaderLayout& headers = run.profile.chunk_header;
  for (Address at = block.start; at < block.free_at;) {
    if (block.free_at - at < layout.chunk_bytes) {
      return run.found(at, "context \"{}\": the last chunk's header sticks out of its block", context.name);
    }
    StructView view = run.window.view(at, layout.chunk_bytes, block.free_at);
    if (!view) return run.found(at, "context \"{}\": a chunk header that cannot be read", context.name);
    if (block.role != BlockRole::Keeper && is_unused_external(block, view, {}, layout.chunk_bytes)) {
      block.role = BlockRole::External;
      return;
    }
    if (!run.count_chunk(at)) return;
    std::uint64_t word = view.get({static_cast<std::uint16_t>(layout.chunk_bytes - 8), 8});
    PackedHeader header = unpack(headers, word);
    bool fits = header.external ? header.magic && at == block.start : header.block_offset == at - block.header;
    if (header.id != static_cast<std::uint64_t>(headers.id_of[static_cast<int>(ContextKind::Bump)]) || !fits) {
      return run.found(at, "context \"{}\": not a Bump chunk header of this place: {:#018x}", context.name, word);
    }
    if (header.external && block.role != BlockRole::Keeper) block.role = BlockRole::External;
    WalkedChunk chunk;
    chunk.at = at + layout.chunk_bytes;
    chunk.granted_bytes = header.external ? block.end - chunk.at : header.value;
    chunk.requested_bytes = view.get(layout.chunk_requested);
    if (chunk.granted_bytes > block.free_at - chunk.at) {
      return run.found(at, "context \"{}\": a chunk of {} bytes sticks out of its block", context.name,
                       chunk.granted_bytes);
    }
    block.chunks.push_back(chunk);
    at = chunk.at + chunk.granted_bytes;
  }
}

}  // namespace

void walk_bump(WalkRun& run, WalkedContext& context) {
  const BumpLayout& layout = run.profile.bump;
  StructView view = run.window.view(context.at, layout.context_bytes);
  if (!view) return run.found(context.at, "context \"{}\": its header cannot be read", context.name);
  context.init_block_bytes = view.get(layout.init_block_size);
  context.max_block_bytes = view.get(layout.max_block_size);
  context.next_block_bytes = view.get(layout.next_block_size);
  context.chunk_limit_bytes = view.get(layout.chunk_limit);
  context.is_empty = true;
  Address keeper = context.at + layout.context_bytes;
  std::uint64_t bytes = 0;
  SeenBlocks seen;
  walk_dlist(run, context.at + layout.blocks, seen, "Bump's block list", [&](Address at) {
    StructView header = run.window.view(at, layout.block_bytes);
    if (!header) {
      run.found(at, "context \"{}\": a block that cannot be read", context.name);
      return false;
    }
    if (!run.count_block(at)) return false;
    WalkedBlock block;
    block.header = at;
    block.start = at + layout.block_bytes;
    block.free_at = header.pointer(layout.block_freeptr);
    block.end = header.pointer(layout.block_endptr);
    if (at == keeper) block.role = BlockRole::Keeper;
    if (layout.block_context.exists() && header.pointer(layout.block_context) != context.at) {
      run.found(at, "a block of context \"{}\" that says it belongs to {:#x}", context.name,
                header.get(layout.block_context));
    }
    if (!sane_block(run, block)) {
      block.free_at = block.end = block.start;
    } else if (layout.chunk_requested.exists()) {
      walk_chunks(run, context, block);
    }
    if (block.free_at != block.start) context.is_empty = false;
    bytes += block.end - block.header;
    context.counters.freespace += block.end - block.free_at;
    context.blocks.push_back(std::move(block));
    return true;
  });
  context.counters.nblocks = context.blocks.size();
  context.counters.totalspace = bytes;
  if (!context.blocks.empty()) check_mem_allocated(run, context, bytes + layout.context_bytes);
}

}  // namespace palloscope::core
