// ProcessCore: what the parts of a simulated process share: its bytes, its malloc, its globals, the sink; and the one
// place where effects are announced. The allocators are written against it (core/README.md, "Writing an allocator").
//
// Rules that keep the three accounts together (bytes, events, tallies):
//  - finish the bytes of an effect, update the tallies, then announce it; start the next effect after that;
//  - malloc'ed memory is dirty: whatever a walker may look at is written before the event that makes it reachable.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/events/event_sink.h"
#include "core/events/names.h"
#include "core/mcxt/context_calls.h"
#include "core/mcxt/errors.h"
#include "core/mcxt/process_image.h"
#include "core/mcxt/tallies.h"
#include "core/memory/address_space.h"
#include "core/memory/malloc_source.h"
#include "core/version/version_profile.h"

namespace palloscope::core {

class Allocator;

class ProcessCore {
 public:
  ProcessCore(const VersionProfile& profile, EventSink& sink);
  ~ProcessCore();
  ProcessCore(const ProcessCore&) = delete;
  ProcessCore& operator=(const ProcessCore&) = delete;

  const VersionProfile& profile;
  AddressSpace space;
  MallocSource mallocs;
  ProcessImage image;
  Names names;
  std::uint32_t crit_section_count = 0;  // CritSectionCount
  ContextCallObserver* context_calls = nullptr;

  // --- bytes: a page that is not mapped ends the simulated process, as SIGSEGV would (Crash is thrown)
  std::uint64_t load(Address at, unsigned width = 8) const {
    auto value = space.load(at, width);
    if (!value) [[unlikely]]
      segfault(at);
    return *value;
  }
  void store(Address at, unsigned width, std::uint64_t value) {
    if (!space.store(at, width, value)) [[unlikely]]
      segfault(at);
  }
  std::uint64_t load(Address base, Field field) const { return load(base + field.offset, field.width); }
  void store(Address base, Field field, std::uint64_t value) { store(base + field.offset, field.width, value); }
  Address load_pointer(Address at) const { return {load(at, 8)}; }
  void store_pointer(Address at, Address value) { store(at, 8, value.value); }
  Address load_pointer(Address base, Field field) const { return {load(base, field)}; }
  void store_pointer(Address base, Field field, Address value) { store(base, field, value.value); }
  void fill(Address at, std::uint8_t value, std::uint64_t bytes);
  void copy(Address to, Address from, std::uint64_t bytes);
  std::string load_string(Address at) const;  // up to the zero byte; empty for a null pointer

  // --- malloc, announced as it happens
  Address malloc(std::uint64_t bytes);  // Malloc or MallocFailed; null: failed
  void free(Address region);            // Free. No region there: glibc would abort (Crash)
  // realloc in two steps, so that the fix-ups go before the event: `start_realloc` moves the region (and its only
  // chunk, which lies `chunk_offset` behind its start) or announces ReallocFailed and answers null; then the caller
  // mends its pointers; then `announce_realloc`.
  Address start_realloc(Address region, std::uint64_t bytes, std::uint64_t chunk_offset);
  void announce_realloc(Address region);
  // Slot of the malloc'ed region that begins there; none: nothing begins there.
  BlockSlot region(Address at) const { return names.block(at); }

  // --- contexts
  // MemoryContextCreate (spec 7.3): writes the common header, links it below `parent`, names the context and announces
  // `event`, in which the caller has filled in region, kind, sizes, limit and recycling. The caller has written its own
  // fields, with an empty list of blocks (the keeper is linked and announced as BlockAdded afterwards).
  ContextSlot create_context(Address at, Address parent, std::string_view name, ContextCreated event);
  // malloc failed for a new context: prints the statistics, throws out of memory (spec 3.3).
  [[noreturn]] void fail_creation(std::string_view name);
  // All its chunks and blocks are gone from the context: announces ContextReset, with isReset set in the bytes first.
  void announce_reset(Address context);
  // mcxt has unlinked the context: forgets its name and announces ContextDeleted. Its blocks' names live until free().
  void announce_deleted(Address context);

  // A context that is none (trampled memory) counts into a spare record.
  Tallies& tallies_of(ContextSlot context);
  Tallies& tallies_of(Address context) { return tallies_of(names.context(context)); }
  // More contexts or chunks than this there never were: a list that is longer runs in a circle.
  std::size_t most_contexts() const { return tallies_.size(); }
  std::size_t most_chunks() const { return chunk_books_.size(); }
  ContextSlot slot_of(Address context) const { return names.context(context); }
  // AssertNotInCriticalSection: what an assertion-enabled build dies of (spec 7.8).
  void assert_not_critical(Address context) const;

  Allocator& allocator(ContextKind kind);    // null kinds of this version: check
  Allocator& allocator_of(Address context);  // through its `methods`; Crash if they are nobody's

  // --- blocks: link (or unlink) in the bytes first; these keep mem_allocated, tallies and names, and announce
  // Only an allocation adds a block other than the keeper, or takes a larger size for the next one: isReset is cleared
  // in the bytes just before.
  void announce_block_added(Address context, BlockAdded event);  // event.context is filled in here
  void announce_next_block_size(Address context, std::uint64_t bytes);
  void announce_block_removed(Address context, Address region, std::uint64_t accounted_bytes);
  // mem_allocated of the context in the bytes and in the tallies.
  void account(Address context, std::int64_t bytes);
  // The chunks of a region are gone (reset, delete, block emptied or removed); for reset and delete see clear_tallies.
  void forget_chunks(Address region);
  // No chunks any more; `blocks` blocks with `mem_allocated_bytes` in all.
  void clear_tallies(Address context, std::uint64_t blocks, std::uint64_t mem_allocated_bytes);

  // --- chunks: write header and links first; these keep names and tallies, and announce
  // event.chunk is filled in: for origin Freelist the slot that it had, else a new one (unless the caller chose one).
  // For ChunkCause::Palloc isReset is cleared in the bytes just before.
  void announce_allocated(Address context, ChunkAllocated event);
  void announce_carved(Address context, ChunkCarved event);
  void announce_freed(Address pointer, ChunkFate fate, ChunkCause cause);
  void announce_resized(Address pointer, std::uint64_t requested_bytes, std::uint64_t granted_bytes);
  // The room of a dedicated chunk changed with its block: before announce_realloc.
  void set_granted(Address pointer, std::uint64_t granted_bytes);
  BlockSlot block_of_chunk(Address pointer) const;  // none for a pointer that is no chunk
  // What palloc was asked for; 0 for a pointer that is no chunk.
  std::uint64_t requested_bytes(Address pointer) const;

  void emit(const EventBody& event) { sink_->emit(event); }

 private:
  struct ChunkBook {
    std::uint64_t requested_bytes = 0, granted_bytes = 0;
    ContextSlot context;
    BlockSlot block;
    bool live = false;
  };
  [[noreturn]] void segfault(Address at) const;
  ChunkBook& book(ChunkSlot chunk);

  EventSink* sink_;
  std::array<std::unique_ptr<Allocator>, kContextKindCount> allocators_;
  std::vector<Tallies> tallies_;        // by ContextSlot
  std::vector<ChunkBook> chunk_books_;  // by ChunkSlot
  Tallies spare_tallies_;
};

}  // namespace palloscope::core
