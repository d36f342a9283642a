// The two that write pages in the background (spec 10.7): the background writer's rounds ahead of the clock hand, and
// the checkpoint's list of what was dirty when it began.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bufmgr/pool_core.h"

namespace palloscope::core {

// SyncOneBuffer: what it found and did.
struct SyncResult {
  bool written = false, reusable = false;
};
SyncResult sync_one_buffer(PoolCore& core, BufferSlot buffer, bool skip_recently_used, WriteReason reason);

class BackgroundWriter {
 public:
  explicit BackgroundWriter(PoolCore& core) : core_(core) {}
  bool round();  // BgBufferSync; true: nothing is going on, it may hibernate

 private:
  PoolCore& core_;
  // What it remembers from one round to the next (static variables of BgBufferSync).
  bool remembers_ = false;
  std::uint32_t last_hand_ = 0, last_passes_ = 0;      // prev_strategy_buf_id, prev_strategy_passes
  std::uint32_t next_to_clean_ = 0, next_passes_ = 0;  // its own position
  float smoothed_alloc_ = 0, smoothed_density_ = 10;   // allocations a round; buffers looked at for each
};

class Checkpoint {
 public:
  explicit Checkpoint(PoolCore& core) : core_(core) {}
  std::uint32_t begin(CheckpointFlags flags);  // marks, announces, sorts; how many
  bool write(std::uint32_t buffers);           // so many of the list; false: the list is done, it has ended
  bool in_progress() const { return running_; }

 private:
  // CkptSortItem, and a tablespace's share of the sorted list.
  struct Item {
    std::uint32_t tablespace, relation;
    std::int32_t fork;
    std::uint32_t block;
    BufferSlot buffer;
  };
  struct Tablespace {
    std::uint32_t next = 0, end = 0;  // places in the list
    double progress = 0, slice = 0;   // so far; of each buffer: smaller the more buffers it has
  };
  void make_heap();
  void sift_down(std::size_t at);

  PoolCore& core_;
  bool running_ = false;
  std::vector<Item> items_;
  std::vector<Tablespace> heap_;  // the one least far on top
  std::uint32_t written_ = 0, skipped_ = 0;
};

}  // namespace palloscope::core
