// AllocSet: PostgreSQL's general purpose context (aset.c; spec 3). Blocks that double in size, chunks of power-of-two
// classes with a freelist each, large chunks in blocks of their own, deleted contexts kept for reuse.
#pragma once

#include <vector>

#include "core/allocators/allocator.h"

namespace palloscope::core {

// Freelist index of a request of at most 8192 bytes, and the payload of its class (spec 3.4).
int alloc_set_class(std::uint64_t bytes);
constexpr std::uint64_t alloc_set_class_bytes(int size_class) { return std::uint64_t{8} << size_class; }

// 0 or 1: the recycled-context list for these sizes; -1: none.
int alloc_set_recycle_list(const ContextParameters& parameters);
// allocChunkLimit of a new context (spec 3.3).
std::uint64_t alloc_set_chunk_limit(const AllocSetLayout& layout, std::uint64_t max_block_bytes);

class AllocSet final : public Allocator {
 public:
  explicit AllocSet(ProcessCore& core);

  Address create(Address parent, std::string_view name, const ContextParameters& parameters) override;
  Address alloc(Address context, std::uint64_t bytes, int flags, ChunkCause cause) override;
  void free(Address pointer, ChunkCause cause) override;
  Address realloc(Address pointer, std::uint64_t bytes, int flags) override;
  void reset(Address context) override;
  void check_before_delete(Address context) override;
  void delete_context(Address context) override;
  Address get_chunk_context(Address pointer) override;
  std::uint64_t get_chunk_space(Address pointer) override;
  bool is_empty(Address context) override;
  ContextCounters counters(Address context) override;
  std::string stats_text(Address context) override;
  void check(Address context) override;

 private:
  // What the header before a payload says.
  struct Header {
    Address chunk;  // where it starts
    bool external = false;
    Address context;          // not external, 16+: read through the block
    Address block;            // external only, and 16+
    int size_class = 0;       // not external
    std::uint64_t bytes = 0;  // usable payload
  };
  Header read_header(Address pointer);
  void write_header(Address context, Address block, Address chunk, int size_class);
  void write_external_header(Address context, Address chunk, std::uint64_t chunk_bytes);
  MemoryChecking::Chunk checked(Address chunk, std::uint64_t bytes) const {
    return {chunk, chunk + layout_.chunk_bytes, bytes, layout_.chunk_requested};
  }
  void look_at(const Header& header, MemoryChecking::Use use);

  Address create_recycled(Address parent, std::string_view name, const ContextParameters& parameters, int list);
  Address alloc_external(Address context, std::uint64_t bytes, int flags, ChunkCause cause);
  Address alloc_from_new_block(Address context, std::uint64_t bytes, int size_class, ChunkCause cause);
  Address take_tail(Address context, Address block, std::uint64_t bytes, int size_class, ChunkCause cause);
  void carve(Address context, Address block);
  void free_external(const Header& header, Address pointer, ChunkCause cause);
  Address realloc_external(const Header& header, Address pointer, std::uint64_t bytes);
  void check_external(const Header& header);

  Address keeper_of(Address context);
  Address freelist_at(Address context, int size_class) const {
    return context + layout_.freelist + 8 * static_cast<std::uint64_t>(size_class);
  }
  // The malloc'ed region of a block: the keeper's starts with the context.
  Address region_of(Address context, Address block) { return block == keeper_of(context) ? context : block; }
  std::vector<Address> blocks_of(Address context);
  void write_block_header(Address context, Address block, Address end);
  void empty_out(Address context, const std::vector<Address>& blocks);
  std::uint64_t block_bytes(Address block);
  std::uint64_t used_bytes(Address block) { return core_.load_pointer(block, layout_.block_freeptr) - block; }
  int load_list_index(Address context);
  Address recycle_list(int list) const;
  void free_recycled(int list);

  const AllocSetLayout& layout_;
  const ChunkHeaderLayout& packed_;
  int id_;
};

}  // namespace palloscope::core
