// Bump from its bytes (spec 6). A production build writes no chunk headers: blocks and how far they are used is all.
#include "core/walk/context_walk.h"

namespace palloscope::core {

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
    if (!sane_block(run, block)) block.free_at = block.end = block.start;
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
