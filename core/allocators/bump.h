// Bump contexts (bump.c, spec 6; PostgreSQL 17 and newer): chunks that cannot be freed one by one and have no headers,
// but in a checking build, where the errors for who tries come from.
#pragma once

#include "core/allocators/allocator.h"

namespace palloscope::core {

class Bump final : public Allocator {
 public:
  explicit Bump(ProcessCore& core);

  Address create(Address parent, std::string_view name, const ContextParameters& parameters) override;
  Address alloc(Address context, std::uint64_t bytes, int flags, ChunkCause cause) override;
  void free(Address pointer, ChunkCause cause) override;
  Address realloc(Address pointer, std::uint64_t bytes, int flags) override;
  void reset(Address context) override;
  void delete_context(Address context) override;
  Address get_chunk_context(Address pointer) override;
  std::uint64_t get_chunk_space(Address pointer) override;
  bool is_empty(Address context) override;
  ContextCounters counters(Address context) override;
  std::string stats_text(Address context) override;
  void check(Address context) override;

 private:
  Address keeper(Address context) const { return context + layout_.context_bytes; }
  Address region_of(Address context, Address block) const;
  std::uint64_t room(Address block) const;

  void init_block(Address context, Address block, std::uint64_t bytes);
  Address alloc_large(Address context, std::uint64_t bytes, int flags, ChunkCause cause);
  Address add_block(Address context, std::uint64_t required);
  // The header, in a checking build, and the event; `chunk` is where the header is, or would be.
  Address finish_chunk(Address context, Address block, Address chunk, std::uint64_t requested_bytes,
                       std::uint64_t chunk_bytes, ChunkOrigin origin, ChunkCause cause);
  std::vector<Address> empty_out(Address context);
  void free_blocks(const std::vector<Address>& blocks);

  const BumpLayout& layout_;
};

}  // namespace palloscope::core
