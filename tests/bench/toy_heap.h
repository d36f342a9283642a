// ToyHeap: a server's AllocSets without their bytes, so that traces of a hundred million events are made in seconds.
// It emits what PostgreSQL's allocator would: power-of-two chunks, freelists, blocks that double up to 8 MB, chunks too
// large for them in blocks of their own, keepers, contexts that are recycled with their keeper. What is freed by a
// reset or delete is not said chunk by chunk.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event_sink.h"

namespace palloscope::bench {

class ToyHeap {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  // What a later free needs to know.
  struct Chunk {
    std::uint64_t at = 0;
    std::uint32_t slot = kNone, block = kNone;
    std::uint32_t context = kNone;
    std::uint8_t size_class = 0;  // kExternal: in a block of its own
  };
  struct Sizes {
    std::uint64_t init_bytes, max_bytes;
    std::int32_t recycle_list;
  };
  static constexpr Sizes kDefault{8192, 8 << 20, 0}, kSmall{1024, 8192, 1};

  explicit ToyHeap(core::EventSink& sink) : sink_(&sink) {}

  std::uint32_t create(std::uint32_t parent, std::string_view name, Sizes sizes = kDefault);
  Chunk alloc(std::uint32_t context, std::uint64_t bytes);
  void free(const Chunk& chunk);
  void reset(std::uint32_t context);
  void destroy(std::uint32_t context);  // without children

  std::uint64_t events() const { return events_; }
  template <class E>
  void emit(const E& e) {
    ++events_;
    sink_->emit(core::EventBody{e});
  }

 private:
  static constexpr std::uint8_t kExternal = 255;
  static constexpr std::uint64_t kChunkLimit = 8192, kKeeperHeader = 240, kBlockHeader = 40, kChunkHeader = 8;

  struct Freed {
    std::uint64_t at;
    std::uint32_t slot, block;
  };
  struct Context {
    Sizes sizes = kDefault;
    std::uint64_t next_block_bytes = 0;
    std::uint32_t keeper = kNone;
    std::vector<std::uint32_t> blocks;  // head last; the keeper is the first
    std::array<std::vector<Freed>, 11> freelist;
  };
  struct Block {
    std::uint64_t at = 0, bytes = 0, free_at = 0, end = 0;
    std::vector<std::uint32_t> made;  // chunk slots
  };

  static std::uint32_t take(std::vector<std::uint32_t>& free, std::uint32_t& next);
  std::uint32_t malloc(std::uint64_t bytes);
  void release(std::uint32_t block);
  void add_block(std::uint32_t context, std::uint32_t block, core::BlockRole role, std::uint64_t header);
  std::uint32_t room_for(std::uint32_t context, std::uint64_t granted);
  Chunk alloc_external(std::uint32_t context, std::uint64_t bytes);
  void drop_chunks(Context& context);
  void release_others(Context& context);

  core::EventSink* sink_;
  std::uint64_t events_ = 0;
  std::vector<Context> contexts_;
  std::vector<Block> blocks_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> freed_;             // addresses by size
  std::array<std::vector<std::uint32_t>, 2> recycled_;                    // keepers
  std::vector<std::uint32_t> free_contexts_, free_blocks_, free_chunks_;  // slots, next one last
  std::uint32_t next_context_ = 0, next_block_ = 0, next_chunk_ = 0;
  std::uint64_t next_address_ = 0x555500000000;
};

}  // namespace palloscope::bench
