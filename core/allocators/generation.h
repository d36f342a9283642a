// Generation contexts (generation.c, spec 4): chunks in order, blocks freed as a whole once all their chunks are.
#pragma once

#include "core/allocators/allocator.h"

namespace palloscope::core {

class Generation final : public Allocator {
 public:
  explicit Generation(ProcessCore& core);

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
  Address keeper(Address context) const;
  Address region_of(Address context, Address block) const;
  Address block_of(Address pointer) const;
  std::uint64_t chunk_bytes_of(Address pointer) const;  // usable
  std::uint64_t room(Address block) const;
  bool block_is_empty(Address block) const;

  void init_block(Address context, Address block, std::uint64_t bytes);
  void mark_empty(Address block);   // counters and freeptr
  void empty_block(Address block);  // with what it holds wiped, in a checking build
  void write_chunk_header(Address context, Address block, Address chunk, std::uint64_t bytes, bool external);
  Address alloc_large(Address context, std::uint64_t bytes, int flags, ChunkCause cause);
  Address find_room(Address context, std::uint64_t required);
  Address add_block(Address context, std::uint64_t required);
  void block_became_empty(Address context, Address block);
  MemoryChecking::Chunk checked(Address pointer, std::uint64_t bytes) const {
    return {pointer - layout_.chunk_bytes, pointer, bytes, layout_.chunk_requested};
  }
  void look_at(Address context, const MemoryChecking::Chunk& chunk, MemoryChecking::Use use);
  std::vector<Address> empty_out(Address context);

  const GenerationLayout& layout_;
};

}  // namespace palloscope::core
