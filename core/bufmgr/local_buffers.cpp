#include "core/bufmgr/local_buffers.h"

#include <algorithm>
#include <bit>

namespace palloscope::core {
namespace {

using namespace buffer_bits;

constexpr std::uint32_t kFirstBlocks = 16;
constexpr std::uint32_t kIoAlign = 4096;

}  // namespace

LocalBuffers::LocalBuffers(PoolCore& core, PrivateMemory& memory, BackendSlot backend, PoolSlot slot, BufferSlot first)
    : core_(core),
      memory_(memory),
      backend_(backend),
      descriptors_(memory.calloc(backend, core.settings.temp_buffers * core.profile.descriptor.struct_bytes)),
      block_pointers_(memory.calloc(backend, core.settings.temp_buffers * std::uint64_t{8})),
      ref_counts_(memory.calloc(backend, core.settings.temp_buffers * std::uint64_t{4})),
      pool_(core.space, core.profile, slot, first, core.settings.temp_buffers, descriptors_,
            core.profile.descriptor.struct_bytes) {
  pool_.write_descriptors(false);
}

BufferSlot LocalBuffers::read_buffer(const PageTag& tag, bool for_new, bool looked_up) {
  ++pool_.tallies.requests;
  core_.emit(PageRequested{pool_.slot(), tag, {}, for_new});
  if (looked_up) {
    if (BufferSlot found = look_up(tag)) {
      pin(pool_.id(found), true);
      return found;
    }
  }
  const std::uint32_t id = take_victim();
  table_[tag] = id;
  pool_.set_tag(id, tag);
  // The pin's own count stays in the word where the version keeps it there.
  pool_.set_word(id, refcount_of(pool_.word(id)) | kTagValid | kUsageOne);
  core_.emit(BufferTagged{pool_.buffer(id), tag, pool_.word(id)});
  pool_.set_word(id, pool_.word(id) | kValid);
  core_.emit(BufferFlagged{pool_.buffer(id), pool_.word(id)});
  return pool_.buffer(id);
}

BufferSlot LocalBuffers::look_up(const PageTag& tag) {
  const std::uint32_t hash = core_.hash_of(tag);
  auto found = table_.find(tag);
  const BufferSlot buffer = found == table_.end() ? BufferSlot{} : pool_.buffer(found->second);
  if (buffer) ++pool_.tallies.hits;
  core_.emit(PageLookedUp{hash, hash & (std::bit_ceil(pool_.buffers()) - 1), 0, buffer});
  return buffer;
}

std::uint32_t LocalBuffers::take_victim() {
  for (std::uint32_t tries = pool_.buffers();;) {
    const std::uint32_t id = next_free_;
    next_free_ = next_free_ + 1 >= pool_.buffers() ? 0 : next_free_ + 1;
    ClockVerdict verdict = ClockVerdict::Taken;
    if (ref_count(id) != 0) {
      verdict = ClockVerdict::Pinned;
    } else if (usage_of(pool_.word(id)) != 0) {
      verdict = ClockVerdict::Spared;
      pool_.set_word(id, pool_.word(id) - kUsageOne);
    }
    ++pool_.tallies.ticks;
    core_.emit(ClockTicked{pool_.buffer(id), verdict, pool_.word(id), next_free_, 0});
    if (verdict == ClockVerdict::Spared) {
      tries = pool_.buffers();
    } else if (verdict == ClockVerdict::Pinned) {
      if (--tries == 0) throw Ereport{"53000", "no empty local buffer available", "", {}};
    } else {
      pin(id, false);
      if ((pool_.word(id) & kDirty) != 0) write_out(id, WriteReason::Victim);
      give_block(id);
      if ((pool_.word(id) & kTagValid) != 0) {
        untag(id, UntagReason::Evicted);
      }
      return id;
    }
  }
}

void LocalBuffers::pin(std::uint32_t id, bool adjust_usage) {
  if (ref_count(id) == 0) {
    std::uint32_t word = pool_.word(id) + (core_.profile.rules.local_pins_in_word ? 1 : 0);
    if (adjust_usage && usage_of(word) < kMaxUsage) word += kUsageOne;
    pool_.set_word(id, word);
  }
  set_ref_count(id, ref_count(id) + 1);
  core_.pins(backend_).remember(pool_.buffer(id));
  core_.emit(BufferPinned{pool_.buffer(id), backend_, pool_.word(id)});
}

void LocalBuffers::pin_again(BufferSlot buffer) { pin(pool_.id(buffer), false); }

void LocalBuffers::unpin(BufferSlot buffer) {
  const std::uint32_t id = pool_.id(buffer);
  core_.backends.count_work(core_.pins(backend_).forget(buffer));
  set_ref_count(id, ref_count(id) - 1);
  if (ref_count(id) == 0 && core_.profile.rules.local_pins_in_word) pool_.set_word(id, pool_.word(id) - 1);
  core_.emit(BufferUnpinned{buffer, backend_, pool_.word(id)});
}

void LocalBuffers::mark_dirty(BufferSlot buffer) {
  const std::uint32_t id = pool_.id(buffer);
  pool_.set_word(id, pool_.word(id) | kDirty);
  core_.emit(BufferDirtied{buffer, pool_.word(id), 0});
}

void LocalBuffers::write_out(std::uint32_t id, WriteReason reason) {
  pool_.set_word(id, pool_.word(id) & ~kDirty);
  ++pool_.tallies.writes;
  core_.emit(BufferWritten{pool_.buffer(id), reason, pool_.word(id)});
}

// GetLocalBufferStorage
void LocalBuffers::give_block(std::uint32_t id) {
  const Address pointer = block_pointers_ + 8 * std::uint64_t{id};
  auto held = core_.space.load(pointer, 8);
  if (!held) shared_memory_fault(pointer);
  if (*held != 0) return;
  if (next_in_block_ >= in_block_) {
    const std::uint32_t more = std::min({std::max(2 * in_block_, kFirstBlocks), pool_.buffers() - blocks_allocated_,
                                         static_cast<std::uint32_t>(kMaxAllocSize / kBlockBytes)});
    const std::uint64_t bytes = more * kBlockBytes;
    if (core_.profile.rules.blocks_aligned) {
      block_ = memory_.local_blocks(backend_, bytes + kIoAlign);
      block_ = Address{(block_.value + kIoAlign - 1) / kIoAlign * kIoAlign};
    } else {
      block_ = memory_.local_blocks(backend_, bytes);
    }
    // Only now: there may have been no memory.
    next_in_block_ = 0;
    in_block_ = more;
    blocks_allocated_ += more;
  }
  const Address block = block_ + kBlockBytes * next_in_block_++;
  if (!core_.space.store(pointer, 8, block.value)) shared_memory_fault(pointer);
}

void LocalBuffers::untag(std::uint32_t id, UntagReason reason) {
  table_.erase(pool_.tag(id));
  pool_.clear_tag(id);
  pool_.set_word(id, refcount_of(pool_.word(id)));
  if (reason == UntagReason::Evicted) ++pool_.tallies.evictions;
  core_.emit(BufferUntagged{pool_.buffer(id), reason, pool_.word(id)});
}

void LocalBuffers::drop(const std::function<bool(const PageTag&)>& doomed) {
  core_.backends.count_work(pool_.buffers());
  for (std::uint32_t id = 0; id < pool_.buffers(); ++id) {
    if ((pool_.word(id) & kTagValid) == 0) continue;
    const PageTag tag = pool_.tag(id);
    if (!doomed(tag)) continue;
    if (ref_count(id) != 0) {
      const Relation* relation = core_.find_relation(tag);
      throw Ereport{"XX000",
                    "block " + std::to_string(tag.block) + " of " +
                        (relation ? relation->name : std::to_string(tag.relation)) + " is still referenced (local " +
                        std::to_string(ref_count(id)) + ")",
                    "",
                    {}};
    }
    untag(id, UntagReason::Dropped);
  }
}

void LocalBuffers::flush(const std::function<bool(const PageTag&)>& wanted) {
  core_.backends.count_work(pool_.buffers());
  for (std::uint32_t id = 0; id < pool_.buffers(); ++id) {
    constexpr std::uint32_t both = kValid | kDirty;
    if ((pool_.word(id) & both) == both && wanted(pool_.tag(id))) write_out(id, WriteReason::Flush);
  }
}

std::uint32_t LocalBuffers::ref_count(std::uint32_t id) const {
  auto count = core_.space.load(ref_counts_ + 4 * std::uint64_t{id}, 4);
  if (!count) shared_memory_fault(ref_counts_);
  return static_cast<std::uint32_t>(*count);
}

void LocalBuffers::set_ref_count(std::uint32_t id, std::uint32_t count) {
  if (!core_.space.store(ref_counts_ + 4 * std::uint64_t{id}, 4, count)) shared_memory_fault(ref_counts_);
}

}  // namespace palloscope::core
