// AllocSet's chunks: palloc, pfree, repalloc (spec 3.4 to 3.7). Its contexts are in alloc_set_contexts.cpp.
#include "core/allocators/alloc_set.h"

#include <algorithm>
#include <bit>

#include "core/allocators/chunk_header.h"
#include "core/mcxt/errors.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMegabyte = 1024 * 1024;

}  // namespace

int alloc_set_class(std::uint64_t bytes) { return bytes <= 8 ? 0 : static_cast<int>(std::bit_width(bytes - 1)) - 3; }

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
    if (checking_.on()) checking_.mark_used(checked(chunk, granted), bytes);
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
  if (checking_.on()) checking_.mark_used(checked(chunk, granted), bytes);
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
    if (checking_.on()) checking_.mark_free(checked(chunk, granted));
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
  std::uint64_t size = take_next_block_bytes(context, layout_.next_block_size, layout_.max_block_size);
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
  std::uint64_t granted = checking_.chunk_bytes(bytes);
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
  if (checking_.on()) checking_.mark_used(checked(chunk, granted), bytes);
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
  bool early = core_.profile.checks.sentinel_before_block;
  if (early) look_at(header, MemoryChecking::Use::Free);
  if (header.external) check_external(header);
  if (!early) look_at(header, MemoryChecking::Use::Free);
  if (header.external) {
    free_external(header, pointer, cause);
    return;
  }
  if (checking_.on()) {
    checking_.wipe(pointer, header.bytes);
    checking_.mark_free(checked(header.chunk, header.bytes));
  }
  Address list = freelist_at(header.context, header.size_class);
  core_.store_pointer(header.chunk + layout_.free_link, core_.load_pointer(list));
  core_.store_pointer(list, header.chunk);
  core_.announce_freed(pointer, ChunkFate::ToFreelist, cause);
}

// What a checking build looks at before it does what it was called for.
void AllocSet::look_at(const Header& header, MemoryChecking::Use use) {
  if (!checking_.on()) return;
  MemoryChecking::Chunk chunk = checked(header.chunk, header.bytes);
  if (!header.external) {
    if (packed_.packed) {
      assert_that(core_, header.size_class >= 0 && header.size_class < kAllocSetFreelists, "FreeListIdxIsValid(fidx)",
                  "aset.c", header.chunk);
    }
    checking_.refuse_freed(header.context, chunk, use);
  }
  std::uint64_t requested = checking_.requested_bytes(chunk);
  if (header.external && packed_.packed) {
    assert_that(core_, requested < header.bytes, "chunk->requested_size < (block->endptr - (char *) pointer)", "aset.c",
                header.chunk);
  }
  checking_.warn_if_overwritten(header.context, chunk, requested);
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
  wipe_and_free(header.block, used_bytes(header.block));
}

// --- repalloc (spec 3.7) --------------------------------------------------------------------------------------

Address AllocSet::realloc(Address pointer, std::uint64_t bytes, int flags) {
  Header header = read_header(pointer);
  bool early = core_.profile.checks.sentinel_before_block;
  if (early) look_at(header, MemoryChecking::Use::Realloc);
  if (header.external) {
    check_external(header);
    check_size(header.context, bytes, flags);
  }
  if (!early) look_at(header, MemoryChecking::Use::Realloc);
  if (header.external) return realloc_external(header, pointer, bytes);
  if (header.bytes >= bytes) {
    if (checking_.on()) checking_.mark_used(checked(header.chunk, header.bytes), bytes);
    core_.announce_resized(pointer, bytes, header.bytes);
    return pointer;
  }
  Address moved = alloc(header.context, bytes, flags, ChunkCause::Repalloc);
  if (!moved) return {};
  MemoryChecking::Chunk old = checked(header.chunk, header.bytes);
  core_.copy(moved, pointer, checking_.on() ? checking_.requested_bytes(old) : header.bytes);
  free(pointer, ChunkCause::Repalloc);
  return moved;
}

Address AllocSet::realloc_external(const Header& header, Address pointer, std::uint64_t bytes) {
  Address context = header.context;
  std::uint64_t payload = bytes;
  if (!layout_.external_shrinks) payload = std::max(payload, core_.load(context, layout_.chunk_limit) + 1);
  std::uint64_t granted = checking_.chunk_bytes(payload);
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
  if (checking_.on()) checking_.mark_used(checked(moved - layout_.chunk_bytes, granted), bytes);
  core_.announce_resized(moved, bytes, granted);
  return moved;
}

// --- questions (spec 3.11) ------------------------------------------------------------------------------------

Address AllocSet::get_chunk_context(Address pointer) { return read_header(pointer).context; }

std::uint64_t AllocSet::get_chunk_space(Address pointer) { return read_header(pointer).bytes + layout_.chunk_bytes; }

}  // namespace palloscope::core
