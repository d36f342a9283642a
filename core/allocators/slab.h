// Slab contexts (slab.c, spec 5): chunks of one size, blocks of one size. 15 keeps blocks in one list per number of
// free chunks; 16 and newer in three lists and a cache of empty blocks.
#pragma once

#include "core/allocators/allocator.h"

namespace palloscope::core {

class Slab final : public Allocator {
 public:
  explicit Slab(ProcessCore& core);

  // parameters: min_context_bytes is the chunk size, init_block_bytes the block size
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

  // The numbers of a context, read from its bytes.
  struct Shape {
    std::uint64_t chunk_bytes = 0, full_chunk_bytes = 0, block_bytes = 0, chunks_per_block = 0;
  };

 private:
  Shape shape(Address context) const;

  Address list_head(Address context, std::uint64_t list) const;
  Address empty_blocks(Address context) const { return context + layout_.empty_blocks; }
  std::uint64_t list_count(const Shape& shape) const;
  std::uint64_t header_bytes(const Shape& shape) const;                        // of the malloc'ed context
  std::uint64_t list_index(Address context, std::uint64_t free_chunks) const;  // 16+
  std::uint64_t next_list(Address context) const;                              // 16+
  Address node(Address block) const { return block + layout_.node_prev.offset; }
  Address block_at(Address node) const { return node - layout_.node_prev.offset; }
  Address block_of(Address pointer) const;

  Address add_block(Address context, const Shape& shape, std::uint64_t list);
  void move_block(Address context, Address block, std::uint64_t list);
  void remove_block(Address context, Address block, const Shape& shape);
  Address take_chunk(Address context, Address block, const Shape& shape, std::uint64_t bytes, ChunkCause cause);
  Address alloc_by_free_count(Address context, std::uint64_t bytes, ChunkCause cause);  // 15
  Address alloc_by_lists(Address context, std::uint64_t bytes, ChunkCause cause);       // 16+
  void push_free(Address context, Address block, const Shape& shape, Address pointer, ChunkCause cause);
  void free_by_free_count(Address context, Address block, Address pointer, ChunkCause cause);
  void free_by_lists(Address context, Address block, Address pointer, ChunkCause cause);
  MemoryChecking::Chunk checked(Address pointer, const Shape& shape) const {
    return {pointer - layout_.chunk_bytes, pointer, shape.full_chunk_bytes - layout_.chunk_bytes,
            layout_.chunk_requested};
  }
  std::vector<Address> empty_out(Address context, const Shape& shape);

  const SlabLayout& layout_;
};

}  // namespace palloscope::core
