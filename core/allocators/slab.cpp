#include "core/allocators/slab.h"

#include <algorithm>

#include "core/allocators/block_list.h"
#include "core/allocators/chunk_header.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kBlockLists = 3;   // SLAB_BLOCKLIST_COUNT, 16+
constexpr std::uint64_t kEmptyList = 3;    // the number of the cached empty blocks in events
constexpr std::uint64_t kEmptyCount = 16;  // uint32 behind the head of the empty blocks

}  // namespace

Slab::Slab(ProcessCore& core) : Allocator(core), layout_(core.profile.slab) {}

Slab::Shape Slab::shape(Address context) const {
  return {core_.load(context, layout_.chunk_size), core_.load(context, layout_.full_chunk_size),
          core_.load(context, layout_.block_size), core_.load(context, layout_.chunks_per_block)};
}

Address Slab::list_head(Address context, std::uint64_t list) const {
  return context + layout_.lists + list * kDlistBytes;
}

std::uint64_t Slab::list_count(const Shape& shape) const {
  return layout_.list_per_free_count ? shape.chunks_per_block + 1 : kBlockLists;
}

// The fixed part, in 15 the lists, in a checking build a bool for each chunk of a block.
std::uint64_t Slab::header_bytes(const Shape& shape) const {
  std::uint64_t bytes = layout_.context_bytes;
  if (layout_.list_per_free_count) bytes += list_count(shape) * kDlistBytes;
  if (layout_.is_chunk_free.exists()) bytes += shape.chunks_per_block;
  return bytes;
}

// Full blocks in list 0, the others by how free they are (spec 5.3): free_chunks / 2^shift, rounded up.
std::uint64_t Slab::list_index(Address context, std::uint64_t free_chunks) const {
  std::uint64_t shift = core_.load(context, layout_.list_shift) & 63;
  return std::min((free_chunks + (std::uint64_t{1} << shift) - 1) >> shift, kBlockLists - 1);
}

std::uint64_t Slab::next_list(Address context) const {
  for (std::uint64_t list = 1; list < kBlockLists; ++list) {
    if (!dlist_is_empty(core_, list_head(context, list))) return list;
  }
  return 0;
}

Address Slab::block_of(Address pointer) const {
  Address chunk = pointer - layout_.chunk_bytes;
  if (layout_.chunk_block.exists()) return core_.load_pointer(chunk, layout_.chunk_block);
  return chunk - header_block_offset(core_.profile.chunk_header, core_.load(pointer - 8));
}

// --- create -----------------------------------------------------------------------------------------------------

Address Slab::create(Address parent, std::string_view name, const ContextParameters& parameters) {
  std::uint64_t chunk_bytes = std::max(parameters.min_context_bytes, layout_.min_chunk_size);
  std::uint64_t block_bytes = parameters.init_block_bytes;
  std::uint64_t full = layout_.chunk_bytes + checking_.chunk_bytes(chunk_bytes);
  std::uint64_t per_block = block_bytes < layout_.block_bytes ? 0 : (block_bytes - layout_.block_bytes) / full;
  if (per_block == 0) {
    throw Ereport{"XX000",
                  "block size " + std::to_string(block_bytes) + " for slab is too small for " +
                      std::to_string(chunk_bytes) + (layout_.list_per_free_count ? " chunks" : "-byte chunks"),
                  "",
                  {}};
  }
  Shape made{chunk_bytes, full, block_bytes, per_block};
  std::uint64_t bytes = header_bytes(made);
  Address at = core_.malloc(bytes);
  if (!at) core_.fail_creation(name);
  core_.fill(at, 0, bytes);
  core_.store(at, layout_.chunk_size, chunk_bytes);
  core_.store(at, layout_.full_chunk_size, full);
  core_.store(at, layout_.block_size, block_bytes);
  core_.store(at, layout_.chunks_per_block, per_block);
  if (layout_.list_per_free_count) {
    core_.store(at, layout_.header_size, bytes);
  } else {
    std::uint64_t shift = 0;
    while ((per_block >> shift) >= kBlockLists - 1) ++shift;
    core_.store(at, layout_.list_shift, shift);
    dlist_init(core_, empty_blocks(at));
  }
  if (layout_.is_chunk_free.exists()) core_.store_pointer(at, layout_.is_chunk_free, at + (bytes - per_block));
  for (std::uint64_t list = 0; list < list_count(made); ++list) dlist_init(core_, list_head(at, list));
  ContextCreated event;
  event.kind = ContextKind::Slab;
  event.region = core_.region(at);
  event.min_context_bytes = chunk_bytes;
  event.init_block_bytes = event.max_block_bytes = block_bytes;
  core_.create_context(at, parent, name, event);
  return at;
}

// --- blocks -----------------------------------------------------------------------------------------------------

// A block with all its chunks free, at the head of `list`; null: no memory.
Address Slab::add_block(Address context, const Shape& shape, std::uint64_t list) {
  Address block = core_.malloc(shape.block_bytes);
  if (!block) return {};
  Address first_chunk = block + layout_.block_bytes;
  core_.store(block, layout_.block_free, shape.chunks_per_block);
  if (layout_.list_per_free_count) {
    core_.store(block, layout_.block_free_head, 0);
    for (std::uint64_t i = 0; i < shape.chunks_per_block; ++i) {
      core_.store(first_chunk + i * shape.full_chunk_bytes + layout_.chunk_bytes, layout_.free_link_width, i + 1);
    }
    core_.store(context, layout_.block_count, core_.load(context, layout_.block_count) + 1);
  } else {
    core_.store_pointer(block, layout_.block_slab, context);
    core_.store(block, layout_.block_unused_count, shape.chunks_per_block);
    core_.store_pointer(block, layout_.block_free_head, {});
    core_.store_pointer(block, layout_.block_unused, first_chunk);
  }
  dlist_push_head(core_, list_head(context, list), node(block));
  core_.announce_block_added(context, {.block = core_.region(block),
                                       .context = {},
                                       .role = BlockRole::Ordinary,
                                       .header = block,
                                       .free_start = first_chunk,
                                       .accounted_bytes = shape.block_bytes,
                                       .list = static_cast<std::uint32_t>(list)});
  return block;
}

void Slab::move_block(Address context, Address block, std::uint64_t list) {
  dlist_delete(core_, node(block));
  bool to_empty = !layout_.list_per_free_count && list == kEmptyList;
  dlist_push_head(core_, to_empty ? empty_blocks(context) : list_head(context, list), node(block));
  core_.emit(BlockMoved{core_.region(block), static_cast<std::uint32_t>(list)});
}

void Slab::remove_block(Address context, Address block, const Shape& shape) {
  dlist_delete(core_, node(block));
  if (layout_.list_per_free_count) {
    core_.store(context, layout_.block_count, core_.load(context, layout_.block_count) - 1);
  }
  // All its chunks are free and leave with it; those that were ever used are counted as such.
  std::uint64_t used = 0;
  for (std::uint64_t i = 0; i < shape.chunks_per_block; ++i) {
    Address chunk = block + layout_.block_bytes + i * shape.full_chunk_bytes;
    if (core_.names.chunk(chunk + layout_.chunk_bytes)) ++used;
  }
  Tallies& tallies = core_.tallies_of(context);
  tallies.free_chunks -= used;
  tallies.free_chunk_bytes -= used * (shape.full_chunk_bytes - layout_.chunk_bytes);
  core_.forget_chunks(block);
  core_.announce_block_removed(context, block, shape.block_bytes);
  wipe_and_free(block, shape.block_bytes);
}

// --- alloc ------------------------------------------------------------------------------------------------------

Address Slab::alloc(Address context, std::uint64_t bytes, int, ChunkCause cause) {
  std::uint64_t chunk_bytes = core_.load(context, layout_.chunk_size);
  if (bytes != chunk_bytes) {
    throw Ereport{
        "XX000",
        "unexpected alloc chunk size " + std::to_string(bytes) + " (expected " + std::to_string(chunk_bytes) + ")", "",
        context};
  }
  return layout_.list_per_free_count ? alloc_by_free_count(context, bytes, cause)
                                     : alloc_by_lists(context, bytes, cause);
}

// The next free chunk of a block that has one: freed ones first (last freed, first taken), then never-used ones.
Address Slab::take_chunk(Address context, Address block, const Shape& shape, std::uint64_t bytes, ChunkCause cause) {
  Address first_chunk = block + layout_.block_bytes;
  Address chunk;
  if (layout_.list_per_free_count) {
    std::uint64_t index = core_.load(block, layout_.block_free_head);
    chunk = first_chunk + index * shape.full_chunk_bytes;
    Address pointer = chunk + layout_.chunk_bytes;
    core_.store(block, layout_.block_free_head, core_.load(pointer, layout_.free_link_width));
    core_.store_pointer(chunk, layout_.chunk_block, block);
    core_.store_pointer(chunk, layout_.chunk_context, context);
  } else {
    chunk = core_.load_pointer(block, layout_.block_free_head);
    if (chunk) {
      core_.store(block, layout_.block_free_head, core_.load(chunk + layout_.chunk_bytes, layout_.free_link_width));
    } else {
      chunk = core_.load_pointer(block, layout_.block_unused);
      core_.store_pointer(block, layout_.block_unused, chunk + shape.full_chunk_bytes);
      core_.store(block, layout_.block_unused_count, core_.load(block, layout_.block_unused_count) - 1);
    }
    const ChunkHeaderLayout& header = core_.profile.chunk_header;
    core_.store(chunk + (layout_.chunk_bytes - 8), 8,
                pack_header(header, chunk, block, max_align(shape.chunk_bytes),
                            header.id_of[static_cast<std::size_t>(ContextKind::Slab)]));
  }
  core_.store(block, layout_.block_free, core_.load(block, layout_.block_free) - 1);
  Address pointer = chunk + layout_.chunk_bytes;
  if (checking_.on()) checking_.mark_used(checked(pointer, shape), bytes);
  // A chunk that was used before still has its name: 15's chain does not tell freed from never used.
  bool used_before = static_cast<bool>(core_.names.chunk(pointer));
  core_.announce_allocated(context, {.chunk = {},
                                     .block = core_.region(block),
                                     .at = pointer,
                                     .requested_bytes = bytes,
                                     .granted_bytes = shape.full_chunk_bytes - layout_.chunk_bytes,
                                     .origin = used_before ? ChunkOrigin::Freelist : ChunkOrigin::Tail,
                                     .cause = cause});
  return pointer;
}

// Spec 5.2: from the fullest block that has room (minFreeChunks).
Address Slab::alloc_by_free_count(Address context, std::uint64_t bytes, ChunkCause cause) {
  Shape s = shape(context);
  std::uint64_t least = core_.load(context, layout_.min_free_chunks);
  if (least == 0) {
    if (!add_block(context, s, s.chunks_per_block)) return {};
    least = s.chunks_per_block;
  }
  Address block = block_at(dlist_first(core_, list_head(context, least)));
  Address pointer = take_chunk(context, block, s, bytes, cause);
  std::uint64_t free_chunks = core_.load(block, layout_.block_free);
  least = free_chunks;
  move_block(context, block, free_chunks);
  if (least == 0) {
    for (std::uint64_t list = 1; list <= s.chunks_per_block && least == 0; ++list) {
      if (!dlist_is_empty(core_, list_head(context, list))) least = list;
    }
  }
  if (least == s.chunks_per_block) least = 0;
  core_.store(context, layout_.min_free_chunks, least);
  return pointer;
}

// Spec 5.3
Address Slab::alloc_by_lists(Address context, std::uint64_t bytes, ChunkCause cause) {
  Shape s = shape(context);
  std::uint64_t current = core_.load(context, layout_.current_list);
  if (current == 0) {
    Address empties = empty_blocks(context);
    std::uint64_t list = list_index(context, s.chunks_per_block - 1);
    // Fails where a block has one chunk only: full blocks are in that list.
    if (checking_.on()) {
      assert_that(core_, dlist_is_empty(core_, list_head(context, list)), "dlist_is_empty(blocklist)", "slab.c",
                  context);
    }
    Address block;
    if (!dlist_is_empty(core_, empties)) {
      block = block_at(dlist_first(core_, empties));
      core_.store(empties + kEmptyCount, 4, core_.load(empties + kEmptyCount, 4) - 1);
      move_block(context, block, list);
    } else {
      block = add_block(context, s, list);
      if (!block) return {};
    }
    core_.store(context, layout_.current_list, list);
    return take_chunk(context, block, s, bytes, cause);
  }
  Address block = block_at(dlist_first(core_, list_head(context, current)));
  Address pointer = take_chunk(context, block, s, bytes, cause);
  std::uint64_t list = list_index(context, core_.load(block, layout_.block_free));
  if (list != current) {
    move_block(context, block, list);
    if (dlist_is_empty(core_, list_head(context, current))) {
      core_.store(context, layout_.current_list, next_list(context));
    }
  }
  return pointer;
}

// --- free, realloc ------------------------------------------------------------------------------------------------

void Slab::free(Address pointer, ChunkCause cause) {
  Address block = block_of(pointer);
  Address context = get_chunk_context(pointer);
  if (layout_.list_per_free_count) return free_by_free_count(context, block, pointer, cause);
  free_by_lists(context, block, pointer, cause);
}

void Slab::push_free(Address context, Address block, const Shape& shape, Address pointer, ChunkCause cause) {
  Address chunk = pointer - layout_.chunk_bytes;
  if (checking_.on()) {
    MemoryChecking::Chunk freed = checked(pointer, shape);
    checking_.refuse_freed(context, freed, MemoryChecking::Use::Free);
    checking_.warn_if_overwritten(context, freed, shape.chunk_bytes);
    checking_.wipe(pointer + layout_.free_link_width, shape.chunk_bytes - layout_.free_link_width);
    checking_.mark_free(freed);
  }
  core_.store(pointer, layout_.free_link_width, core_.load(block, layout_.block_free_head));
  core_.store(
      block, layout_.block_free_head,
      layout_.list_per_free_count ? (chunk - (block + layout_.block_bytes)) / shape.full_chunk_bytes : chunk.value);
  core_.store(block, layout_.block_free, core_.load(block, layout_.block_free) + 1);
  if (checking_.on()) {
    assert_that(core_, core_.load(block, layout_.block_free) <= shape.chunks_per_block,
                "block->nfree <= slab->chunksPerBlock", "slab.c", block);
  }
  core_.announce_freed(pointer, ChunkFate::ToFreelist, cause);
}

void Slab::free_by_free_count(Address context, Address block, Address pointer, ChunkCause cause) {
  Shape s = shape(context);
  push_free(context, block, s, pointer, cause);
  std::uint64_t free_chunks = core_.load(block, layout_.block_free);
  bool all_free = free_chunks == s.chunks_per_block;
  if (all_free) {
    remove_block(context, block, s);
  } else {
    move_block(context, block, free_chunks);
  }
  // Looked at as if the block were in no list: it is not in that of minFreeChunks any more.
  std::uint64_t least = core_.load(context, layout_.min_free_chunks);
  if (least == free_chunks - 1 && dlist_is_empty(core_, list_head(context, least))) {
    core_.store(context, layout_.min_free_chunks, all_free ? 0 : least + 1);
  }
}

void Slab::free_by_lists(Address context, Address block, Address pointer, ChunkCause cause) {
  Shape s = shape(context);
  push_free(context, block, s, pointer, cause);
  std::uint64_t free_chunks = core_.load(block, layout_.block_free);
  std::uint64_t before = list_index(context, free_chunks - 1), list = list_index(context, free_chunks);
  if (before != list) {
    move_block(context, block, list);
    if (core_.load(context, layout_.current_list) >= before) {
      core_.store(context, layout_.current_list, next_list(context));
    }
  }
  if (free_chunks != s.chunks_per_block) return;
  Address empties = empty_blocks(context);
  std::uint64_t cached = core_.load(empties + kEmptyCount, 4);
  if (cached < layout_.max_empty_blocks) {
    core_.store(empties + kEmptyCount, 4, cached + 1);
    move_block(context, block, kEmptyList);
  } else {
    remove_block(context, block, s);
  }
  if (core_.load(context, layout_.current_list) == list && dlist_is_empty(core_, list_head(context, list))) {
    core_.store(context, layout_.current_list, next_list(context));
  }
}

Address Slab::realloc(Address pointer, std::uint64_t bytes, int) {
  Address context = get_chunk_context(pointer);
  Shape s = shape(context);
  if (bytes != s.chunk_bytes) throw Ereport{"XX000", "slab allocator does not support realloc()", "", context};
  core_.announce_resized(pointer, bytes, s.full_chunk_bytes - layout_.chunk_bytes);
  return pointer;
}

// --- reset, delete ------------------------------------------------------------------------------------------------

// All that reset and delete do to the bytes of the context, but for isReset. Answers with the blocks to be freed, in
// that order.
std::vector<Address> Slab::empty_out(Address context, const Shape& shape) {
  std::vector<Address> nodes;
  auto collect = [&](Address head) {
    std::vector<Address> more = dlist_nodes(core_, head);
    nodes.insert(nodes.end(), more.begin(), more.end());
    dlist_init(core_, head);
  };
  if (!layout_.list_per_free_count) collect(empty_blocks(context));
  for (std::uint64_t list = 0; list < list_count(shape); ++list) collect(list_head(context, list));
  if (layout_.list_per_free_count) {
    core_.store(context, layout_.min_free_chunks, 0);
    core_.store(context, layout_.block_count, 0);
  } else {
    core_.store(empty_blocks(context) + kEmptyCount, 4, 0);
    core_.store(context, layout_.current_list, 0);
  }
  core_.clear_tallies(context, 0, 0);
  return drop_chunks(core_, nodes, layout_.node_prev.offset, {}, {});
}

void Slab::reset(Address context) {
  if (checking_.on()) check(context);
  Shape s = shape(context);
  std::vector<Address> blocks = empty_out(context, s);
  core_.announce_reset(context);
  for (Address block : blocks) wipe_and_free(block, s.block_bytes);
}

void Slab::delete_context(Address context) {
  Shape s = shape(context);
  std::vector<Address> blocks = empty_out(context, s);
  core_.announce_deleted(context);
  for (Address block : blocks) wipe_and_free(block, s.block_bytes);
  core_.free(context);
}

// --- asked ----------------------------------------------------------------------------------------------------------

Address Slab::get_chunk_context(Address pointer) {
  if (layout_.chunk_context.exists()) {
    return core_.load_pointer(pointer - layout_.chunk_bytes, layout_.chunk_context);
  }
  return core_.load_pointer(block_of(pointer), layout_.block_slab);
}

std::uint64_t Slab::get_chunk_space(Address pointer) { return shape(get_chunk_context(pointer)).full_chunk_bytes; }

bool Slab::is_empty(Address context) {
  if (layout_.list_per_free_count) return core_.load(context, layout_.block_count) == 0;
  return core_.load(context, core_.profile.context.mem_allocated) == 0;
}

ContextCounters Slab::counters(Address context) {
  ContextCounters counters;
  Shape s = shape(context);
  counters.totalspace = layout_.list_per_free_count ? core_.load(context, layout_.header_size) : header_bytes(s);
  if (!layout_.list_per_free_count) {
    counters.totalspace += core_.load(empty_blocks(context) + kEmptyCount, 4) * s.block_bytes;
  }
  std::uint64_t lists = list_count(s);
  for (std::uint64_t list = 0; list < lists; ++list) {
    for (Address link : dlist_nodes(core_, list_head(context, list))) {
      std::uint64_t free_chunks = core_.load(block_at(link), layout_.block_free);
      ++counters.nblocks;
      counters.totalspace += s.block_bytes;
      counters.freespace += free_chunks * s.full_chunk_bytes;
      counters.freechunks += free_chunks;
    }
  }
  return counters;
}

std::string Slab::stats_text(Address context) {
  ContextCounters c = counters(context);
  std::string text = std::to_string(c.totalspace) + " total in " + std::to_string(c.nblocks) + " blocks; ";
  if (!layout_.list_per_free_count) {
    text += std::to_string(core_.load(empty_blocks(context) + kEmptyCount, 4)) + " empty blocks; ";
  }
  return text + std::to_string(c.freespace) + " free (" + std::to_string(c.freechunks) + " chunks); " +
         std::to_string(c.totalspace - c.freespace) + " used";
}

}  // namespace palloscope::core
