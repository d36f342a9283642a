// Allocator: one kind of memory context (aset.c, generation.c, slab.c, bump.c), with the entries of PostgreSQL's
// MemoryContextMethods. It keeps nothing of its own: all it knows of a context it reads from the simulated bytes, so
// what tramples them has its real consequences. Announcing goes through ProcessCore.
//
// mcxt has checked flags and sizes as its version does before it calls; allocators of 17+ check the size of large
// requests themselves (check_size).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/events/event.h"
#include "core/mcxt/memory_checking.h"
#include "core/mcxt/process_core.h"

namespace palloscope::core {

// palloc_extended's flags (palloc.h)
inline constexpr int kMcxtAllocHuge = 1, kMcxtAllocNoOom = 2, kMcxtAllocZero = 4;

struct ContextParameters {
  std::uint64_t min_context_bytes = 0;  // Slab: chunk size
  std::uint64_t init_block_bytes = 0;   // Slab: block size
  std::uint64_t max_block_bytes = 0;
};

// MemoryContextCounters (spec 1.1)
struct ContextCounters {
  std::uint64_t nblocks = 0, freechunks = 0, totalspace = 0, freespace = 0;
  friend bool operator==(const ContextCounters&, const ContextCounters&) = default;
};

class Allocator {
 public:
  explicit Allocator(ProcessCore& core) : core_(core), checking_(core) {}
  virtual ~Allocator() = default;

  // Malloc, ContextCreated, then BlockAdded if there is a keeper. Throws Ereport.
  virtual Address create(Address parent, std::string_view name, const ContextParameters& parameters) = 0;
  // Null: no memory. The caller then announces AllocationFailed and raises the error.
  virtual Address alloc(Address context, std::uint64_t bytes, int flags, ChunkCause cause) = 0;
  virtual void free(Address pointer, ChunkCause cause) = 0;
  virtual Address realloc(Address pointer, std::uint64_t bytes, int flags) = 0;  // null: no memory
  // Bytes all at once, ContextReset, then the Frees in PostgreSQL's order.
  virtual void reset(Address context) = 0;
  // What the delete method of a checking build checks; apart from it, since its warnings are announced while the
  // context is still linked.
  virtual void check_before_delete(Address context) { check(context); }
  // Already unlinked from the tree. ContextDeleted, then Frees (or ContextRecycled).
  virtual void delete_context(Address context) = 0;
  virtual Address get_chunk_context(Address pointer) = 0;
  virtual std::uint64_t get_chunk_space(Address pointer) = 0;
  virtual bool is_empty(Address context) = 0;
  virtual ContextCounters counters(Address context) = 0;
  // What stands behind "NAME: " in the statistics.
  virtual std::string stats_text(Address context) = 0;
  // The check method of a checking build: a WARNING for each thing that is wrong, in PostgreSQL's words (spec 13).
  virtual void check(Address context) = 0;

 protected:
  // MemoryContextCheckSize of 17+: throws `invalid memory alloc request size`. Does nothing in 15 and 16.
  void check_size(Address context, std::uint64_t bytes, int flags) const;

  // allocChunkLimit of Generation and Bump: halved until `fraction` of them fit a block of the largest size (spec 4.2).
  static std::uint64_t halved_chunk_limit(std::uint64_t most, std::uint64_t max_block_bytes, std::uint64_t block_header,
                                          std::uint64_t chunk_header, std::uint64_t fraction);
  // nextBlockSize as it was; it is doubled for the next time, up to maxBlockSize.
  std::uint64_t take_next_block_bytes(Address context, Field next_block_size, Field max_block_size);
  // A block that has left its context, of so many bytes.
  void wipe_and_free(Address block, std::uint64_t bytes);

  ProcessCore& core_;
  MemoryChecking checking_;
};

// A new allocator of that kind; null if this version has none (allocator_table.cpp).
std::unique_ptr<Allocator> make_allocator(ContextKind kind, ProcessCore& core);

}  // namespace palloscope::core
