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
  explicit Allocator(ProcessCore& core) : core_(core) {}
  virtual ~Allocator() = default;

  // Malloc, ContextCreated, then BlockAdded if there is a keeper. Throws Ereport.
  virtual Address create(Address parent, std::string_view name, const ContextParameters& parameters) = 0;
  // Null: no memory. The caller then announces AllocationFailed and raises the error.
  virtual Address alloc(Address context, std::uint64_t bytes, int flags, ChunkCause cause) = 0;
  virtual void free(Address pointer, ChunkCause cause) = 0;
  virtual Address realloc(Address pointer, std::uint64_t bytes, int flags) = 0;  // null: no memory
  // Bytes all at once, ContextReset, then the Frees in PostgreSQL's order.
  virtual void reset(Address context) = 0;
  // Already unlinked from the tree. ContextDeleted, then Frees (or ContextRecycled).
  virtual void delete_context(Address context) = 0;
  virtual Address get_chunk_context(Address pointer) = 0;
  virtual std::uint64_t get_chunk_space(Address pointer) = 0;
  virtual bool is_empty(Address context) = 0;
  virtual ContextCounters counters(Address context) = 0;
  // What stands behind "NAME: " in the statistics.
  virtual std::string stats_text(Address context) = 0;

 protected:
  // MemoryContextCheckSize of 17+: throws `invalid memory alloc request size`. Does nothing in 15 and 16.
  void check_size(Address context, std::uint64_t bytes, int flags) const;

  ProcessCore& core_;
};

// A new allocator of that kind; null if this version has none (allocator_table.cpp).
std::unique_ptr<Allocator> make_allocator(ContextKind kind, ProcessCore& core);

}  // namespace palloscope::core
