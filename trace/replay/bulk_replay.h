// BulkReplay: applies many events to a state, for seeking. When the heap is too large for the processor's caches, the
// hot events wait in a short queue while their chunks' records are fetched, so that the misses overlap.
#pragma once

#include <array>
#include <cstddef>

#include "trace/replay/fetch_chunks.h"
#include "trace/replay/reducer.h"

namespace palloscope::trace {

class BulkReplay {
 public:
  explicit BulkReplay(MemoryState& state, std::size_t large_table = kLargeChunkTable)
      : state_(&state), reducer_(state, none_), queues_(state.chunks().size() >= large_table) {}
  BulkReplay(const BulkReplay&) = delete;
  BulkReplay& operator=(const BulkReplay&) = delete;
  ~BulkReplay() { flush(); }

  template <class E>
  void operator()(const E& e) {
    flush();
    reducer_(e);
  }
  void operator()(const core::ChunkAllocated& e) {
    if (!queues_) return reducer_(e);
    fetch_chunk(*state_, e.chunk);
    push() = {e, core::ChunkFate::ToFreelist, false};
  }
  void operator()(const core::ChunkFreed& e) {
    if (!queues_) return reducer_(e);
    fetch_chunk(*state_, e.chunk);
    Waiting& waiting = push();
    waiting.allocated.chunk = e.chunk;
    waiting.allocated.cause = e.cause;
    waiting.fate = e.fate;
    waiting.is_free = true;
  }

  // Applies what still waits; the state lags behind until then.
  void flush() {
    while (first_ != last_) apply_first();
  }

 private:
  static constexpr std::size_t kWaiting = 16;

  struct Waiting {
    core::ChunkAllocated allocated;
    core::ChunkFate fate = core::ChunkFate::ToFreelist;
    bool is_free = false;
  };

  Waiting& push() {
    if (last_ - first_ == kWaiting) apply_first();
    return waiting_[last_++ % kWaiting];
  }
  void apply_first() {
    const Waiting& waiting = waiting_[first_++ % kWaiting];
    if (waiting.is_free) {
      reducer_(core::ChunkFreed{waiting.allocated.chunk, waiting.fate, waiting.allocated.cause});
    } else {
      reducer_(waiting.allocated);
    }
  }

  MemoryState* state_;
  NullJournal none_;
  Reducer<NullJournal> reducer_;
  bool queues_;
  std::array<Waiting, kWaiting> waiting_;
  std::size_t first_ = 0, last_ = 0;
};

}  // namespace palloscope::trace
