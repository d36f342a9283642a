// Random but valid calls on a simulated process: every kind of context its version has, every way to allocate, free,
// resize, reset, delete and reparent, with failing mallocs now and then. The same seed makes the same calls.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "core/mcxt/process.h"

namespace palloscope::test {

class RandomOperations {
 public:
  RandomOperations(core::Process& process, std::uint64_t seed);

  void operate();

 private:
  struct Context {
    core::Address at;
    core::ContextKind kind = core::ContextKind::AllocSet;
    std::size_t parent = 0;         // index
    std::uint64_t chunk_bytes = 0;  // Slab
    bool live = false;
  };
  struct Chunk {
    core::Address at;
    std::size_t context = 0;
    std::uint64_t bytes = 0;
  };

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  std::size_t some_context();  // index of a live one; 0 is TopMemoryContext
  std::uint64_t some_size();
  bool is_below(std::size_t context, std::size_t ancestor) const;

  void create();
  void alloc();
  void free_one();
  void resize_one();
  void write_into_one();
  void reset_or_delete();
  void rearrange();
  void plain_malloc();
  void forget_chunks(std::size_t context);
  void forget_below(std::size_t context);  // its descendants are gone

  core::Process& process_;
  std::mt19937_64 random_;
  std::vector<Context> contexts_;
  std::vector<Chunk> chunks_;
  std::vector<core::Address> plain_;
  std::uint32_t next_callback_ = 1;
};

}  // namespace palloscope::test
