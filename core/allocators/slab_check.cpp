// SlabCheck: the check method of checking builds (spec 13). It notes the free chunks of a block in an array behind the
// context (is_chunk_free), as PostgreSQL does, and looks at the others.
#include <algorithm>

#include "core/allocators/block_list.h"
#include "core/allocators/chunk_header.h"
#include "core/allocators/problem_report.h"
#include "core/allocators/slab.h"

namespace palloscope::core {
namespace {

class SlabCheck {
 public:
  SlabCheck(ProcessCore& core, MemoryChecking& checking, Address context, const Slab::Shape& shape)
      : core_(core),
        layout_(core.profile.slab),
        checking_(checking),
        problem_(checking, context, "slab"),
        context_(context),
        shape_(shape),
        chunks_per_block_(static_cast<std::int32_t>(shape.chunks_per_block)),
        is_free_(core.load_pointer(context, layout_.is_chunk_free)) {}

  // 15: of the list of the blocks with so many free chunks
  void check_counted(Address block, std::int32_t list) {
    std::int32_t nfree = count(block, layout_.block_free);
    if (nfree != list)
      problem_("number of free chunks {} in block {:#x} does not match freelist {}", nfree, block, list);
    forget_free();
    std::int32_t found = 0;
    for (std::int32_t index = count(block, layout_.block_free_head); index < chunks_per_block_; ++found) {
      stop_if_endless(found, block);
      note_free(index);
      index = static_cast<std::int32_t>(core_.load(chunk(block, index) + layout_.chunk_bytes, layout_.free_link_width));
    }
    check_used(block);
    if (found != nfree)
      problem_("number of free chunks {} in block {:#x} does not match bitmap {}", nfree, block, found);
  }

  // 16+
  void check_empty(Address block) {
    std::int32_t nfree = count(block, layout_.block_free);
    if (nfree != chunks_per_block_) {
      problem_("empty block {:#x} should have {} free chunks but has {} chunks free", block, chunks_per_block_, nfree);
    }
  }

  // 16+: of a list; it should be in number `right_list`
  void check_listed(Address block, std::uint64_t list, std::uint64_t right_list) {
    std::int32_t nfree = count(block, layout_.block_free), nunused = count(block, layout_.block_unused_count);
    if (right_list != list)
      problem_("block {:#x} is on blocklist {} but should be on blocklist {}", block, list, right_list);
    if (nfree >= chunks_per_block_)
      problem_("empty block {:#x} incorrectly stored on blocklist element {}", block, list);
    if (core_.load_pointer(block, layout_.block_slab) != context_) problem_("bogus slab link in block {:#x}", block);
    forget_free();
    std::int32_t found = 0;
    Address at = core_.load_pointer(block, layout_.block_free_head);
    for (; at; at = core_.load_pointer(at + layout_.chunk_bytes), ++found) {
      stop_if_endless(found, block);
      bool of_block = at >= chunk(block, 0) && at <= chunk(block, chunks_per_block_ - 1) &&
                      (at - chunk(block, 0)) % shape_.full_chunk_bytes == 0;
      if (!of_block) problem_("bogus free list link {:#x} in block {:#x}", at, block);
      note_free(index(block, at));
    }
    at = core_.load_pointer(block, layout_.block_unused);
    if (at != chunk(block, chunks_per_block_ - nunused)) {
      problem_("mismatch detected between nunused chunks and unused pointer in block {:#x}", block);
    }
    for (std::int32_t i = 0; i < std::min(nunused, chunks_per_block_); ++i, at = at + shape_.full_chunk_bytes) {
      if (index(block, at) < chunks_per_block_) note_free(index(block, at));
    }
    found += std::max(nunused, 0);
    check_used(block);
    if (found != nfree) problem_("nfree in block {:#x} is {} but {} chunk were found as free", block, nfree, found);
  }

 private:
  // What is not noted as free.
  void check_used(Address block) {
    const ChunkHeaderLayout& header = core_.profile.chunk_header;
    for (std::int32_t i = 0; i < chunks_per_block_; ++i) {
      if (core_.load(is_free_ + static_cast<std::uint64_t>(i), 1) != 0) continue;
      Address at = chunk(block, i), pointer = at + layout_.chunk_bytes;
      Address owner = layout_.chunk_block.exists() ? core_.load_pointer(at, layout_.chunk_block)
                                                   : at - header_block_offset(header, core_.load(pointer - 8));
      if (owner != block) problem_("bogus block link in block {:#x}, chunk {:#x}", block, at);
      if (layout_.chunk_context.exists() && core_.load_pointer(at, layout_.chunk_context) != context_)
        problem_("bogus slab link in block {:#x}, chunk {:#x}", block, at);
      std::uint64_t room = shape_.full_chunk_bytes - layout_.chunk_bytes;
      if (!checking_.sentinel_is_whole({at, pointer, room, layout_.chunk_requested}, shape_.chunk_bytes))
        problem_("detected write past chunk end in block {:#x}, chunk {:#x}", block, at);
    }
  }

  std::int32_t count(Address block, Field field) const { return static_cast<std::int32_t>(core_.load(block, field)); }
  Address chunk(Address block, std::int32_t number) const {
    auto offset = static_cast<std::uint64_t>(static_cast<std::int64_t>(number)) * shape_.full_chunk_bytes;
    return block + layout_.block_bytes + offset;
  }
  std::int32_t index(Address block, Address at) const {
    return static_cast<std::int32_t>((at - chunk(block, 0)) / shape_.full_chunk_bytes);
  }
  void forget_free() { core_.fill(is_free_, 0, shape_.chunks_per_block); }
  void note_free(std::int32_t number) {
    core_.store(is_free_ + static_cast<std::uint64_t>(static_cast<std::int64_t>(number)), 1, 1);
  }
  void stop_if_endless(std::int32_t found, Address block) const {
    if (found > chunks_per_block_)
      throw Crash{"SIGABRT", "the check of a block goes round: its chain of free chunks was overwritten", block};
  }

  ProcessCore& core_;
  const SlabLayout& layout_;
  MemoryChecking& checking_;
  ProblemReport problem_;
  Address context_;
  Slab::Shape shape_;
  std::int32_t chunks_per_block_;
  Address is_free_;
};

}  // namespace

void Slab::check(Address context) {
  Shape s = shape(context);
  SlabCheck check(core_, checking_, context, s);
  auto for_each = [&](Address head, auto look) {
    for (Address link : dlist_nodes(core_, head)) look(block_at(link));
  };
  if (!layout_.list_per_free_count) for_each(empty_blocks(context), [&](Address block) { check.check_empty(block); });
  for (std::uint64_t list = 0; list < list_count(s); ++list) {
    for_each(list_head(context, list), [&](Address block) {
      if (layout_.list_per_free_count) return check.check_counted(block, static_cast<std::int32_t>(list));
      check.check_listed(block, list, list_index(context, core_.load(block, layout_.block_free)));
    });
  }
  if (layout_.list_per_free_count) {
    assert_that(core_,
                core_.load(context, layout_.block_count) * s.block_bytes ==
                    core_.load(context, core_.profile.context.mem_allocated),
                "slab->nblocks * slab->blockSize == context->mem_allocated", "slab.c", context);
  }
}

}  // namespace palloscope::core
