// AllocSet's contexts: made, reset, deleted and recycled (spec 3.3, 3.8 to 3.10), and what they answer of themselves.
// Its chunks are in alloc_set.cpp.
#include <algorithm>

#include "core/allocators/alloc_set.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMaxFreeContexts = 100;  // MAX_FREE_CONTEXTS, per list

}  // namespace

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

// --- reset and delete (spec 3.8, 3.9) -------------------------------------------------------------------------

// All that a reset does to the bytes, but for isReset and the blocks that are freed.
void AllocSet::empty_out(Address context, const std::vector<Address>& blocks) {
  Address keeper = keeper_of(context);
  core_.fill(freelist_at(context, 0), 0, 8 * kAllocSetFreelists);
  if (checking_.on()) {
    Address start = keeper + layout_.block_bytes;
    checking_.wipe(start, core_.load_pointer(keeper, layout_.block_freeptr) - start);
  }
  write_block_header(context, keeper, core_.load_pointer(keeper, layout_.block_endptr));
  core_.store_pointer(context, layout_.blocks, keeper);
  core_.store(context, layout_.next_block_size, core_.load(context, layout_.init_block_size));
  for (Address block : blocks) core_.forget_chunks(block == keeper ? context : block);
  core_.clear_tallies(context, 1, core_.load(keeper, layout_.block_endptr) - context.value);
}

void AllocSet::reset(Address context) {
  if (checking_.on()) check(context);
  std::vector<Address> blocks = blocks_of(context);
  Address keeper = keeper_of(context);
  empty_out(context, blocks);
  core_.announce_reset(context);
  for (Address block : blocks) {
    if (block != keeper) wipe_and_free(block, used_bytes(block));
  }
}

// One that is to be recycled is reset as well, and that looks again.
void AllocSet::check_before_delete(Address context) {
  check(context);
  if (load_list_index(context) >= 0 && core_.load(context, core_.profile.context.is_reset) == 0) check(context);
}

void AllocSet::delete_context(Address context) {
  int list = load_list_index(context);
  std::vector<Address> blocks = blocks_of(context);
  Address keeper = keeper_of(context);
  empty_out(context, blocks);
  core_.store(context, core_.profile.context.is_reset, 1);
  core_.announce_deleted(context);
  for (Address block : blocks) {
    if (block != keeper) wipe_and_free(block, used_bytes(block));
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
