// BlocksAhead: reads consecutive blocks of a store, decoded ahead by threads of its own while the caller applies the
// ones before: applying is one sequence, decoding is not. Rather than wait, the caller decodes too. The one place of
// the engine's readers that has threads; with none (or where the system gives none) the caller decodes for itself. The
// store must not change meanwhile.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "trace/replay/event_store.h"
#include "trace/replay/event_tape.h"

namespace palloscope::trace {

class BlocksAhead {
 public:
  // What decoding ahead may use: on this machine, for applying by one thread.
  static unsigned useful_threads();
  // Events decoded so far ahead take some 20 bytes each: this many blocks at a time.
  static constexpr std::size_t kAhead = 8;

 private:
  struct Slot {
    enum { Empty, Decoding, Ready } state = Empty;
    EventTape tape;
    core::Status status = core::Done{};
  };

 public:
  // Tapes and decoders: megabytes, which whoever comes again keeps for the next time.
  class Room {
   public:
    Room() : slots_(kAhead) {}

   private:
    friend class BlocksAhead;
    std::vector<Slot> slots_;
    std::vector<std::unique_ptr<BlockEvents>> decoders_;  // one for each thread, the caller's first
  };

  // Blocks first..last of the store.
  BlocksAhead(const EventStore& store, std::size_t first, std::size_t last, unsigned threads = useful_threads(),
              Room* room = nullptr);
  BlocksAhead(const BlocksAhead&) = delete;
  BlocksAhead& operator=(const BlocksAhead&) = delete;
  ~BlocksAhead();

  // The next block's events, whole unless `status` is bad: then those before the damage. It lasts until the next call.
  struct Block {
    const EventTape* tape = nullptr;
    core::Status status = core::Done{};
  };
  Block next();
  bool done() const { return next_ > last_; }
  std::size_t next_block() const { return next_; }

 private:
  Slot& slot(std::size_t block) { return room_->slots_[block % kAhead]; }
  bool may_take() const { return untaken_ <= last_ && untaken_ < given_ + kAhead; }
  // Decodes the first block that nobody decodes yet; the lock is held before and after.
  void take_one(std::unique_lock<std::mutex>& lock, BlockEvents& decoder);
  void decode(std::size_t block, BlockEvents& decoder);
  void work(BlockEvents& decoder);

  const EventStore* store_;
  std::size_t next_, last_;
  Room own_room_;
  Room* room_;
  std::mutex mutex_;  // guards what follows, and the slots' states
  std::condition_variable changed_;
  std::size_t untaken_;  // the first block that nobody decodes yet
  std::size_t given_;    // the block that the caller reads: its slot is not free, later ones' are
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace palloscope::trace
