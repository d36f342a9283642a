#include "core/allocators/bump.h"

#include <algorithm>
#include <bit>

#include "core/allocators/block_list.h"
#include "core/allocators/chunk_header.h"

namespace palloscope::core {
namespace {

// A production build keeps no chunk headers: there, these are reached only through an unlucky word before the pointer.
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
  event.chunk_limit_bytes =
      halved_chunk_limit(std::min(parameters.max_block_bytes, core_.profile.chunk_header.value_mask),
                         parameters.max_block_bytes, layout_.block_bytes, layout_.chunk_bytes, layout_.chunk_fraction);
  core_.fill(at, 0, layout_.context_bytes);
  core_.store(at, layout_.init_block_size, parameters.init_block_bytes);
  core_.store(at, layout_.max_block_size, parameters.max_block_bytes);
  core_.store(at, layout_.next_block_size, parameters.init_block_bytes);
  core_.store(at, layout_.chunk_limit, event.chunk_limit_bytes);
  dlist_init(core_, at + layout_.blocks);
  core_.create_context(at, parent, name, event);

  Address block = keeper(at);
  init_block(at, block, bytes - layout_.context_bytes);
  dlist_push_head(core_, at + layout_.blocks, block);
  core_.announce_block_added(at, {.block = core_.region(at),
                                  .context = {},
                                  .role = BlockRole::Keeper,
                                  .header = block,
                                  .free_start = block + layout_.block_bytes,
                                  .accounted_bytes = bytes});
  return at;
}

void Bump::init_block(Address context, Address block, std::uint64_t bytes) {
  if (layout_.block_context.exists()) core_.store_pointer(block, layout_.block_context, context);
  core_.store_pointer(block, layout_.block_freeptr, block + layout_.block_bytes);
  core_.store_pointer(block, layout_.block_endptr, block + bytes);
}

// --- alloc ------------------------------------------------------------------------------------------------------

Address Bump::alloc(Address context, std::uint64_t bytes, int flags, ChunkCause cause) {
  std::uint64_t chunk_bytes = checking_.chunk_bytes(bytes);
  if (chunk_bytes > core_.load(context, layout_.chunk_limit)) return alloc_large(context, bytes, flags, cause);
  Address block = dlist_first(core_, context + layout_.blocks);
  std::uint64_t required = chunk_bytes + layout_.chunk_bytes;
  if (room(block) < required) {
    block = add_block(context, required);
    if (!block) return {};
  }
  Address chunk = core_.load_pointer(block, layout_.block_freeptr);
  core_.store_pointer(block, layout_.block_freeptr, chunk + required);
  return finish_chunk(context, block, chunk, bytes, chunk_bytes, ChunkOrigin::Tail, cause);
}

Address Bump::finish_chunk(Address context, Address block, Address chunk, std::uint64_t requested_bytes,
                           std::uint64_t chunk_bytes, ChunkOrigin origin, ChunkCause cause) {
  Address pointer = chunk + layout_.chunk_bytes;
  if (checking_.on()) {
    const ChunkHeaderLayout& header = core_.profile.chunk_header;
    int id = header.id_of[static_cast<std::size_t>(ContextKind::Bump)];
    core_.store(pointer - 8, 8,
                origin == ChunkOrigin::External ? pack_external_header(header, id)
                                                : pack_header(header, chunk, block, chunk_bytes, id));
    checking_.mark_used({chunk, pointer, chunk_bytes, layout_.chunk_requested}, requested_bytes);
  }
  BlockSlot region = core_.region(region_of(context, block));
  core_.announce_allocated(context, {.chunk = core_.names.add_chunk_that_may_share(pointer, region),
                                     .block = region,
                                     .at = pointer,
                                     .requested_bytes = requested_bytes,
                                     .granted_bytes = chunk_bytes,
                                     .origin = origin,
                                     .cause = cause});
  return pointer;
}

// Dedicated blocks go to the tail: the head must stay the block that is filled.
Address Bump::alloc_large(Address context, std::uint64_t bytes, int flags, ChunkCause cause) {
  check_size(context, bytes, flags);
  std::uint64_t chunk_bytes = checking_.chunk_bytes(bytes);
  std::uint64_t block_bytes = chunk_bytes + layout_.chunk_bytes + layout_.block_bytes;
  Address block = core_.malloc(block_bytes);
  if (!block) return {};
  init_block(context, block, block_bytes);
  Address chunk = block + layout_.block_bytes;
  core_.store_pointer(block, layout_.block_freeptr, block + block_bytes);
  core_.fill(chunk, 0, layout_.chunk_bytes);  // a dedicated block whose chunk is yet to come
  dlist_push_tail(core_, context + layout_.blocks, block);
  core_.announce_block_added(context, {.block = core_.region(block),
                                       .context = {},
                                       .role = BlockRole::External,
                                       .position = BlockPosition::Tail,
                                       .header = block,
                                       .free_start = chunk,
                                       .accounted_bytes = block_bytes});
  return finish_chunk(context, block, chunk, bytes, chunk_bytes, ChunkOrigin::External, cause);
}

Address Bump::add_block(Address context, std::uint64_t required) {
  std::uint64_t bytes = take_next_block_bytes(context, layout_.next_block_size, layout_.max_block_size);
  required += layout_.block_bytes;
  if (bytes < required) bytes = std::bit_ceil(required);
  Address block = core_.malloc(bytes);
  if (!block) return {};
  init_block(context, block, bytes);
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

// All that reset and delete do to the bytes of the context, but for isReset. Answers with the blocks to be freed.
std::vector<Address> Bump::empty_out(Address context) {
  Address head = context + layout_.blocks, block = keeper(context), start = block + layout_.block_bytes;
  std::vector<Address> others = drop_chunks(core_, dlist_nodes(core_, head), 0, block, context);
  if (checking_.on()) checking_.wipe(start, core_.load_pointer(block, layout_.block_freeptr) - start);
  core_.store_pointer(block, layout_.block_freeptr, start);
  dlist_init(core_, head);
  dlist_push_head(core_, head, block);
  core_.store(context, layout_.next_block_size, core_.load(context, layout_.init_block_size));
  core_.clear_tallies(context, 1, core_.load_pointer(block, layout_.block_endptr) - context);
  return others;
}

void Bump::free_blocks(const std::vector<Address>& blocks) {
  for (Address block : blocks) wipe_and_free(block, core_.load_pointer(block, layout_.block_endptr) - block);
}

void Bump::reset(Address context) {
  if (checking_.on()) check(context);
  std::vector<Address> others = empty_out(context);
  core_.announce_reset(context);
  free_blocks(others);
}

void Bump::delete_context(Address context) {
  std::vector<Address> others = empty_out(context);
  core_.announce_deleted(context);
  free_blocks(others);
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
