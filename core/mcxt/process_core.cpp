#include "core/mcxt/process_core.h"

#include "core/allocators/allocator.h"
#include "core/base/check.h"
#include "core/mcxt/context_stats.h"
#include "core/mcxt/memory_checking.h"

namespace palloscope::core {

ProcessCore::ProcessCore(const VersionProfile& version, EventSink& sink)
    : profile(version), mallocs(space), image(version, space), sink_(&sink) {
  for (std::size_t kind = 0; kind < allocators_.size(); ++kind) {
    allocators_[kind] = make_allocator(static_cast<ContextKind>(kind), *this);
  }
}

ProcessCore::~ProcessCore() = default;

void ProcessCore::segfault(Address at) const {
  throw Crash{"SIGSEGV", "the process read or wrote memory that is not mapped", at};
}

void ProcessCore::fill(Address at, std::uint8_t value, std::uint64_t bytes) {
  if (!space.fill(at, value, bytes)) segfault(at);
}

void ProcessCore::copy(Address to, Address from, std::uint64_t bytes) {
  if (!space.copy(to, from, bytes)) segfault(space.is_mapped(to, bytes) ? from : to);
}

std::string ProcessCore::load_string(Address at) const {
  std::string text;
  if (!at) return text;
  while (auto byte = static_cast<char>(load(at, 1))) {
    text.push_back(byte);
    at = at + 1;
  }
  return text;
}

// --- malloc ---------------------------------------------------------------------------------------------------

Address ProcessCore::malloc(std::uint64_t bytes) {
  Address at = mallocs.allocate(bytes);
  if (!at) {
    emit(MallocFailed{bytes});
    return {};
  }
  emit(Malloc{names.add_block(at), at, bytes});
  return at;
}

void ProcessCore::free(Address at) {
  if (!at) return;
  BlockSlot slot = names.block(at);
  if (!mallocs.release(at)) {
    throw Crash{"SIGABRT", "free() was given a pointer that malloc has not handed out or that is free already", at};
  }
  names.drop_chunks_of(slot);
  names.drop_block(slot);
  emit(Free{slot});
}

Address ProcessCore::start_realloc(Address region, std::uint64_t bytes, std::uint64_t chunk_offset) {
  BlockSlot slot = names.block(region);
  if (!slot) throw Crash{"SIGABRT", "realloc() was given a pointer that malloc has not handed out", region};
  Address to = mallocs.reallocate(region, bytes);
  if (!to) {
    emit(ReallocFailed{slot, bytes});
    return {};
  }
  if (to != region) names.move_block(slot, to, to + chunk_offset);
  return to;
}

void ProcessCore::announce_realloc(Address region) {
  emit(Realloc{names.block(region), region, mallocs.bytes_of(region).value_or(0)});
}

// --- contexts -------------------------------------------------------------------------------------------------

void ProcessCore::assert_not_critical(Address context) const {
  if (!profile.checking || crit_section_count == 0) return;
  if (!context) assert_that(*this, false, "CritSectionCount == 0", "mcxt.c", context);
  assert_that(*this, load(context, profile.context.allow_in_crit_section) != 0,
              "CritSectionCount == 0 || (context)->allowInCritSection", "mcxt.c", context);
}

ContextSlot ProcessCore::create_context(Address at, Address parent, std::string_view name, ContextCreated event) {
  assert_not_critical({});
  const MemoryContextLayout& layout = profile.context;
  auto kind = static_cast<std::size_t>(event.kind);
  bool allow = parent && load(parent, layout.allow_in_crit_section) != 0;
  Address next = parent ? load_pointer(parent, layout.first_child) : Address{};
  store(at, layout.type, profile.node_tags[kind]);
  store(at, layout.is_reset, 1);
  store(at, layout.allow_in_crit_section, allow ? 1 : 0);
  store(at, layout.mem_allocated, 0);
  store_pointer(at, layout.methods, image.method_table(event.kind));
  store_pointer(at, layout.parent, parent);
  store_pointer(at, layout.first_child, {});
  store_pointer(at, layout.prev_child, {});
  store_pointer(at, layout.next_child, next);
  store_pointer(at, layout.name, image.string_constant(name));
  store_pointer(at, layout.ident, {});
  store_pointer(at, layout.reset_callbacks, {});
  if (next) store_pointer(next, layout.prev_child, at);
  if (parent) store_pointer(parent, layout.first_child, at);
  // The process's first context is reachable from the moment it exists.
  Address top = image.variables().top_memory_context;
  if (!parent && !load_pointer(top)) store_pointer(top, at);

  if (names.context(at)) throw Crash{"SIGABRT", "a context was made where another one lives", at};
  ContextSlot slot = names.add_context(at);
  if (slot.value >= tallies_.size()) tallies_.resize(slot.value + 1);
  tallies_[slot.value] = {};
  event.context = slot;
  event.parent = parent ? names.context(parent) : ContextSlot{};
  event.at = at;
  event.allow_in_crit_section = allow;
  event.name = name;
  emit(event);
  if (context_calls) {
    std::string parent_name = parent ? load_string(load_pointer(parent, layout.name)) : std::string();
    context_calls->called({ContextFunction::Create, at, name, parent_name, false, true, &event});
  }
  return slot;
}

void ProcessCore::fail_creation(std::string_view name) {
  print_stats_of_top(*this);
  throw Ereport{"53200", "out of memory", "Failed while creating memory context \"" + std::string(name) + "\".", {}};
}

void ProcessCore::announce_reset(Address context) {
  store(context, profile.context.is_reset, 1);
  emit(ContextReset{names.context(context)});
}

void ProcessCore::announce_deleted(Address context) {
  ContextSlot slot = names.context(context);
  if (slot) names.drop_context(context);
  emit(ContextDeleted{slot});
}

Tallies& ProcessCore::tallies_of(ContextSlot context) { return context ? tallies_[context.value] : spare_tallies_; }

Allocator& ProcessCore::allocator(ContextKind kind) {
  auto& held = allocators_[static_cast<std::size_t>(kind)];
  check(held != nullptr, "this version has that kind of context");
  return *held;
}

Allocator& ProcessCore::allocator_of(Address context) {
  if (!names.context(context)) {
    throw Crash{"SIGSEGV",
                "no memory context lives at this address: it was deleted, or the pointer to it was overwritten",
                context};
  }
  ContextKind kind = image.kind_of_table(load_pointer(context, profile.context.methods));
  if (kind == ContextKind::Unknown) {
    throw Crash{"SIGSEGV", "a context's methods pointer does not point to a method table", context};
  }
  return allocator(kind);
}

// --- blocks ---------------------------------------------------------------------------------------------------

void ProcessCore::announce_block_added(Address context, BlockAdded event) {
  event.context = names.context(context);
  account(context, static_cast<std::int64_t>(event.accounted_bytes));
  tallies_of(context).blocks += 1;
  if (event.role != BlockRole::Keeper) store(context, profile.context.is_reset, 0);
  emit(event);
}

void ProcessCore::announce_next_block_size(Address context, std::uint64_t bytes) {
  store(context, profile.context.is_reset, 0);
  emit(NextBlockSizeSet{names.context(context), bytes});
}

void ProcessCore::announce_block_removed(Address context, Address region, std::uint64_t accounted_bytes) {
  account(context, -static_cast<std::int64_t>(accounted_bytes));
  tallies_of(context).blocks -= 1;
  emit(BlockRemoved{names.block(region)});
}

void ProcessCore::account(Address context, std::int64_t bytes) {
  auto delta = static_cast<std::uint64_t>(bytes);
  store(context, profile.context.mem_allocated, load(context, profile.context.mem_allocated) + delta);
  tallies_of(context).mem_allocated_bytes += delta;
}

void ProcessCore::forget_chunks(Address region) {
  if (BlockSlot slot = names.block(region)) names.drop_chunks_of(slot);
}

void ProcessCore::clear_tallies(Address context, std::uint64_t blocks, std::uint64_t mem_allocated_bytes) {
  store(context, profile.context.mem_allocated, mem_allocated_bytes);
  tallies_of(context) = Tallies{};
  tallies_of(context).blocks = blocks;
  tallies_of(context).mem_allocated_bytes = mem_allocated_bytes;
}

// --- chunks ---------------------------------------------------------------------------------------------------

ProcessCore::ChunkBook& ProcessCore::book(ChunkSlot chunk) {
  if (chunk.value >= chunk_books_.size()) chunk_books_.resize(chunk.value + std::size_t{1});
  return chunk_books_[chunk.value];
}

void ProcessCore::announce_allocated(Address context, ChunkAllocated event) {
  ContextSlot owner = names.context(context);
  if (!event.chunk) {
    if (event.origin == ChunkOrigin::Freelist) {
      event.chunk = names.chunk(event.at);
    } else if (event.block) {
      event.chunk = names.add_chunk(event.at, event.block);
    }
  }
  if (event.chunk) {
    Tallies& tally = tallies_of(owner);
    ChunkBook& chunk = book(event.chunk);
    if (event.origin == ChunkOrigin::Freelist) {
      tally.free_chunks -= 1;
      tally.free_chunk_bytes -= event.granted_bytes;
    }
    if (!(event.origin == ChunkOrigin::Freelist && chunk.live)) {
      tally.live_chunks += 1;
      tally.requested_bytes += event.requested_bytes;
      tally.granted_bytes += event.granted_bytes;
    }
    chunk = {event.requested_bytes, event.granted_bytes, owner, event.block, true};
  }
  if (event.cause == ChunkCause::Palloc) store(context, profile.context.is_reset, 0);
  emit(event);
}

void ProcessCore::announce_carved(Address context, ChunkCarved event) {
  ContextSlot owner = names.context(context);
  if (event.block) event.chunk = names.add_chunk(event.at, event.block);
  if (event.chunk) {
    Tallies& tally = tallies_of(owner);
    tally.free_chunks += 1;
    tally.free_chunk_bytes += event.granted_bytes;
    book(event.chunk) = {0, event.granted_bytes, owner, event.block, false};
  }
  store(context, profile.context.is_reset, 0);
  emit(event);
}

void ProcessCore::announce_freed(Address pointer, ChunkFate fate, ChunkCause cause) {
  ChunkSlot slot = names.chunk(pointer);
  if (slot) {
    ChunkBook& chunk = book(slot);
    Tallies& tally = tallies_of(chunk.context);
    if (chunk.live) {
      tally.live_chunks -= 1;
      tally.requested_bytes -= chunk.requested_bytes;
      tally.granted_bytes -= chunk.granted_bytes;
    }
    if (fate == ChunkFate::ToFreelist) {
      tally.free_chunks += 1;
      tally.free_chunk_bytes += chunk.granted_bytes;
    }
    chunk.live = false;
  }
  emit(ChunkFreed{slot, fate, cause});
}

void ProcessCore::announce_resized(Address pointer, std::uint64_t requested_bytes, std::uint64_t granted_bytes) {
  ChunkSlot slot = names.chunk(pointer);
  if (slot) {
    ChunkBook& chunk = book(slot);
    if (chunk.live) tallies_of(chunk.context).requested_bytes += requested_bytes - chunk.requested_bytes;
    chunk.requested_bytes = requested_bytes;
    set_granted(pointer, granted_bytes);
  }
  emit(ChunkResized{slot, requested_bytes, granted_bytes});
}

void ProcessCore::set_granted(Address pointer, std::uint64_t granted_bytes) {
  ChunkSlot slot = names.chunk(pointer);
  if (!slot) return;
  ChunkBook& chunk = book(slot);
  if (chunk.live) tallies_of(chunk.context).granted_bytes += granted_bytes - chunk.granted_bytes;
  chunk.granted_bytes = granted_bytes;
}

BlockSlot ProcessCore::block_of_chunk(Address pointer) const {
  ChunkSlot slot = names.chunk(pointer);
  return slot ? chunk_books_[slot.value].block : BlockSlot{};
}

std::uint64_t ProcessCore::requested_bytes(Address pointer) const {
  ChunkSlot slot = names.chunk(pointer);
  return slot ? chunk_books_[slot.value].requested_bytes : 0;
}

}  // namespace palloscope::core
