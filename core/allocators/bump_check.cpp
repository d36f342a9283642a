// BumpCheck: the check method of checking builds (spec 13). It looks at links alone, never at sentinels.
#include "core/allocators/block_list.h"
#include "core/allocators/bump.h"
#include "core/allocators/chunk_header.h"
#include "core/allocators/problem_report.h"

namespace palloscope::core {

void Bump::check(Address context) {
  ProblemReport problem(checking_, context, "Bump");
  const ChunkHeaderLayout& layout = core_.profile.chunk_header;
  std::uint64_t total = 0;
  for (Address block : dlist_nodes(core_, context + layout_.blocks)) {
    Address end = core_.load_pointer(block, layout_.block_endptr);
    Address free = core_.load_pointer(block, layout_.block_freeptr);
    total += end - region_of(context, block);
    if (core_.load_pointer(block, layout_.block_context) != context)
      problem("bogus context link in block {:#x}", block);
    int chunks = 0;
    bool any_external = false;
    for (Address chunk = block + layout_.block_bytes; chunk < free; ++chunks) {
      std::uint64_t word = core_.load(chunk + (layout_.chunk_bytes - 8));
      bool external = header_is_external(layout, word);
      any_external = any_external || external;
      Address owner = external ? chunk - layout_.block_bytes : chunk - header_block_offset(layout, word);
      std::uint64_t bytes = external ? end.value - (chunk + layout_.chunk_bytes).value : header_value(layout, word);
      if (owner != block) problem("bogus block link in block {:#x}, chunk {:#x}", block, chunk);
      chunk = checking_.next_chunk(chunk, layout_.chunk_bytes + bytes);
    }
    if (any_external && chunks > 1) problem("external chunk on non-dedicated block {:#x}", block);
  }
  assert_that(core_, total == core_.load(context, core_.profile.context.mem_allocated),
              "total_allocated == context->mem_allocated", "bump.c", context);
}

}  // namespace palloscope::core
