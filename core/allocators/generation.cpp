#include "core/allocators/generation.h"

#include <algorithm>
#include <bit>

#include "core/allocators/block_list.h"
#include "core/allocators/chunk_header.h"

namespace palloscope::core {

Generation::Generation(ProcessCore& core) : Allocator(core), layout_(core.profile.generation) {}

// --- where things are -------------------------------------------------------------------------------------------

Address Generation::keeper(Address context) const {
  return layout_.keeper.exists() ? core_.load_pointer(context, layout_.keeper) : context + layout_.context_bytes;
}

Address Generation::region_of(Address context, Address block) const {
  return block == keeper(context) ? context : block;
}

Address Generation::block_of(Address pointer) const {
  Address chunk = pointer - layout_.chunk_bytes;
  if (layout_.chunk_block.exists()) return core_.load_pointer(chunk, layout_.chunk_block);
  const ChunkHeaderLayout& header = core_.profile.chunk_header;
  std::uint64_t word = core_.load(pointer - 8);
  if (header_is_external(header, word)) return chunk - layout_.block_bytes;
  return chunk - header_block_offset(header, word);
}

std::uint64_t Generation::chunk_bytes_of(Address pointer) const {
  if (layout_.chunk_size.exists()) return core_.load(pointer - layout_.chunk_bytes, layout_.chunk_size);
  const ChunkHeaderLayout& header = core_.profile.chunk_header;
  std::uint64_t word = core_.load(pointer - 8);
  if (header_is_external(header, word)) return core_.load_pointer(block_of(pointer), layout_.block_endptr) - pointer;
  return header_value(header, word);
}

std::uint64_t Generation::room(Address block) const {
  return core_.load(block, layout_.block_endptr) - core_.load(block, layout_.block_freeptr);
}

bool Generation::block_is_empty(Address block) const { return core_.load(block, layout_.block_chunks) == 0; }

// --- create -----------------------------------------------------------------------------------------------------

Address Generation::create(Address parent, std::string_view name, const ContextParameters& parameters) {
  std::uint64_t bytes = layout_.context_bytes + layout_.block_bytes + layout_.chunk_bytes;
  bytes =
      std::max(bytes, parameters.min_context_bytes != 0 ? parameters.min_context_bytes : parameters.init_block_bytes);
  Address at = core_.malloc(bytes);
  if (!at) core_.fail_creation(name);
  ContextCreated event;
  event.kind = ContextKind::Generation;
  event.region = core_.region(at);
  event.min_context_bytes = parameters.min_context_bytes;
  event.init_block_bytes = parameters.init_block_bytes;
  event.max_block_bytes = parameters.max_block_bytes;
  std::uint64_t most = parameters.max_block_bytes;
  if (layout_.limit_capped_by_value_field) most = std::min(most, core_.profile.chunk_header.value_mask);
  event.chunk_limit_bytes = halved_chunk_limit(most, parameters.max_block_bytes, layout_.block_bytes,
                                               layout_.chunk_bytes, layout_.chunk_fraction);
  core_.fill(at, 0, layout_.context_bytes);
  core_.store(at, layout_.init_block_size, parameters.init_block_bytes);
  core_.store(at, layout_.max_block_size, parameters.max_block_bytes);
  core_.store(at, layout_.next_block_size, parameters.init_block_bytes);
  core_.store(at, layout_.chunk_limit, event.chunk_limit_bytes);
  Address block = at + layout_.context_bytes;
  if (layout_.keeper.exists()) core_.store_pointer(at, layout_.keeper, block);
  dlist_init(core_, at + layout_.blocks);
  core_.create_context(at, parent, name, event);

  std::uint64_t block_bytes = bytes - layout_.context_bytes;
  init_block(at, block, block_bytes);
  dlist_push_head(core_, at + layout_.blocks, block);
  core_.store_pointer(at, layout_.current_block, block);
  core_.announce_block_added(at, {.block = core_.region(at),
                                  .context = {},
                                  .role = BlockRole::Keeper,
                                  .header = block,
                                  .free_start = block + layout_.block_bytes,
                                  .accounted_bytes = block_bytes});
  return at;
}

void Generation::init_block(Address context, Address block, std::uint64_t bytes) {
  if (layout_.block_context.exists()) core_.store_pointer(block, layout_.block_context, context);
  core_.store(block, layout_.block_size, bytes);
  core_.store_pointer(block, layout_.block_endptr, block + bytes);
  mark_empty(block);
}

void Generation::mark_empty(Address block) {
  core_.store(block, layout_.block_chunks, 0);
  core_.store(block, layout_.block_free, 0);
  core_.store_pointer(block, layout_.block_freeptr, block + layout_.block_bytes);
}

void Generation::empty_block(Address block) {
  if (checking_.on()) {
    Address start = block + layout_.block_bytes;
    checking_.wipe(start, core_.load_pointer(block, layout_.block_freeptr) - start);
  }
  mark_empty(block);
}

// --- alloc ------------------------------------------------------------------------------------------------------

Address Generation::alloc(Address context, std::uint64_t bytes, int flags, ChunkCause cause) {
  std::uint64_t chunk_bytes = checking_.chunk_bytes(bytes);
  if (chunk_bytes > core_.load(context, layout_.chunk_limit)) return alloc_large(context, bytes, flags, cause);
  std::uint64_t required = chunk_bytes + layout_.chunk_bytes;
  Address block = find_room(context, required);
  if (!block) return {};
  Address chunk = core_.load_pointer(block, layout_.block_freeptr);
  write_chunk_header(context, block, chunk, chunk_bytes, false);
  core_.store(block, layout_.block_chunks, core_.load(block, layout_.block_chunks) + 1);
  core_.store_pointer(block, layout_.block_freeptr, chunk + required);
  Address pointer = chunk + layout_.chunk_bytes;
  if (checking_.on()) checking_.mark_used(checked(pointer, chunk_bytes), bytes);
  core_.announce_allocated(context, {.chunk = {},
                                     .block = core_.region(region_of(context, block)),
                                     .at = pointer,
                                     .requested_bytes = bytes,
                                     .granted_bytes = chunk_bytes,
                                     .origin = ChunkOrigin::Tail,
                                     .cause = cause});
  return pointer;
}

void Generation::write_chunk_header(Address context, Address block, Address chunk, std::uint64_t bytes, bool external) {
  if (layout_.chunk_size.exists()) {
    core_.store(chunk, layout_.chunk_size, bytes);
    core_.store_pointer(chunk, layout_.chunk_block, block);
    core_.store_pointer(chunk, layout_.chunk_context, context);
    return;
  }
  const ChunkHeaderLayout& header = core_.profile.chunk_header;
  int id = header.id_of[static_cast<std::size_t>(ContextKind::Generation)];
  Address word = chunk + (layout_.chunk_bytes - 8);
  core_.store(word, 8, external ? pack_external_header(header, id) : pack_header(header, chunk, block, bytes, id));
}

Address Generation::alloc_large(Address context, std::uint64_t bytes, int flags, ChunkCause cause) {
  check_size(context, bytes, flags);
  std::uint64_t chunk_bytes = checking_.chunk_bytes(bytes);
  std::uint64_t block_bytes = chunk_bytes + layout_.chunk_bytes + layout_.block_bytes;
  Address block = core_.malloc(block_bytes);
  if (!block) return {};
  Address chunk = block + layout_.block_bytes;
  init_block(context, block, block_bytes);
  core_.store_pointer(block, layout_.block_freeptr, block + block_bytes);
  core_.fill(chunk, 0, layout_.chunk_bytes);  // a dedicated block whose chunk is yet to come
  dlist_push_head(core_, context + layout_.blocks, block);
  core_.announce_block_added(context, {.block = core_.region(block),
                                       .context = {},
                                       .role = BlockRole::External,
                                       .header = block,
                                       .free_start = chunk,
                                       .accounted_bytes = block_bytes});
  write_chunk_header(context, block, chunk, chunk_bytes, true);
  core_.store(block, layout_.block_chunks, 1);
  Address pointer = chunk + layout_.chunk_bytes;
  if (checking_.on()) checking_.mark_used(checked(pointer, chunk_bytes), bytes);
  core_.announce_allocated(context, {.chunk = {},
                                     .block = core_.region(block),
                                     .at = pointer,
                                     .requested_bytes = bytes,
                                     .granted_bytes = chunk_bytes,
                                     .origin = ChunkOrigin::External,
                                     .cause = cause});
  return pointer;
}

// The block that takes the next chunk, spec 4.3; null: no memory.
Address Generation::find_room(Address context, std::uint64_t required) {
  Address block = core_.load_pointer(context, layout_.current_block);
  if (block && room(block) >= required) return block;
  Address free_block = core_.load_pointer(context, layout_.free_block);
  bool any_free_block_will_do = !layout_.reuses_empty_keeper;  // 17+
  if (free_block && (any_free_block_will_do || block_is_empty(free_block)) && room(free_block) >= required) {
    core_.store_pointer(context, layout_.free_block, {});
    block = free_block;
  } else if (layout_.reuses_empty_keeper && block_is_empty(keeper(context)) && room(keeper(context)) >= required) {
    block = keeper(context);
  } else {
    block = add_block(context, required);
    if (!block) return {};
  }
  core_.store_pointer(context, layout_.current_block, block);
  return block;
}

Address Generation::add_block(Address context, std::uint64_t required) {
  std::uint64_t bytes = take_next_block_bytes(context, layout_.next_block_size, layout_.max_block_size);
  required += layout_.block_bytes;
  if (bytes < required) bytes = std::bit_ceil(required);
  Address block = core_.malloc(bytes);
  if (!block) return {};
  init_block(context, block, bytes);
  dlist_push_head(core_, context + layout_.blocks, block);
  if (layout_.reuses_empty_keeper) core_.store_pointer(context, layout_.free_block, {});
  core_.announce_block_added(context, {.block = core_.region(block),
                                       .context = {},
                                       .role = BlockRole::Ordinary,
                                       .header = block,
                                       .free_start = block + layout_.block_bytes,
                                       .accounted_bytes = bytes});
  return block;
}

// --- free, realloc ------------------------------------------------------------------------------------------------

void Generation::free(Address pointer, ChunkCause cause) {
  Address block = block_of(pointer);
  Address context = get_chunk_context(pointer);
  if (checking_.on()) {
    MemoryChecking::Chunk chunk = checked(pointer, chunk_bytes_of(pointer));
    look_at(context, chunk, MemoryChecking::Use::Free);
    checking_.wipe(pointer, chunk.bytes);
    checking_.mark_free(chunk);
  }
  if (layout_.chunk_context.exists()) {
    core_.store_pointer(pointer - layout_.chunk_bytes, layout_.chunk_context, {});
  }
  std::uint64_t freed = core_.load(block, layout_.block_free) + 1;
  core_.store(block, layout_.block_free, freed);
  if (checking_.on()) {
    assert_that(core_, freed <= core_.load(block, layout_.block_chunks), "block->nfree <= block->nchunks",
                "generation.c", block);
  }
  core_.announce_freed(pointer, ChunkFate::Counted, cause);
  if (freed >= core_.load(block, layout_.block_chunks)) block_became_empty(context, block);
}

// What a checking build looks at before it does what it was called for.
void Generation::look_at(Address context, const MemoryChecking::Chunk& chunk, MemoryChecking::Use use) {
  checking_.refuse_freed(context, chunk, use);
  std::uint64_t requested = checking_.requested_bytes(chunk);
  if (core_.profile.checks.sentinel_room != 0) {
    assert_that(
        core_, requested < chunk.bytes,
        use == MemoryChecking::Use::Free ? "chunk->requested_size < chunksize" : "chunk->requested_size < oldsize",
        "generation.c", chunk.header);
  }
  checking_.warn_if_overwritten(context, chunk, requested);
}

// Spec 4.4: kept for the next chunks, or given back.
void Generation::block_became_empty(Address context, Address block) {
  Address current = core_.load_pointer(context, layout_.current_block);
  Address free_block = core_.load_pointer(context, layout_.free_block);
  bool keeps_current = !layout_.reuses_empty_keeper;  // 17+
  bool stays = block == keeper(context) || (keeps_current && block == current);
  if (!stays && (!free_block || (!keeps_current && free_block == block))) {
    core_.store_pointer(context, layout_.free_block, block);
    stays = true;
  }
  Address region = region_of(context, block);
  core_.forget_chunks(region);
  if (stays) {
    empty_block(block);
    core_.emit(BlockEmptied{core_.region(region)});
    return;
  }
  if (block == current) core_.store_pointer(context, layout_.current_block, {});
  dlist_delete(core_, block);
  std::uint64_t bytes = core_.load(block, layout_.block_size);
  core_.announce_block_removed(context, region, bytes);
  wipe_and_free(region, bytes);
}

Address Generation::realloc(Address pointer, std::uint64_t bytes, int flags) {
  std::uint64_t old_bytes = chunk_bytes_of(pointer);
  MemoryChecking::Chunk old = checked(pointer, old_bytes);
  if (checking_.on()) look_at(get_chunk_context(pointer), old, MemoryChecking::Use::Realloc);
  bool has_room = core_.profile.checks.sentinel_room != 0 ? old_bytes > bytes : old_bytes >= bytes;
  if (has_room) {
    if (checking_.on()) checking_.mark_used(old, bytes);
    core_.announce_resized(pointer, bytes, old_bytes);
    return pointer;
  }
  Address moved = alloc(get_chunk_context(pointer), bytes, flags, ChunkCause::Repalloc);
  if (!moved) return {};
  core_.copy(moved, pointer, checking_.on() ? checking_.requested_bytes(old) : old_bytes);
  free(pointer, ChunkCause::Repalloc);
  return moved;
}

// --- reset, delete ------------------------------------------------------------------------------------------------

// All that reset and delete do to the bytes of the context, but for isReset. Answers with the blocks to be freed.
std::vector<Address> Generation::empty_out(Address context) {
  Address head = context + layout_.blocks, block = keeper(context);
  std::vector<Address> others = drop_chunks(core_, dlist_nodes(core_, head), 0, block, context);
  empty_block(block);
  dlist_init(core_, head);
  dlist_push_head(core_, head, block);
  core_.store_pointer(context, layout_.current_block, block);
  core_.store_pointer(context, layout_.free_block, {});
  core_.store(context, layout_.next_block_size, core_.load(context, layout_.init_block_size));
  core_.clear_tallies(context, 1, core_.load(block, layout_.block_size));
  return others;
}

void Generation::reset(Address context) {
  if (checking_.on()) check(context);
  std::vector<Address> others = empty_out(context);
  core_.announce_reset(context);
  for (Address block : others) wipe_and_free(block, core_.load(block, layout_.block_size));
}

void Generation::delete_context(Address context) {
  std::vector<Address> others = empty_out(context);
  core_.announce_deleted(context);
  for (Address block : others) wipe_and_free(block, core_.load(block, layout_.block_size));
  core_.free(context);
}

// --- asked ----------------------------------------------------------------------------------------------------------

Address Generation::get_chunk_context(Address pointer) {
  if (layout_.chunk_context.exists()) {
    return core_.load_pointer(pointer - layout_.chunk_bytes, layout_.chunk_context);
  }
  return core_.load_pointer(block_of(pointer), layout_.block_context);
}

std::uint64_t Generation::get_chunk_space(Address pointer) { return chunk_bytes_of(pointer) + layout_.chunk_bytes; }

bool Generation::is_empty(Address context) {
  for (Address block : dlist_nodes(core_, context + layout_.blocks)) {
    if (!block_is_empty(block)) return false;
  }
  return true;
}

ContextCounters Generation::counters(Address context) {
  ContextCounters counters;
  counters.totalspace = layout_.context_bytes;
  for (Address block : dlist_nodes(core_, context + layout_.blocks)) {
    ++counters.nblocks;
    counters.freechunks += core_.load(block, layout_.block_free);
    counters.totalspace += core_.load(block, layout_.block_size);
    counters.freespace += room(block);
  }
  return counters;
}

std::string Generation::stats_text(Address context) {
  ContextCounters c = counters(context);
  std::uint64_t chunks = 0;
  for (Address block : dlist_nodes(core_, context + layout_.blocks)) chunks += core_.load(block, layout_.block_chunks);
  return std::to_string(c.totalspace) + " total in " + std::to_string(c.nblocks) + " blocks (" +
         std::to_string(chunks) + " chunks); " + std::to_string(c.freespace) + " free (" +
         std::to_string(c.freechunks) + " chunks); " + std::to_string(c.totalspace - c.freespace) + " used";
}

}  // namespace palloscope::core
