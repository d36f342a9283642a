#include "core/allocators/alloc_set.h"

#include <algorithm>
#include <bit>

#include "core/allocators/chunk_header.h"
#include "core/mcxt/errors.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMegabyte = 1024 * 1024;
constexpr std::uint64_t kMaxFreeContexts = 100;  // MAX_FREE_CONTEXTS, per list

}  // namespace

int alloc_set_class(std::uint64_t bytes) { return bytes <= 8 ? 0 : static_cast<int>(std::bit_width(bytes - 1)) - 3; }

int alloc_set_recycle_list(const ContextParameters& parameters) {
  if (parameters.min_context_bytes != 0) return -1;
  return parameters.init_block_bytes == 8192 ? 0 : parameters.init_block_bytes == 1024 ? 1 : -1;
}

std::uint64_t alloc_set_chunk_limit(const AllocSetLayout& layout, std::uint64_t max_block_bytes) {
  std::uint64_t limit = layout.separate_threshold;
  std::uint64_t room = (max_block_bytes - layout.block_bytes) / layout.chunk_fraction;
  while (limit > 0 && limit + layout.chunk_bytes > room) limit /= 2;
  return limit;
}

AllocSet::AllocSet(ProcessCore& core)
    : Allocator(core),
      layout_(core.profile.alloc_set),
      packed_(core.profile.chunk_header),
      id_(core.profile.chunk_header.id_of[0]) {}

// --- headers and lists ----------------------------------------------------------------------------------------

AllocSet::Header AllocSet::read_header(Address pointer) {
  Header header;
  header.chunk = pointer - layout_.chunk_bytes;
  if (!packed_.packed) {
    header.bytes = core_.load(header.chunk, layout_.chunk_size);
    header.context = core_.load_pointer(header.chunk, layout_.chunk_context);
    header.external = header.bytes > core_.load(header.context, layout_.chunk_limit);
    if (header.external) {
      header.block = header.chunk - layout_.block_bytes;
    } else {
      header.size_class = alloc_set_class(header.bytes);
    }
    return header;
  }
  std::uint64_t word = core_.load(pointer - 8);
  header.external = header_is_external(packed_, word);
  if (header.external) {
    header.block = header.chunk - layout_.block_bytes;
    header.bytes = core_.load(header.block, layout_.block_endptr) - pointer.value;
  } else {
    header.block = header.chunk - header_block_offset(packed_, word);
    header.size_class = static_cast<int>(header_value(packed_, word));
    header.bytes = header.size_class < 61 ? alloc_set_class_bytes(header.size_class) : 0;
  }
  header.context = core_.load_pointer(header.block, layout_.block_set);
  return header;
}

void AllocSet::write_header(Address context, Address block, Address chunk, int size_class) {
  if (packed_.packed) {
    core_.store(chunk + layout_.chunk_bytes - 8, 8,
                pack_header(packed_, chunk, block, static_cast<std::uint64_t>(size_class), id_));
  } else {
    core_.store(chunk, layout_.chunk_size, alloc_set_class_bytes(size_class));
    core_.store_pointer(chunk, layout_.chunk_context, context);
  }
}

void AllocSet::write_external_header(Address context, Address chunk, std::uint64_t chunk_bytes) {
  if (packed_.packed) {
    core_.store(chunk + layout_.chunk_bytes - 8, 8, pack_external_header(packed_, id_));
  } else {
    core_.store(chunk, layout_.chunk_size, chunk_bytes);
    core_.store_pointer(chunk, layout_.chunk_context, context);
  }
}

Address AllocSet::keeper_of(Address context) {
  return layout_.keeper.exists() ? core_.load_pointer(context, layout_.keeper) : context + layout_.context_bytes;
}

std::vector<Address> AllocSet::blocks_of(Address context) {
  std::vector<Address> blocks;
  for (Address at = core_.load_pointer(context, layout_.blocks); at; at = core_.load_pointer(at, layout_.block_next)) {
    if (blocks.size() > core_.mallocs.region_count()) {
      throw Crash{"SIGABRT", "the list of blocks of a context runs in a circle", context};
    }
    blocks.push_back(at);
  }
  return blocks;
}

std::uint64_t AllocSet::block_bytes(Address block) { return core_.load(block, layout_.block_endptr) - block.value; }

// Of a block that fills [block, end) and is empty, linked nowhere.
void AllocSet::write_block_header(Address context, Address block, Address end) {
  core_.store_pointer(block, layout_.block_set, context);
  core_.store_pointer(block, layout_.block_prev, {});
  core_.store_pointer(block, layout_.block_next, {});
  core_.store_pointer(block, layout_.block_freeptr, block + layout_.block_bytes);
  core_.store_pointer(block, layout_.block_endptr, end);
}

// --- creation (spec 3.3) --------------------------------------------------------------------------------------

Address AllocSet::create(Address parent, std::string_view name, const ContextParameters& parameters) {
  int list = alloc_set_recycle_list(parameters);
  if (list >= 0 && core_.load_pointer(recycle_list(list) + 8)) return create_recycled(parent, name, parameters, list);

  std::uint64_t bytes =
      std::max(layout_.context_bytes + layout_.block_bytes + layout_.chunk_bytes,
               parameters.min_context_bytes != 0 ? parameters.min_context_bytes : parameters.init_block_bytes);
  Address context = core_.malloc(bytes);
  if (!context) core_.fail_creation(name);

  Address keeper = context + layout_.context_bytes;
  std::uint64_t limit = alloc_set_chunk_limit(layout_, parameters.max_block_bytes);
  core_.fill(context, 0, layout_.context_bytes);
  core_.store(context, layout_.init_block_size, parameters.init_block_bytes);
  core_.store(context, layout_.max_block_size, parameters.max_block_bytes);
  core_.store(context, layout_.next_block_size, parameters.init_block_bytes);
  core_.store(context, layout_.chunk_limit, limit);
  core_.store(context, layout_.free_list_index, static_cast<std::uint64_t>(list));
  if (layout_.keeper.exists()) core_.store_pointer(context, layout_.keeper, keeper);
  ContextCreated event;
  event.region = core_.region(context);
  event.kind = ContextKind::AllocSet;
  event.min_context_bytes = parameters.min_context_bytes;
  event.init_block_bytes = parameters.init_block_bytes;
  event.max_block_bytes = parameters.max_block_bytes;
  event.chunk_limit_bytes = limit;
  event.recycle_list = list;
  core_.create_context(context, parent, name, event);

  write_block_header(context, keeper, context + bytes);
  core_.store_pointer(context, layout_.blocks, keeper);
  BlockAdded added;
  added.block = core_.region(context);
  added.role = BlockRole::Keeper;
  added.header = keeper;
  added.free_start = keeper + layout_.block_bytes;
  added.accounted_bytes = bytes;
  core_.announce_block_added(context, added);
  return context;
}

// The head of the list lives again; all but maxBlockSize stays as it was, even the chunk limit (spec 3.10).
Address AllocSet::create_recycled(Address parent, std::string_view name, const ContextParameters& parameters,
                                  int list) {
  Address head = recycle_list(list);
  Address context = core_.load_pointer(head + 8);
  Address keeper = keeper_of(context);
  core_.store(head, 4, core_.load(head, 4) - 1);
  core_.store_pointer(head + 8, core_.load_pointer(context, core_.profile.context.next_child));
  core_.store_pointer(context, layout_.blocks, {});
  core_.store(context, layout_.max_block_size, parameters.max_block_bytes);
  ContextCreated event;
  event.region = core_.region(context);
  event.kind = ContextKind::AllocSet;
  event.recycled = true;
  event.min_context_bytes = parameters.min_context_bytes;
  event.init_block_bytes = core_.load(context, layout_.init_block_size);
  event.max_block_bytes = parameters.max_block_bytes;
  event.chunk_limit_bytes = core_.load(context, layout_.chunk_limit);
  event.recycle_list = list;
  core_.create_context(context, parent, name, event);

  core_.store_pointer(context, layout_.blocks, keeper);
  BlockAdded added;
  added.block = core_.region(context);
  added.role = BlockRole::Keeper;
  added.header = keeper;
  added.free_start = keeper + layout_.block_bytes;
  added.accounted_bytes = core_.load(keeper, layout_.block_endptr) - context.value;
  core_.announce_block_added(context, added);
  return context;
}

// --- allocation (spec 3.5) ------------------------------------------------------------------------------------

Address AllocSet::alloc(Address context, std::uint64_t bytes, int flags, ChunkCause cause) {
  if (bytes > core_.load(context, layout_.chunk_limit)) return alloc_external(context, bytes, flags, cause);
  int size_class = alloc_set_class(bytes);
  std::uint64_t granted = alloc_set_class_bytes(size_class);

  Address list = freelist_at(context, size_class);
  if (Address chunk = core_.load_pointer(list)) {
    Address pointer = chunk + layout_.chunk_bytes;
    core_.store_pointer(list, core_.load_pointer(chunk + layout_.free_link));
    if (!packed_.packed) core_.store_pointer(chunk, layout_.chunk_context, context);
    ChunkAllocated event;
    event.at = pointer;
    event.block = core_.block_of_chunk(pointer);
    event.requested_bytes = bytes;
    event.granted_bytes = granted;
    event.size_class = static_cast<std::uint8_t>(size_class);
    event.origin = ChunkOrigin::Freelist;
    event.cause = cause;
    core_.announce_allocated(context, event);
    return pointer;
  }

  Address block = core_.load_pointer(context, layout_.blocks);
  std::uint64_t rest = core_.load(block, layout_.block_endptr) - core_.load(block, layout_.block_freeptr);
  if (rest >= granted + layout_.chunk_bytes) return take_tail(context, block, bytes, size_class, cause);
  carve(context, block);
  return alloc_from_new_block(context, bytes, size_class, cause);
}

Address AllocSet::take_tail(Address context, Address block, std::uint64_t bytes, int size_class, ChunkCause cause) {
  Address chunk = core_.load_pointer(block, layout_.block_freeptr);
  std::uint64_t granted = alloc_set_class_bytes(size_class);
  core_.store_pointer(block, layout_.block_freeptr, chunk + layout_.chunk_bytes + granted);
  write_header(context, block, chunk, size_class);
  ChunkAllocated event;
  event.block = core_.region(region_of(context, block));
  event.at = chunk + layout_.chunk_bytes;
  event.requested_bytes = bytes;
  event.granted_bytes = granted;
  event.size_class = static_cast<std::uint8_t>(size_class);
  event.origin = ChunkOrigin::Tail;
  event.cause = cause;
  core_.announce_allocated(context, event);
  return event.at;
}

// Before the head block is left behind, its rest becomes free chunks, the largest class that fits first.
void AllocSet::carve(Address context, Address block) {
  BlockSlot region = core_.region(region_of(context, block));
  for (;;) {
    Address chunk = core_.load_pointer(block, layout_.block_freeptr);
    std::uint64_t rest = core_.load(block, layout_.block_endptr) - chunk.value;
    if (rest < alloc_set_class_bytes(0) + layout_.chunk_bytes) return;
    std::uint64_t room = rest - layout_.chunk_bytes;
    int size_class = alloc_set_class(room);
    if (room != alloc_set_class_bytes(size_class)) --size_class;
    std::uint64_t granted = alloc_set_class_bytes(size_class);

    core_.store_pointer(block, layout_.block_freeptr, chunk + layout_.chunk_bytes + granted);
    write_header(context, block, chunk, size_class);
    Address list = freelist_at(context, size_class);
    core_.store_pointer(chunk + layout_.free_link, core_.load_pointer(list));
    core_.store_pointer(list, chunk);
    ChunkCarved event;
    event.block = region;
    event.at = chunk + layout_.chunk_bytes;
    event.granted_bytes = granted;
    event.size_class = static_cast<std::uint8_t>(size_class);
    core_.announce_carved(context, event);
  }
}

Address AllocSet::alloc_from_new_block(Address context, std::uint64_t bytes, int size_class, ChunkCause cause) {
  std::uint64_t size = core_.load(context, layout_.next_block_size);
  std::uint64_t next = std::min(size * 2, core_.load(context, layout_.max_block_size));
  if (next != size) {
    core_.store(context, layout_.next_block_size, next);
    core_.announce_next_block_size(context, next);
  }
  std::uint64_t required = alloc_set_class_bytes(size_class) + layout_.block_bytes + layout_.chunk_bytes;
  while (size < required) {
    size *= 2;
    if (size == 0)
      throw Crash{"SIGABRT", "nextBlockSize was overwritten: doubling it never reaches what is needed", context};
  }
  Address block = core_.malloc(size);
  while (!block && size > kMegabyte) {
    size /= 2;
    if (size < required) break;
    block = core_.malloc(size);
  }
  if (!block) return {};

  write_block_header(context, block, block + size);
  Address head = core_.load_pointer(context, layout_.blocks);
  core_.store_pointer(block, layout_.block_next, head);
  if (head) core_.store_pointer(head, layout_.block_prev, block);
  core_.store_pointer(context, layout_.blocks, block);
  BlockAdded added;
  added.block = core_.region(block);
  added.role = BlockRole::Ordinary;
  added.position = BlockPosition::Head;
  added.header = block;
  added.free_start = block + layout_.block_bytes;
  added.accounted_bytes = size;
  core_.announce_block_added(context, added);
  return take_tail(context, block, bytes, size_class, cause);
}

Address AllocSet::alloc_external(Address context, std::uint64_t bytes, int flags, ChunkCause cause) {
  check_size(context, bytes, flags);
  std::uint64_t granted = max_align(bytes);
  std::uint64_t size = granted + layout_.block_bytes + layout_.chunk_bytes;
  Address block = core_.malloc(size);
  if (!block) return {};

  Address chunk = block + layout_.block_bytes;
  write_block_header(context, block, block + size);
  core_.store_pointer(block, layout_.block_freeptr, block + size);
  core_.fill(chunk, 0, layout_.chunk_bytes);  // no chunk yet
  Address head = core_.load_pointer(context, layout_.blocks);
  if (head) {
    Address second = core_.load_pointer(head, layout_.block_next);
    core_.store_pointer(block, layout_.block_prev, head);
    core_.store_pointer(block, layout_.block_next, second);
    if (second) core_.store_pointer(second, layout_.block_prev, block);
    core_.store_pointer(head, layout_.block_next, block);
  } else {
    core_.store_pointer(context, layout_.blocks, block);
  }
  BlockAdded added;
  added.block = core_.region(block);
  added.role = BlockRole::External;
  added.position = BlockPosition::SecondFromHead;
  added.header = block;
  added.free_start = chunk;
  added.accounted_bytes = size;
  core_.announce_block_added(context, added);

  write_external_header(context, chunk, granted);
  ChunkAllocated event;
  event.block = added.block;
  event.at = chunk + layout_.chunk_bytes;
  event.requested_bytes = bytes;
  event.granted_bytes = granted;
  event.origin = ChunkOrigin::External;
  event.cause = cause;
  core_.announce_allocated(context, event);
  return event.at;
}

// --- pfree (spec 3.6) -----------------------------------------------------------------------------------------

void AllocSet::free(Address pointer, ChunkCause cause) {
  Header header = read_header(pointer);
  if (header.external) {
    check_external(header);
    free_external(header, pointer, cause);
    return;
  }
  Address list = freelist_at(header.context, header.size_class);
  core_.store_pointer(header.chunk + layout_.free_link, core_.load_pointer(list));
  core_.store_pointer(list, header.chunk);
  core_.announce_freed(pointer, ChunkFate::ToFreelist, cause);
}

void AllocSet::check_external(const Header& header) {
  Address free = core_.load_pointer(header.block, layout_.block_freeptr);
  bool sane = free == core_.load_pointer(header.block, layout_.block_endptr);
  Address set = core_.load_pointer(header.block, layout_.block_set);
  if (packed_.packed) {
    sane = sane && set && core_.load(set, core_.profile.context.type) == core_.profile.node_tags[0];
  } else {
    sane = sane && set == header.context && free == header.chunk + layout_.chunk_bytes + header.bytes;
  }
  if (!sane) throw Ereport{"XX000", "could not find block containing chunk 0x" + hex_text(header.chunk.value), "", set};
}

void AllocSet::free_external(const Header& header, Address pointer, ChunkCause cause) {
  Address context = header.context;
  Address prev = core_.load_pointer(header.block, layout_.block_prev);
  Address next = core_.load_pointer(header.block, layout_.block_next);
  if (prev) {
    core_.store_pointer(prev, layout_.block_next, next);
  } else {
    core_.store_pointer(context, layout_.blocks, next);
  }
  if (next) core_.store_pointer(next, layout_.block_prev, prev);
  core_.account(context, -static_cast<std::int64_t>(block_bytes(header.block)));
  core_.tallies_of(context).blocks -= 1;
  core_.announce_freed(pointer, ChunkFate::WithBlock, cause);
  core_.forget_chunks(header.block);
  core_.free(header.block);
}

// --- repalloc (spec 3.7) --------------------------------------------------------------------------------------

Address AllocSet::realloc(Address pointer, std::uint64_t bytes, int flags) {
  Header header = read_header(pointer);
  if (header.external) {
    check_external(header);
    return realloc_external(header, pointer, bytes, flags);
  }
  if (header.bytes >= bytes) {
    core_.announce_resized(pointer, bytes, header.bytes);
    return pointer;
  }
  Address moved = alloc(header.context, bytes, flags, ChunkCause::Repalloc);
  if (!moved) return {};
  core_.copy(moved, pointer, header.bytes);
  free(pointer, ChunkCause::Repalloc);
  return moved;
}

Address AllocSet::realloc_external(const Header& header, Address pointer, std::uint64_t bytes, int flags) {
  Address context = header.context;
  check_size(context, bytes, flags);
  std::uint64_t payload = bytes;
  if (!layout_.external_shrinks) payload = std::max(payload, core_.load(context, layout_.chunk_limit) + 1);
  std::uint64_t granted = max_align(payload);
  std::uint64_t size = granted + layout_.block_bytes + layout_.chunk_bytes;
  std::uint64_t old_size = block_bytes(header.block);
  Address block = core_.start_realloc(header.block, size, pointer - header.block);
  if (!block) return {};

  core_.store_pointer(block, layout_.block_freeptr, block + size);
  core_.store_pointer(block, layout_.block_endptr, block + size);
  Address prev = core_.load_pointer(block, layout_.block_prev);
  Address next = core_.load_pointer(block, layout_.block_next);
  if (prev) {
    core_.store_pointer(prev, layout_.block_next, block);
  } else {
    core_.store_pointer(context, layout_.blocks, block);
  }
  if (next) core_.store_pointer(next, layout_.block_prev, block);
  if (layout_.chunk_size.exists()) core_.store(block + layout_.block_bytes, layout_.chunk_size, granted);
  core_.account(context, static_cast<std::int64_t>(size - old_size));
  Address moved = block + (pointer - header.block);
  core_.set_granted(moved, granted);
  core_.announce_realloc(block);
  core_.announce_resized(moved, bytes, granted);
  return moved;
}

// --- reset and delete (spec 3.8, 3.9) -------------------------------------------------------------------------

// All that a reset does to the bytes, but for isReset and the free() calls.
void AllocSet::empty_out(Address context, const std::vector<Address>& blocks) {
  Address keeper = keeper_of(context);
  core_.fill(freelist_at(context, 0), 0, 8 * kAllocSetFreelists);
  write_block_header(context, keeper, core_.load_pointer(keeper, layout_.block_endptr));
  core_.store_pointer(context, layout_.blocks, keeper);
  core_.store(context, layout_.next_block_size, core_.load(context, layout_.init_block_size));
  for (Address block : blocks) core_.forget_chunks(block == keeper ? context : block);
  core_.clear_tallies(context, 1, core_.load(keeper, layout_.block_endptr) - context.value);
}

void AllocSet::reset(Address context) {
  std::vector<Address> blocks = blocks_of(context);
  Address keeper = keeper_of(context);
  empty_out(context, blocks);
  core_.announce_reset(context);
  for (Address block : blocks) {
    if (block != keeper) core_.free(block);
  }
}

void AllocSet::delete_context(Address context) {
  std::vector<Address> blocks = blocks_of(context);
  Address keeper = keeper_of(context);
  int list = load_list_index(context);
  empty_out(context, blocks);
  core_.store(context, core_.profile.context.is_reset, 1);
  core_.announce_deleted(context);
  for (Address block : blocks) {
    if (block != keeper) core_.free(block);
  }
  if (list < 0) {
    core_.free(context);
    return;
  }
  Address head = recycle_list(list);
  if (core_.load(head, 4) >= kMaxFreeContexts) free_recycled(list);
  core_.store_pointer(context, core_.profile.context.next_child, core_.load_pointer(head + 8));
  core_.store_pointer(head + 8, context);
  core_.store(head, 4, core_.load(head, 4) + 1);
  core_.emit(ContextRecycled{core_.region(context), static_cast<std::uint8_t>(list)});
}

int AllocSet::load_list_index(Address context) {
  auto index = static_cast<std::int32_t>(core_.load(context, layout_.free_list_index));
  return index == 0 || index == 1 ? index : -1;
}

Address AllocSet::recycle_list(int list) const {
  return core_.image.variables().context_freelists + 16 * static_cast<std::uint64_t>(list);
}

// One after the other, so that after each Free the list holds exactly the contexts that still wait.
void AllocSet::free_recycled(int list) {
  Address head = recycle_list(list);
  while (Address context = core_.load_pointer(head + 8)) {
    core_.store_pointer(head + 8, core_.load_pointer(context, core_.profile.context.next_child));
    core_.store(head, 4, core_.load(head, 4) - 1);
    core_.free(context);
  }
}

// --- questions (spec 3.11) ------------------------------------------------------------------------------------

Address AllocSet::get_chunk_context(Address pointer) { return read_header(pointer).context; }

std::uint64_t AllocSet::get_chunk_space(Address pointer) { return read_header(pointer).bytes + layout_.chunk_bytes; }

bool AllocSet::is_empty(Address context) { return core_.load(context, core_.profile.context.is_reset) != 0; }

ContextCounters AllocSet::counters(Address context) {
  ContextCounters counters;
  counters.totalspace = layout_.context_bytes;
  for (Address block : blocks_of(context)) {
    counters.nblocks += 1;
    counters.totalspace += block_bytes(block);
    counters.freespace += core_.load(block, layout_.block_endptr) - core_.load(block, layout_.block_freeptr);
  }
  for (int size_class = 0; size_class < kAllocSetFreelists; ++size_class) {
    Address chunk = core_.load_pointer(freelist_at(context, size_class));
    for (; chunk; chunk = core_.load_pointer(chunk + layout_.free_link)) {
      counters.freechunks += 1;
      counters.freespace += alloc_set_class_bytes(size_class) + layout_.chunk_bytes;
      if (counters.freechunks > core_.most_chunks()) {
        throw Crash{"SIGABRT", "a freelist runs in a circle (a chunk was freed twice?)", chunk};
      }
    }
  }
  return counters;
}

std::string AllocSet::stats_text(Address context) {
  ContextCounters c = counters(context);
  return std::to_string(c.totalspace) + " total in " + std::to_string(c.nblocks) + " blocks; " +
         std::to_string(c.freespace) + " free (" + std::to_string(c.freechunks) + " chunks); " +
         std::to_string(c.totalspace - c.freespace) + " used";
}

}  // namespace palloscope::core
