// AllocSetCheck: the check method of checking builds (spec 13): what is wrong with a context's blocks and chunks, in
// PostgreSQL's words and order.
#include "core/allocators/alloc_set.h"
#include "core/allocators/chunk_header.h"
#include "core/allocators/problem_report.h"

namespace palloscope::core {
namespace {

class AllocSetCheck {
 public:
  AllocSetCheck(ProcessCore& core, MemoryChecking& checking, Address context)
      : core_(core),
        layout_(core.profile.alloc_set),
        header_(core.profile.chunk_header),
        checking_(checking),
        problem_(checking, context, "alloc set"),
        context_(context) {}

  void run(const std::vector<Address>& blocks, Address keeper) {
    Address before;
    std::uint64_t total = 0;
    for (Address block : blocks) {
      Address start = block + layout_.block_bytes;
      Address free = core_.load_pointer(block, layout_.block_freeptr);
      Address end = core_.load_pointer(block, layout_.block_endptr);
      total += end - (block == keeper ? context_ : block);
      if (free == start && block != keeper) problem_("empty block {:#x}", block);
      if (core_.load_pointer(block, layout_.block_set) != context_ ||
          core_.load_pointer(block, layout_.block_prev) != before || free < start || free > end) {
        problem_("corrupt header in block {:#x}", block);
      }
      check_chunks(block, start, free);
      before = block;
    }
    assert_that(core_, total == core_.load(context_, core_.profile.context.mem_allocated),
                "total_allocated == context->mem_allocated", "aset.c", context_);
  }

 private:
  void check_chunks(Address block, Address start, Address free) {
    std::uint64_t used = free.value - start.value, chunk_bytes = 0, chunks = 0;
    bool external = false;
    for (Address at = start; at < free; ++chunks) {
      std::uint64_t bytes = header_.packed ? check_packed(block, at, used, external) : check_wide(block, at, used);
      chunk_bytes += bytes;
      at = checking_.next_chunk(at, layout_.chunk_bytes + bytes);
    }
    if (chunk_bytes + chunks * layout_.chunk_bytes != used) problem_("found inconsistent memory block {:#x}", block);
    if (external && chunks > 1) problem_("external chunk on non-dedicated block {:#x}", block);
  }

  // 16+; answers with the payload that the header claims
  std::uint64_t check_packed(Address block, Address chunk, std::uint64_t used, bool& external) {
    std::uint64_t word = core_.load(chunk + (layout_.chunk_bytes - 8));
    std::uint64_t bytes = 0;
    if (header_is_external(header_, word)) {
      external = true;
      bytes = core_.load(block, layout_.block_endptr) - (chunk + layout_.chunk_bytes).value;
      if (bytes + layout_.chunk_bytes != used) problem_("bad single-chunk {:#x} in block {:#x}", chunk, block);
    } else {
      std::uint64_t size_class = header_value(header_, word);
      if (size_class >= kAllocSetFreelists) problem_("bad chunk size for chunk {:#x} in block {:#x}", chunk, block);
      bytes = std::uint64_t{8} << (size_class & 63);
      if (chunk - header_block_offset(header_, word) != block)
        problem_("bad block offset for chunk {:#x} in block {:#x}", chunk, block);
    }
    std::uint64_t requested = core_.load(chunk, layout_.chunk_requested);
    bool in_use = !checking_.is_free(requested);
    if (in_use && requested > bytes) problem_("req size > alloc size for chunk {:#x} in block {:#x}", chunk, block);
    check_least(block, chunk, bytes);
    if (in_use) check_sentinel(block, chunk, bytes, requested);
    return bytes;
  }

  // 15
  std::uint64_t check_wide(Address block, Address chunk, std::uint64_t used) {
    std::uint64_t bytes = core_.load(chunk, layout_.chunk_size);
    std::uint64_t requested = core_.load(chunk, layout_.chunk_requested);
    bool in_use = core_.load_pointer(chunk, layout_.chunk_context) == context_;
    if (requested > bytes) problem_("req size > alloc size for chunk {:#x} in block {:#x}", chunk, block);
    check_least(block, chunk, bytes);
    if (bytes > core_.load(context_, layout_.chunk_limit) && bytes + layout_.chunk_bytes != used)
      problem_("bad single-chunk {:#x} in block {:#x}", chunk, block);
    // A chunk for nothing, palloc(0), looks as if it were free.
    if (requested > 0 && !in_use) problem_("bogus aset link in block {:#x}, chunk {:#x}", block, chunk);
    if (in_use) check_sentinel(block, chunk, bytes, requested);
    return bytes;
  }

  void check_least(Address block, Address chunk, std::uint64_t bytes) {
    if (bytes < alloc_set_class_bytes(0)) problem_("bad size {} for chunk {:#x} in block {:#x}", bytes, chunk, block);
  }

  void check_sentinel(Address block, Address chunk, std::uint64_t bytes, std::uint64_t requested) {
    if (!checking_.sentinel_is_whole({chunk, chunk + layout_.chunk_bytes, bytes, layout_.chunk_requested}, requested))
      problem_("detected write past chunk end in block {:#x}, chunk {:#x}", block, chunk);
  }

  ProcessCore& core_;
  const AllocSetLayout& layout_;
  const ChunkHeaderLayout& header_;
  MemoryChecking& checking_;
  ProblemReport problem_;
  Address context_;
};

}  // namespace

void AllocSet::check(Address context) {
  AllocSetCheck(core_, checking_, context).run(blocks_of(context), keeper_of(context));
}

}  // namespace palloscope::core
