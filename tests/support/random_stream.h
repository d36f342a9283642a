// Random but valid events: a toy process that creates contexts of every kind, allocates, frees, reallocs, resets,
// deletes, with slots given by core::Names as the real emitters give them. Not PostgreSQL's exact rules (the core's
// Process knows those), but every kind of event, in orders that a correct process can produce.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "core/events/event.h"
#include "core/events/names.h"

namespace palloscope::test {

struct RandomStreamOptions {
  std::size_t live_chunks = 2000;  // about so many chunks live at a time
  std::size_t contexts = 40;       // at most
  bool dump_events = true;         // snapshots and reported counters among them
  double texts = 0.05;             // share of operations that are source lines, narration, errors, output
  double resets = 0.01;            // share of operations that reset or delete a context
};

class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed, RandomStreamOptions options = {});
  ~RandomStream();

  core::EventBody next();

 private:
  struct Chunk {
    core::ChunkSlot slot;
    core::Address at;
    std::uint64_t granted;
    std::uint8_t size_class;
    std::uint32_t block;  // index into blocks_
  };
  struct Block {
    core::BlockSlot slot;
    core::Address at, free_at, end;
    core::BlockRole role;
    std::uint64_t bytes;
    std::uint32_t chunks = 0, live = 0;
    std::vector<Chunk> free;  // Slab
  };
  struct Context;

  void operate();
  void emit(core::EventBody event) { queue_.push_back(std::move(event)); }
  std::uint64_t roll(std::uint64_t below);
  bool chance(double probability);
  std::uint64_t random_size();
  std::string random_words();

  core::Address take_memory(std::uint64_t bytes);
  core::BlockSlot malloc_region(core::Address at, std::uint64_t bytes);
  void free_region(core::BlockSlot slot, core::Address at, std::uint64_t bytes);

  void create_context();
  void delete_context(std::size_t index);
  void reset_context(std::size_t index);
  void release_blocks(Context& context, bool with_keeper);
  void run_callbacks(Context& context);
  std::uint32_t add_block(Context& context, std::uint64_t bytes, core::BlockRole role, core::BlockPosition position);
  void allocate(std::size_t index, std::uint64_t bytes, core::ChunkCause cause);
  bool allocate_from_tail(std::size_t index, std::uint64_t bytes, std::uint64_t granted, std::uint8_t size_class,
                          core::ChunkCause cause);
  void carve(Context& context);
  void free_chunk(std::size_t context, std::size_t live_index, core::ChunkCause cause);
  void resize_chunk(std::size_t context, std::size_t live_index);
  void report_block(const Context& context);
  void say_something();

  RandomStreamOptions options_;
  std::mt19937_64 random_;
  core::Names names_;
  std::deque<core::EventBody> queue_;
  std::vector<std::unique_ptr<Context>> contexts_;
  struct Recycled {
    core::BlockSlot region;
    core::Address at;
    std::uint64_t bytes;
  };
  std::vector<Recycled> recycled_[2];
  struct Plain {
    core::BlockSlot slot;
    core::Address at;
    std::uint64_t bytes;
  };
  std::vector<Plain> plain_;  // malloc'ed, in no context
  std::uint64_t next_address_ = 0x555500000000;
  std::vector<std::pair<std::uint64_t, core::Address>> freed_memory_;  // bytes, where: used again
  std::size_t live_ = 0;
  std::uint32_t next_callback_ = 1;
};

std::vector<core::EventBody> random_events(std::uint64_t seed, std::size_t count, RandomStreamOptions options = {});

}  // namespace palloscope::test
