// LocalBuffers: one backend's buffers for its temporary relations (localbuf.c, spec 10.9, in outline): descriptors,
// pins and block pointers in its private memory, a clock of its own, no WAL, no locks. Blocks get memory only when a
// page first needs one: 16 at a time, then twice as many each time.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/bufmgr/pool_core.h"

namespace palloscope::core {

class LocalBuffers {
 public:
  // InitLocalBuffers. Its BufferPoolCreated is for the maker to announce.
  LocalBuffers(PoolCore& core, PrivateMemory& memory, BackendSlot backend, PoolSlot slot, BufferSlot first);

  const BufferPool& pool() const { return pool_; }
  BufferSlot read_buffer(const PageTag& tag, bool for_new, bool looked_up);
  void pin_again(BufferSlot buffer);
  void unpin(BufferSlot buffer);
  void mark_dirty(BufferSlot buffer);
  void drop(const std::function<bool(const PageTag&)>& doomed);
  void flush(const std::function<bool(const PageTag&)>& wanted);
  std::uint32_t pins(BufferSlot buffer) const { return ref_count(pool_.id(buffer)); }

 private:
  BufferSlot look_up(const PageTag& tag);
  std::uint32_t take_victim();  // pinned
  void pin(std::uint32_t id, bool adjust_usage);
  void write_out(std::uint32_t id, WriteReason reason);
  void give_block(std::uint32_t id);
  void untag(std::uint32_t id, UntagReason reason);
  std::uint32_t ref_count(std::uint32_t id) const;
  void set_ref_count(std::uint32_t id, std::uint32_t count);

  PoolCore& core_;
  PrivateMemory& memory_;
  BackendSlot backend_;
  Address descriptors_, block_pointers_, ref_counts_;  // LocalBufferDescriptors, ...BlockPointers, LocalRefCount
  BufferPool pool_;
  std::unordered_map<PageTag, std::uint32_t, PageTagHash> table_;
  std::uint32_t next_free_ = 0;                     // nextFreeLocalBufId
  std::uint32_t next_in_block_ = 0, in_block_ = 0;  // of the newest piece of block memory
  std::uint32_t blocks_allocated_ = 0;              // total_bufs_allocated
  Address block_;
};

}  // namespace palloscope::core
