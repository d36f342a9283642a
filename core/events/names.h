// Names: gives slots to contexts, malloc'ed regions and chunks as an emitter makes and drops them, and finds them
// again by address. One hash look-up here saves one at every replay of the trace (notes: perf-anchors 5).
#pragma once

#include <unordered_map>
#include <vector>

#include "core/base/ids.h"
#include "core/events/address_index.h"

namespace palloscope::core {

class Names {
 public:
  ContextSlot add_context(Address at);
  BlockSlot add_block(Address at);
  // An address that is taken already goes over to the new chunk: in trampled memory that can happen.
  ChunkSlot add_chunk(Address at, BlockSlot block);
  // Bump answers a request of 0 bytes with the address of the next chunk (spec 6); the last chunk at an address owns
  // it.
  ChunkSlot add_chunk_that_may_share(Address at, BlockSlot block);

  // none if there is no such thing now
  ContextSlot context(Address at) const;
  BlockSlot block(Address at) const;
  ChunkSlot chunk(Address at) const;

  void drop_context(Address at);
  void drop_block(BlockSlot block);      // after drop_chunks_of
  void drop_chunks_of(BlockSlot block);  // in the order in which they were added
  // The region moved; so did its only chunk, if it has one.
  void move_block(BlockSlot block, Address to, Address chunk_to);

 private:
  struct Chunk {
    Address at;
    ChunkSlot slot;
  };
  struct Block {
    Address at;
    std::vector<Chunk> chunks;
  };
  std::unordered_map<Address, ContextSlot> contexts_;
  std::unordered_map<Address, BlockSlot> blocks_;
  AddressIndex<ChunkSlot> chunks_;
  std::vector<Block> block_table_;
  std::vector<ContextSlot> free_contexts_;
  std::vector<BlockSlot> free_blocks_;
  std::vector<ChunkSlot> free_chunks_;
  std::uint32_t next_context_ = 0;
  std::uint32_t next_chunk_ = 0;
};

}  // namespace palloscope::core
