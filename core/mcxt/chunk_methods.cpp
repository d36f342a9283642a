#include "core/mcxt/chunk_methods.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/allocators/allocator.h"
#include "core/allocators/chunk_header.h"
#include "core/mcxt/context_stats.h"
#include "core/mcxt/errors.h"
#include "core/mcxt/process_core.h"

namespace palloscope::core {

// --- palloc ---------------------------------------------------------------------------------------------------

// 15 and 16 check every size before isReset is cleared; 17+ leave it to the allocators' large path.
void ChunkMethods::check_size_early(Address context, std::uint64_t bytes, int flags) const {
  if (bytes > ((flags & kMcxtAllocHuge) != 0 ? kMaxAllocHugeSize : kMaxAllocSize)) throw invalid_size(context, bytes);
}

Address ChunkMethods::alloc(Address context, std::uint64_t bytes, int flags) {
  if (!core_.profile.rules.size_checked_by_allocator) check_size_early(context, bytes, flags);
  return alloc_from(core_.allocator_of(context), context, bytes, flags, ChunkCause::Palloc);
}

Address ChunkMethods::alloc_extended(Address context, std::uint64_t bytes, int flags, ChunkCause cause) {
  check_size_early(context, bytes, flags);
  Address at = alloc_from(core_.allocator_of(context), context, bytes, flags, cause);
  if (at && (flags & kMcxtAllocZero) != 0) core_.fill(at, 0, bytes);
  return at;
}

Address ChunkMethods::alloc_from(Allocator& allocator, Address context, std::uint64_t bytes, int flags,
                                 ChunkCause cause) {
  core_.assert_not_critical(context);
  auto announce_failure = [&] {
    core_.store(context, core_.profile.context.is_reset, 0);
    core_.emit(AllocationFailed{core_.slot_of(context), bytes});
  };
  Address at;
  try {
    at = allocator.alloc(context, bytes, flags, cause);
  } catch (const Ereport&) {
    announce_failure();
    throw;
  }
  if (at) return at;
  announce_failure();
  if ((flags & kMcxtAllocNoOom) == 0) fail(context, bytes);
  return {};
}

void ChunkMethods::fail(Address context, std::uint64_t bytes) {
  print_stats_of_top(core_);
  std::string name = core_.load_string(core_.load_pointer(context, core_.profile.context.name));
  throw Ereport{"53200", "out of memory",
                "Failed on request of size " + std::to_string(bytes) + " in memory context \"" + name + "\".", context};
}

// --- whose chunk ----------------------------------------------------------------------------------------------

ChunkMethods::Owner ChunkMethods::owner_of(Address pointer, const char* caller) const {
  const ChunkHeaderLayout& layout = core_.profile.chunk_header;
  if (!layout.packed) {
    Address context = core_.load_pointer(pointer - 8);
    assert_that(core_, static_cast<bool>(core_.slot_of(context)), "MemoryContextIsValid(context)", "memutils.h",
                pointer);
    return {&core_.allocator_of(context), pointer, 0};
  }
  std::uint64_t word = core_.load(pointer - 8);
  std::uint64_t align_to = 0;
  while (header_id(layout, word) == layout.aligned_redirect_id) {
    if (align_to == 0) align_to = header_value(layout, word);
    pointer = pointer - layout.bytes - header_block_offset(layout, word);
    word = core_.load(pointer - 8);
  }
  for (std::size_t kind = 0; kind < layout.id_of.size(); ++kind) {
    if (layout.id_of[kind] == header_id(layout, word)) {
      return {&core_.allocator(static_cast<ContextKind>(kind)), pointer, align_to};
    }
  }
  std::string digits = hex_text(word);
  digits.insert(0, 16 - digits.size(), '0');
  throw Ereport{
      "XX000",
      std::string(caller) + " called with invalid pointer 0x" + hex_text(pointer.value) + " (header 0x" + digits + ")",
      "",
      {}};
}

Address ChunkMethods::context_of(Address pointer) const {
  if (!core_.profile.chunk_header.packed) return core_.load_pointer(pointer - 8);
  Owner owner = owner_of(pointer, "GetMemoryChunkContext");
  return owner.allocator->get_chunk_context(owner.raw);
}

std::uint64_t ChunkMethods::space_of(Address pointer) const {
  Owner owner = owner_of(pointer, "GetMemoryChunkSpace");
  return owner.allocator->get_chunk_space(owner.raw);
}

void ChunkMethods::free(Address pointer, ChunkCause cause) {
  Owner owner = owner_of(pointer, "pfree");
  if (checking_.on() && owner.align_to != 0) {
    MemoryChecking::Chunk redirect = redirect_of(pointer);
    checking_.warn_if_overwritten(owner.allocator->get_chunk_context(owner.raw), redirect,
                                  checking_.requested_bytes(redirect));
  }
  owner.allocator->free(owner.raw, cause);
}

// --- repalloc -------------------------------------------------------------------------------------------------

Address ChunkMethods::realloc(Address pointer, std::uint64_t bytes, int flags) {
  Owner owner = owner_of(pointer, "repalloc");
  bool early = !core_.profile.rules.size_checked_by_allocator;
  if (early) check_size_early({}, bytes, flags);
  if (owner.align_to != 0) return realloc_aligned(owner, pointer, bytes, flags);
  if (checking_.on()) {  // for the assertion alone: Bump answers with an error that names this function
    Address context = owner.allocator->get_chunk_context(owner.raw);
    assert_that(core_, core_.load(context, core_.profile.context.is_reset) == 0, "!context->isReset", "mcxt.c",
                pointer);
  }
  Address at = owner.allocator->realloc(pointer, bytes, flags);
  if (at) return at;
  Address context = owner.allocator->get_chunk_context(owner.raw);
  core_.emit(AllocationFailed{core_.slot_of(context), bytes});
  if ((flags & kMcxtAllocNoOom) == 0) fail(context, bytes);
  return {};
}

// --- aligned chunks (spec 7.11) -------------------------------------------------------------------------------

Address ChunkMethods::alloc_aligned(Address context, std::uint64_t bytes, std::uint64_t align_to, int flags,
                                    ChunkCause cause) {
  const ChunkHeaderLayout& layout = core_.profile.chunk_header;
  if (!std::has_single_bit(align_to) || align_to >= std::uint64_t{128} << 20 || layout.aligned_redirect_id < 0) {
    throw Crash{"SIGABRT", "the alignment of a chunk is a power of two below 128 MB (PostgreSQL 16 and newer)",
                context};
  }
  if (align_to <= 8) return alloc_extended(context, bytes, flags, cause);
  std::uint64_t room = bytes + align_to + (layout.bytes - 8) + core_.profile.checks.sentinel_room;
  Address raw = alloc_extended(context, room, flags, cause);
  if (!raw) return {};
  Address aligned{(raw.value + layout.bytes + align_to - 1) / align_to * align_to};
  Address redirect = aligned - layout.bytes;
  core_.store(aligned - 8, 8, pack_header(layout, redirect, raw, align_to, layout.aligned_redirect_id));
  if (checking_.on()) checking_.mark_used(redirect_of(aligned), bytes);
  return aligned;
}

MemoryChecking::Chunk ChunkMethods::redirect_of(Address aligned) const {
  const ChunkHeaderLayout& layout = core_.profile.chunk_header;
  return {aligned - layout.bytes, aligned, ~std::uint64_t{0}, layout.requested};
}

Address ChunkMethods::realloc_aligned(const Owner& owner, Address pointer, std::uint64_t bytes, int flags) {
  const std::uint64_t header = core_.profile.chunk_header.bytes;
  std::uint64_t old_bytes = owner.allocator->get_chunk_space(owner.raw) - (owner.align_to + header - 8) - header;
  Address context = owner.allocator->get_chunk_context(owner.raw);
  Address moved = alloc_aligned(context, bytes, owner.align_to, flags, ChunkCause::Repalloc);
  if (!moved) return {};
  core_.copy(moved, pointer, std::min(bytes, old_bytes));
  owner.allocator->free(owner.raw, ChunkCause::Repalloc);
  return moved;
}

}  // namespace palloscope::core
