// ChunkMethods: the part of mcxt.c that is about chunks: checks, isReset, dispatch by context or by the word before a
// pointer, aligned chunks, errors (spec 1.4, 7.9, 7.11).
#pragma once

#include <cstdint>
#include <string>

#include "core/events/event.h"
#include "core/mcxt/memory_checking.h"

namespace palloscope::core {

class Allocator;
class ProcessCore;

class ChunkMethods {
 public:
  explicit ChunkMethods(ProcessCore& core) : core_(core), checking_(core) {}

  Address alloc(Address context, std::uint64_t bytes, int flags);  // MemoryContextAlloc: flags are those of the size
  Address alloc_extended(Address context, std::uint64_t bytes, int flags, ChunkCause cause);
  Address alloc_aligned(Address context, std::uint64_t bytes, std::uint64_t align_to, int flags, ChunkCause cause);
  Address realloc(Address pointer, std::uint64_t bytes, int flags);
  void free(Address pointer, ChunkCause cause);
  Address context_of(Address pointer) const;
  std::uint64_t space_of(Address pointer) const;

 private:
  // Whose chunk it is, by the rules of the version; `caller` names PostgreSQL's function in the error for a pointer
  // that is nobody's. An aligned chunk stands for the raw one that holds it.
  struct Owner {
    Allocator* allocator = nullptr;
    Address raw;
    std::uint64_t align_to = 0;  // 0: not aligned
  };
  Owner owner_of(Address pointer, const char* caller) const;
  Address alloc_from(Allocator& allocator, Address context, std::uint64_t bytes, int flags, ChunkCause cause);
  Address realloc_aligned(const Owner& owner, Address pointer, std::uint64_t bytes, int flags);
  void check_size_early(Address context, std::uint64_t bytes, int flags) const;
  [[noreturn]] void fail(Address context, std::uint64_t bytes);

  // The redirect before an aligned chunk's payload, which asks for its sentinel alone.
  MemoryChecking::Chunk redirect_of(Address aligned) const;

  ProcessCore& core_;
  MemoryChecking checking_;
};

}  // namespace palloscope::core
