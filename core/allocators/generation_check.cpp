// GenerationCheck: the check method of checking builds (spec 13).
#include "core/allocators/block_list.h"
#include "core/allocators/chunk_header.h"
#include "core/allocators/generation.h"
#include "core/allocators/problem_report.h"

namespace palloscope::core {
namespace {

class GenerationCheck {
 public:
  GenerationCheck(ProcessCore& core, MemoryChecking& checking, Address context)
      : core_(core),
        layout_(core.profile.generation),
        header_(core.profile.chunk_header),
        checking_(checking),
        problem_(checking, context, "Generation"),
        context_(context) {}

  void run() {
    std::uint64_t total = 0;
    for (Address block : dlist_nodes(core_, context_ + layout_.blocks)) {
      total += core_.load(block, layout_.block_size);
      check_block(block);
    }
    assert_that(core_, total == core_.load(context_, core_.profile.context.mem_allocated),
                "total_allocated == context->mem_allocated", "generation.c", context_);
  }

 private:
  void check_block(Address block) {
    auto chunks = static_cast<std::int32_t>(core_.load(block, layout_.block_chunks));
    auto freed = static_cast<std::int32_t>(core_.load(block, layout_.block_free));
    if (freed > chunks) problem_("number of free chunks {} in block {:#x} exceeds {} allocated", freed, block, chunks);
    if (layout_.block_context.exists() && core_.load_pointer(block, layout_.block_context) != context_)
      problem_("bogus context link in block {:#x}", block);

    Found found;
    Address end = core_.load_pointer(block, layout_.block_freeptr);
    for (Address at = block + layout_.block_bytes; at < end; ++found.chunks) {
      std::uint64_t bytes = header_.packed ? check_packed(block, at, found) : check_wide(block, at, found);
      at = checking_.next_chunk(at, layout_.chunk_bytes + bytes);
    }
    if (found.chunks != chunks) {
      problem_("number of allocated chunks {} in block {:#x} does not match header {}", found.chunks, block, chunks);
    }
    if (found.freed != freed) {
      problem_("number of free chunks {} in block {:#x} does not match header {}", found.freed, block, freed);
    }
    if (found.external && found.chunks > 1) problem_("external chunk on non-dedicated block {:#x}", block);
  }

  struct Found {
    std::int32_t chunks = 0, freed = 0;
    bool external = false;
  };

  // 16+; answers with the payload that the header claims
  std::uint64_t check_packed(Address block, Address chunk, Found& found) {
    std::uint64_t word = core_.load(chunk + (layout_.chunk_bytes - 8));
    bool external = header_is_external(header_, word);
    found.external = found.external || external;
    Address owner = external ? chunk - layout_.block_bytes : chunk - header_block_offset(header_, word);
    std::uint64_t bytes = external ? core_.load(block, layout_.block_endptr) - (chunk + layout_.chunk_bytes).value
                                   : header_value(header_, word);
    std::uint64_t requested = core_.load(chunk, layout_.chunk_requested);
    if (owner != block) problem_("bogus block link in block {:#x}, chunk {:#x}", block, chunk);
    if (checking_.is_free(requested)) {
      ++found.freed;
      return bytes;
    }
    check_size_and_sentinel(block, chunk, bytes, requested, true);
    return bytes;
  }

  // 15
  std::uint64_t check_wide(Address block, Address chunk, Found& found) {
    std::uint64_t bytes = core_.load(chunk, layout_.chunk_size);
    std::uint64_t requested = core_.load(chunk, layout_.chunk_requested);
    Address owner = core_.load_pointer(chunk, layout_.chunk_context);
    if (core_.load_pointer(chunk, layout_.chunk_block) != block)
      problem_("bogus block link in block {:#x}, chunk {:#x}", block, chunk);
    // A chunk for nothing, palloc(0), looks as if it were free.
    if (owner != context_ && (requested > 0 || owner))
      problem_("bogus context link in block {:#x}, chunk {:#x}", block, chunk);
    if (!owner) ++found.freed;
    check_size_and_sentinel(block, chunk, bytes, requested, static_cast<bool>(owner));
    return bytes;
  }

  void check_size_and_sentinel(Address block, Address chunk, std::uint64_t bytes, std::uint64_t requested,
                               bool in_use) {
    if (bytes < requested || bytes != max_align(bytes))
      problem_("bogus chunk size in block {:#x}, chunk {:#x}", block, chunk);
    if (!in_use) return;
    if (header_.packed)
      assert_that(core_, requested < bytes, "chunk->requested_size < chunksize", "generation.c", chunk);
    if (!checking_.sentinel_is_whole({chunk, chunk + layout_.chunk_bytes, bytes, layout_.chunk_requested}, requested))
      problem_("detected write past chunk end in block {:#x}, chunk {:#x}", block, chunk);
  }

  ProcessCore& core_;
  const GenerationLayout& layout_;
  const ChunkHeaderLayout& header_;
  MemoryChecking& checking_;
  ProblemReport problem_;
  Address context_;
};

}  // namespace

void Generation::check(Address context) { GenerationCheck(core_, checking_, context).run(); }

}  // namespace palloscope::core
