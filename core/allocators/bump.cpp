#include "core/allocators/bump.h"

#include <algorithm>
#include <bit>

#include "core/allocators/block_list.h"

namespace palloscope::core {
namespace {

// A production build keeps no chunk headers, so these are reached only through an unlucky word before the pointer.
[[noreturn]] void not_supported(const char* what) {
  throw Ereport{"XX000", std::string(what) + " is not supported by the bump memory allocator", "", {}};
}

}  // namespace

Bump::Bump(ProcessCore& core) : Allocator(core), layout_(core.profile.bump) {}

Address Bump::region_of(Address context, Address block) const { return block == keeper(context) ? context : block; }

std::uint64_t Bump::room(Address block) const {
  return core_.load(block, layout_.block_endptr) - core_.load(block, layout_.block_freeptr);
}

// --- create -----------------------------------------------------------------------------------------------------

// As Generation's (spec 6).
std::uint64_t Bump::chunk_limit(std::uint64_t max_block_bytes) const {
  std::uint64_t limit = std::min(max_block_bytes, core_.profile.chunk_header.value_mask);
  while (limit + layout_.chunk_bytes > (max_block_bytes - layout_.block_bytes) / layout_.chunk_fraction) limit >>= 1;
  return limit;
}

Address Bump::create(Address parent, std::string_view name, const ContextParameters& parameters) {
  std::uint64_t bytes = layout_.context_bytes + layout_.block_bytes + layout_.chunk_bytes;
  bytes =
      std::max(bytes, parameters.min_context_bytes != 0 ? parameters.min_context_bytes : parameters.init_block_bytes);
  Address at = core_.malloc(bytes);
  if (!at) core_.fail_creation(name);
  ContextCreated event;
  event.kind = ContextKind::Bump;
  event.region = core_.region(at);
  event.min_context_bytes = parameters.min_context_bytes;
  event.init_block_bytes = parameters.init_block_bytes;
  event.max_block_bytes = parameters.max_block_bytes;
  event.chunk_limit_bytes = chunk_limit(parameters.max_block_bytes);
  core_.fill(at, 0, layout_.context_bytes);
  core_.store(at, layout_.init_block_size, parameters.init_block_bytes);
  core_.store(at, layout_.max_block_size, parameters.max_block_bytes);
  core_.store(at, layout_.next_block_size, parameters.init_block_bytes);
  core_.store(at, layout_.chunk_limit, event.chunk_limit_bytes);
  dlist_init(core_, at + layout_.blocks);
  core_.create_context(at, parent, name, event);

  Address block = keeper(at);
  init_block(block, bytes - layout_.context_bytes);
  dlist_push_head(core_, at + layout_.blocks, block);
  core_.announce_block_added(at, {.block = core_.region(at),
                                  .context = {},
                                  .role = BlockRole::Keeper,
                                  .header = block,
                                  .free_start = block + layout_.block_bytes,
                                  .accounted_bytes = bytes});
  return at;
}

void Bump::init_block(Address block, std::uint64_t bytes) {
  core_.store_pointer(block, layout_.block_freeptr, block + layout_.block_bytes);
  core_.store_pointer(block, layout_.block_endptr, block + bytes);
}

// --- alloc ------------------------------------------------------------------------------------------------------

Address Bump::alloc(Address context, std::uint64_t bytes, int flags, ChunkCause cause) {
  std::uint64_t chunk_bytes = max_align(bytes);
  if (chunk_bytes > core_.load(context, layout_.chunk_limit)) return alloc_large(context, bytes, flags, cause);
  Address block = dlist_first(core_, context + layout_.blocks);
  if (room(block) < chunk_bytes + layout_.chunk_bytes) {
    block = add_block(context, chunk_bytes + layout_.chunk_bytes);
    if (!block) return {};
  }
  Address at = core_.load_pointer(block, layout_.block_freeptr);
  core_.store_pointer(block, layout_.block_freeptr, at + chunk_bytes);
  announce_chunk(context, block, at, bytes, chunk_bytes, ChunkOrigin::Tail, cause);
  return at;
}

void Bump::announce_chunk(Address context, Address block, Address at, std::uint64_t requested_bytes,
                          std::uint64_t granted_bytes, ChunkOrigin origin, ChunkCause cause) {
  BlockSlot region = core_.region(region_of(context, block));
  core_.announce_allocated(context, {.chunk = core_.names.add_chunk_that_may_share(at, region),
                                     .block = region,
                                     .at = at,
                                     .requested_bytes = requested_bytes,
                                     .granted_bytes = granted_bytes,
                                     .origin = origin,
                                     .cause = cause});
}

// Dedicated blocks go to the tail: the head must stay the block that is filled.
Address Bump::alloc_large(Address context, std::uint64_t bytes, int flags, ChunkCause cause) {
  check_size(context, bytes, flags);
  std::uint64_t chunk_bytes = max_align(bytes);
  std::uint64_t block_bytes = chunk_bytes + layout_.chunk_bytes + layout_.block_bytes;
  Address block = core_.malloc(block_bytes);
  if (!block) return {};
  init_block(block, block_bytes);
  Address at = block + layout_.block_bytes;
  core_.store_pointer(block, layout_.block_freeptr, block + block_bytes);
  dlist_push_tail(core_, context + layout_.blocks, block);
  core_.announce_block_added(context, {.block = core_.region(block),
                                       .context = {},
                                       .role = BlockRole::External,
                                       .position = BlockPosition::Tail,
                                       .header = block,
                                       .free_start = at,
                                       .accounted_bytes = block_bytes});
  announce_chunk(context, block, at, bytes, chunk_bytes, ChunkOrigin::External, cause);
  return at;
}

Address Bump::add_block(Address context, std::uint64_t required) {
  std::uint64_t bytes = core_.load(context, layout_.next_block_size);
  std::uint64_t next = std::min(bytes << 1, core_.load(context, layout_.max_block_size));
  if (next != bytes) {
    core_.store(context, layout_.next_block_size, next);
    core_.announce_next_block_size(context, next);
  }
  required += layout_.block_bytes;
  if (bytes < required) bytes = std::bit_ceil(required);
  Address block = core_.malloc(bytes);
  if (!block) return {};
  init_block(block, bytes);
  dlist_push_head(core_, context + layout_.blocks, block);
  core_.announce_block_added(context, {.block = core_.region(block),
                                       .context = {},
                                       .role = BlockRole::Ordinary,
                                       .header = block,
                                       .free_start = block + layout_.block_bytes,
                                       .accounted_bytes = bytes});
  return block;
}

// --- what Bump cannot do ----------------------------------------------------------------------------------------

void Bump::free(Address, ChunkCause) { not_supported("pfree"); }
Address Bump::realloc(Address, std::uint64_t, int) { not_supported("realloc"); }
Address Bump::get_chunk_context(Address) { not_supported("GetMemoryChunkContext"); }
std::uint64_t Bump::get_chunk_space(Address) { not_supported("GetMemoryChunkSpace"); }

// --- reset, delete ------------------------------------------------------------------------------------------------

// All regions but the context's own, in list order; no chunk has a name any more.
std::vector<Address> Bump::drop_all_chunks(Address context) {
  std::vector<Address> regions;
  for (Address block : dlist_nodes(core_, context + layout_.blocks)) {
    Address region = region_of(context, block);
    core_.forget_chunks(region);
    if (region != context) regions.push_back(region);
  }
  return regions;
}

void Bump::reset(Address context) {
  std::vector<Address> others = drop_all_chunks(context);
  Address block = keeper(context);
  core_.store_pointer(block, layout_.block_freeptr, block + layout_.block_bytes);
  dlist_init(core_, context + layout_.blocks);
  dlist_push_head(core_, context + layout_.blocks, block);
  core_.store(context, layout_.next_block_size, core_.load(context, layout_.init_block_size));
  core_.clear_tallies(context, 1, core_.load_pointer(block, layout_.block_endptr) - context);
  core_.announce_reset(context);
  for (Address region : others) core_.free(region);
}

void Bump::delete_context(Address context) {
  std::vector<Address> others = drop_all_chunks(context);
  core_.announce_deleted(context);
  for (Address region : others) core_.free(region);
  core_.free(context);
}

// --- asked ----------------------------------------------------------------------------------------------------------

bool Bump::is_empty(Address context) {
  for (Address block : dlist_nodes(core_, context + layout_.blocks)) {
    if (core_.load_pointer(block, layout_.block_freeptr) != block + layout_.block_bytes) return false;
  }
  return true;
}

ContextCounters Bump::counters(Address context) {
  ContextCounters counters;
  for (Address block : dlist_nodes(core_, context + layout_.blocks)) {
    ++counters.nblocks;
    counters.totalspace += core_.load_pointer(block, layout_.block_endptr) - block;
    counters.freespace += room(block);
  }
  return counters;
}

std::string Bump::stats_text(Address context) {
  ContextCounters c = counters(context);
  return std::to_string(c.totalspace) + " total in " + std::to_string(c.nblocks) + " blocks; " +
         std::to_string(c.freespace) + " free; " + std::to_string(c.totalspace - c.freespace) + " used";
}

}  // namespace palloscope::core
